"""Stacked digits: one picture in each channel, a class for each combination."""

import numpy as np
import pytest

import kgen
from kgen.errors import MetricError
from kgen.metrics import evaluate
from kgen.metrics.features import find, stacked


class Levels:
    """Ten classes by an image's level: a probability of .91 for its own, .01 for each other."""

    name, checksum, resize, notes, dim, classes = "levels", "0123", "not resized", (), 2, 10

    def __call__(self, images):
        assert images.shape[1:] == (8, 8, 1)
        level = images.mean(axis=(1, 2, 3))
        return np.stack([level, level**2], axis=1).astype("float32")

    features = __call__

    def probabilities(self, images):
        digits = np.round((images[:, 0, 0, 0] + 1) * 4.5).astype(int)
        return (0.9 * np.eye(10)[digits] + 0.01).astype("float32")


def pictures(digits):
    """Images (n, 8, 8, c) whose channels show the digits (n, c)."""
    levels = np.asarray(digits, "float32") / 4.5 - 1
    return np.broadcast_to(levels[:, None, None, :], (len(levels), 8, 8, levels.shape[1])).copy()


@pytest.fixture
def network():
    return stacked.Stacked((8, 8, 3), of=Levels())


def test_the_class_is_the_number_that_the_digits_spell(network):
    table = network.probabilities(pictures([[1, 2, 3], [0, 0, 7], [9, 9, 9]]))
    assert table.shape == (3, 1000) and network.classes == 1000
    assert table.argmax(axis=1).tolist() == [123, 7, 999]
    np.testing.assert_allclose(table.sum(axis=1), 1, rtol=1e-5)
    expected = [0.91**3, 0.91**2 * 0.01, 0.01**3]
    np.testing.assert_allclose(table[0, [123, 223, 999]], expected, rtol=1e-6)


def test_features_are_those_of_the_channels(network):
    found = network(pictures([[0, 9, 9], [9, 9, 0]]))
    np.testing.assert_allclose(found, [[-1, 1, 1, 1, 1, 1], [1, 1, 1, 1, -1, 1]], atol=1e-6)
    assert (network.name, network.checksum, network.dim) == ("stacked levels", "0123", 6)


def test_modes_of_the_evaluator_are_counted_in_it():
    """4 of 1,000 classes in equal shares: KL to uniform is log(1000 / 4)."""
    images = pictures(np.random.default_rng(0).integers(10, size=(40, 3)))
    data = kgen.datasets.from_arrays(images, batch_size=4, test=0.5)
    samples = pictures([[1, 2, 3], [3, 2, 1], [0, 0, 0], [9, 8, 7]] * 5)
    features = stacked.Stacked((8, 8, 3), of=Levels())
    (modes,) = evaluate(samples, data, "modes", n=20, features=features)
    assert (modes.value, modes.details["of"]) == (4, 1000)
    assert modes.details["kl_to_uniform"] == pytest.approx(np.log(250))
    assert modes.features == "stacked levels"


def test_by_name_it_is_of_a_classifier_of_grey_images(monkeypatch):
    asked = []
    real = stacked.Stacked

    def inner(spec, shape, **options):
        asked.append((spec, shape, options))
        return Levels()

    monkeypatch.setattr("kgen.metrics.features.finding.find", inner)
    network = find("stacked:classifier:mnist", (8, 8, 3), data_dir="there")
    assert isinstance(network, real)
    assert asked == [("classifier:mnist", (8, 8, 1), {"data_dir": "there"})]


@pytest.mark.parametrize(
    ("shape", "classes", "says"),
    [
        ((8, 8, 1), 10, "several channels"),
        ((8, 8, 3), None, "needs a classifier, and levels is none"),
        ((8, 8, 3), 62, "levels has 62 classes, stacked 238,328"),
    ],
)
def test_what_cannot_be_stacked_is_refused(shape, classes, says):
    one = Levels()
    one.classes = classes
    with pytest.raises(MetricError, match=says) as error:
        stacked.Stacked(shape, of=one)
    assert "\n" not in str(error.value)
