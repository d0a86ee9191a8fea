"""`nll`: nats, bits per dimension, and what they are of."""

import numpy as np
import pytest

import kgen
from kgen.errors import MetricError
from kgen.metrics import evaluate
from kgen.metrics.likelihood import negative_log_likelihood


class Known:
    """Log-probabilities that are the images' means, and what it was called with."""

    capabilities = {"log_prob": ("images", "samples", "seed")}

    def __init__(self):
        self.calls = []

    def log_prob(self, images, samples, seed):
        self.calls.append((samples, seed))
        return images.mean(axis=(1, 2, 3)) - 10


def images(values, side=4):
    return np.ones((len(values), side, side, 1)) * np.reshape(values, (-1, 1, 1, 1))


def test_mean_error_and_bits():
    batches = [(images([0.0, 0.5]), None), (images([-0.5]), None)]
    model = Known()
    value, error, details, notes = negative_log_likelihood(model, batches, samples=7, seed=3)
    assert value == pytest.approx(10)
    assert error == pytest.approx(0.5 / np.sqrt(3))  # deviation of -.5, 0, .5 over root n
    assert details["bits_per_dim"] == pytest.approx(10 / (16 * np.log(2)))
    assert (details["images"], details["importance_samples"]) == (3, 7)
    assert notes[1] == "upper bound by 7 importance samples"
    assert [samples for samples, _ in model.calls] == [7, 7]
    assert len({seed for _, seed in model.calls}) == 2  # draws of their own for each batch


def test_labels_are_passed_on_where_the_likelihood_takes_them():
    class Labelled:
        capabilities = {"log_prob": ("images", "labels")}

        def log_prob(self, images, labels):
            return -np.asarray(labels, float)

    batches = [(images([0.0, 0.0]), np.array([1, 3]))]
    value, _, details, notes = negative_log_likelihood(Labelled(), batches)
    assert value == 2
    assert "importance_samples" not in details
    assert notes == ("of what the model observes",)
    with pytest.raises(MetricError, match="needs labels"):
        negative_log_likelihood(Labelled(), [(images([0.0, 0.0]), None)])


def test_no_batch_size_of_the_data_is_in_a_value():
    """The draws are seeded by chunks of 500 images, however the data are batched."""

    class Drawn:
        capabilities = {"log_prob": ("images", "labels", "seed")}

        def log_prob(self, images, labels, seed):
            return -np.random.default_rng(seed).uniform(size=len(images)) - labels

    values = set()
    for batch_size in (20, 100, 600):
        rng = np.random.default_rng(0)
        data = kgen.datasets.from_arrays(
            rng.integers(0, 256, (1400, 8, 8, 1)).astype("uint8"), np.arange(1400) % 3,
            batch_size=batch_size, test=0.5,
        )  # fmt: skip
        (score,) = evaluate(Drawn(), data, "nll")
        values.add(score.value)
    assert len(values) == 1
    assert 1.4 < values.pop() < 1.6


@pytest.mark.parametrize("bad", [np.nan, -np.inf])
def test_an_impossible_image_is_no_score(bad):
    class Broken:
        capabilities = {"log_prob": ("images",)}

        def log_prob(self, images):
            return np.array([-1.0, bad])

    with pytest.raises(MetricError, match="1 of 2 images"):
        negative_log_likelihood(Broken(), [(images([0.0, 0.0]), None)])


@pytest.mark.parametrize(
    ("options", "of"),
    [
        ({"binarization": "dynamic"}, "pixels binarised at random"),
        ({"binarization": "threshold"}, "pixels binarised at the middle"),
        ({"likelihood": "gaussian"}, "8-bit levels, dequantised"),
    ],
)
def test_of_a_vae_says_what_it_is_of(options, of):
    rng = np.random.default_rng(0)
    data = kgen.datasets.from_arrays(
        rng.uniform(-1, 1, (40, 8, 8, 1)).astype("float32"), test=0.5, batch_size=8
    )
    model = kgen.models.VAE.build_default((8, 8, 1), latent_dim=2, **options)
    (score,) = evaluate(model, data, "nll", log_prob_samples=5)
    n = data.sizes["test"]
    assert (score.n_real, score.n_fake, score.split, score.better) == (n, None, "test", "lower")
    assert score.details["importance_samples"] == 5
    assert score.details["bits_per_dim"] == pytest.approx(score.value / (64 * np.log(2)))
    assert score.method == f"of {of}, upper bound by 5 importance samples"
    # The model's own bound on all images at once differs only by its draws.
    everything = np.concatenate(list(data.test.as_numpy_iterator()))
    own = -model.log_prob(everything, samples=5, seed=1).mean()
    assert score.value == pytest.approx(own, rel=0.02)


@pytest.mark.core
def test_more_importance_samples_tighten_the_bound():
    rng = np.random.default_rng(0)
    data = kgen.datasets.from_arrays(
        rng.uniform(-1, 1, (60, 8, 8, 1)).astype("float32"), test=0.5, batch_size=10
    )
    model = kgen.models.VAE.build_default((8, 8, 1), latent_dim=8)
    loose, tight = (evaluate(model, data, "nll", log_prob_samples=k)[0].value for k in (1, 200))
    assert tight < loose
