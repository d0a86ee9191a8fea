import types

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from kgen.datasets import from_arrays
from kgen.errors import MetricError
from kgen.metrics import linear_probe

N = 400


def splits(images, labels, **kwargs):
    return from_arrays(
        images, labels, **{"validation": 0.25, "test": 0.25, "batch_size": 1, **kwargs}
    )


@pytest.fixture(scope="module")
def data():
    """Noise whose first pixel tells two classes apart, and whose labels are even."""
    rng = np.random.default_rng(0)
    images = rng.uniform(-1, 1, (N, 8, 8, 1)).astype("float32")
    return splits(images, (images[:, 0, 0, 0] > 0).astype(int))


def first_pixel(images):
    return images[:, 0, 0, :1]


def test_what_is_linear_is_read(data):
    score = linear_probe(first_pixel, data, strengths=[10.0])
    assert score.value > 0.97
    assert (score.metric, score.better, score.split) == ("linear_probe", "higher", "test")
    assert score.features == "first_pixel"
    assert (score.n_real, score.details["dim"]) == (data.sizes["train"], 1)
    assert score.details["n_test"] == data.sizes["test"]


def test_what_is_not_there_is_not_read(data):
    score = linear_probe(lambda images: images[:, 1, 1], data, strengths=[1.0])
    assert score.value == pytest.approx(0.5, abs=0.15)  # 3 deviations of 100 coins


def test_a_scale_does_not_matter_but_for_rounding(data):
    plain, scaled = (
        linear_probe(lambda images, k=k: k * images + k, data, strengths=[0.01]) for k in (1, 1000)
    )
    assert plain.details["train_accuracy"] == scaled.details["train_accuracy"]
    assert 0.6 < plain.value < 1.0


def test_validation_chooses_the_strength_and_test_is_left_alone(data):
    """64 pixels and few images: the accuracies by scikit-learn itself, on the same rows."""
    strengths = [1e-5, 1e-2, 1e3]
    score = linear_probe(lambda images: images.reshape(len(images), -1), data, strengths=strengths)
    rows = {}
    for split in ("train", "validation", "test"):
        batches = list(getattr(data, split).as_numpy_iterator())
        x = np.concatenate([b[0] for b in batches]).reshape(-1, 64).astype("float64")
        rows[split] = x, np.concatenate([b[1] for b in batches])
    x, _ = rows["train"]
    scale = {split: ((z - x.mean(axis=0)) / x.std(axis=0), t) for split, (z, t) in rows.items()}
    fits = [LogisticRegression(C=c, max_iter=1000).fit(*scale["train"]) for c in strengths]
    validation = [fit.score(*scale["validation"]) for fit in fits]
    best = int(np.argmax(validation))
    assert score.details["C"] == strengths[best]
    assert score.details["validation_accuracy"] == pytest.approx(validation[best], abs=0.011)
    assert score.value == pytest.approx(fits[best].score(*scale["test"]), abs=0.011)
    assert len(set(validation)) > 1


def test_a_model_and_a_feature_network_are_named(data):
    class Network:
        capabilities = {"features": ("images",)}

        def features(self, images):
            return images.reshape(len(images), -1)

    assert linear_probe(Network(), data, n=50, strengths=[0.1]).features == "Network.features"
    network = types.SimpleNamespace(name="pixels", checksum="0123", features=first_pixel)
    score = linear_probe(network, data, n=50, strengths=[0.1])
    assert (score.features, score.checksum, score.n_real) == ("pixels", "0123", 50)


def test_functions_of_one_name_have_checksums_of_their_own(data):
    first, other = (
        linear_probe(function, data, n=50, strengths=[0.1])
        for function in (lambda images: images[:, 0], lambda images: images[:, 1])
    )
    assert first.features == other.features == "<lambda>"
    assert first.checksum != other.checksum and len(first.checksum) == 12


def test_a_dead_feature_is_no_trouble(data):
    def features(images):
        return np.concatenate([first_pixel(images), np.ones((len(images), 1))], axis=1)

    assert linear_probe(features, data, strengths=[10.0]).value > 0.97


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (types.SimpleNamespace(capabilities={"sample": ()}, features=None), "gives no features"),
        (lambda images: images[:1], "1 images gave|images gave 1 rows"),
        (lambda images: images * np.nan, "NaN or infinite"),
    ],
)
def test_a_source_without_features_is_refused(source, message):
    rng = np.random.default_rng(0)
    labelled = splits(rng.uniform(-1, 1, (40, 8, 8, 1)), np.arange(40) % 2, batch_size=2)
    with pytest.raises(MetricError, match=message):
        linear_probe(source, labelled)


def test_data_without_labels_or_a_split_are_refused():
    images = np.random.default_rng(0).uniform(-1, 1, (40, 8, 8, 1))
    labels = np.arange(40) % 2
    with pytest.raises(MetricError, match="loaded as 'images'"):
        linear_probe(first_pixel, splits(images, None))
    with pytest.raises(MetricError, match="no test split"):
        linear_probe(first_pixel, splits(images, labels, test=0.0))
    with pytest.raises(MetricError, match="all of one class"):
        linear_probe(first_pixel, splits(images, 0 * labels))
