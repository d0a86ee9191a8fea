"""The Parzen window against its definition, in the literature's scale of [0, 1]."""

import numpy as np
import pytest
from scipy.stats import norm

from kgen.errors import MetricError
from kgen.metrics.parzen import SIGMAS, choose_sigma, parzen_log_likelihood


def test_is_a_mean_of_gaussian_densities():
    rng = np.random.default_rng(0)
    samples, images = rng.uniform(-1, 1, (5, 2, 3, 1)), rng.uniform(-1, 1, (4, 2, 3, 1))
    by_hand = [
        np.log(np.mean([norm.pdf((x - s).ravel() / 2, scale=0.3).prod() for s in samples]))
        for x in images
    ]
    ours = parzen_log_likelihood(samples, images, 0.3)
    np.testing.assert_allclose(ours, by_hand, rtol=1e-10)
    # Pixels in [-1, 1] would give another value: the scale is part of the estimate.
    wrong = [
        np.log(np.mean([norm.pdf((x - s).ravel(), scale=0.3).prod() for s in samples]))
        for x in images
    ]
    assert np.abs(ours - wrong).min() > 0.1


def test_one_pixel_by_hand():
    """x - s = 2 in [-1, 1] is 1 in [0, 1]: log N(1; 0, 0.5^2) = -2 - log(0.5 sqrt(2 pi))."""
    value = parzen_log_likelihood(np.full((1, 1, 1, 1), -1.0), np.ones((1, 1, 1, 1)), 0.5)
    assert value[0] == pytest.approx(-2 + np.log(2) - 0.5 * np.log(2 * np.pi), rel=1e-12)


def test_blocks_do_not_change_a_value():
    rng = np.random.default_rng(1)
    samples, images = rng.uniform(-1, 1, (20, 4, 4, 1)), rng.uniform(-1, 1, (9, 4, 4, 1))
    np.testing.assert_allclose(
        parzen_log_likelihood(samples, images, 0.2, block=2),
        parzen_log_likelihood(samples, images, 0.2),
        rtol=1e-12,
    )


def test_far_images_are_unlikely_and_not_impossible():
    value = parzen_log_likelihood(np.full((3, 16, 16, 1), -1.0), np.ones((1, 16, 16, 1)), 0.1)
    # -256 / (2 * 0.01) - 256 log(0.1 sqrt(2 pi)), far below what exp can hold
    assert value[0] == pytest.approx(-12800 - 256 * np.log(0.1 * np.sqrt(2 * np.pi)), rel=1e-9)


def test_sigma_is_the_best_of_the_ten_on_held_out_images():
    assert len(SIGMAS) == 10
    assert SIGMAS[0] == pytest.approx(0.1)
    assert SIGMAS[-1] == pytest.approx(1.0)
    rng = np.random.default_rng(2)
    # One pixel of deviation 0.25 in [0, 1]: many samples want a narrower kernel than few.
    draws = rng.normal(0, 0.5, (2100, 1, 1, 1))
    samples, held_out = draws[:2000], draws[2000:]
    chosen = choose_sigma(samples, held_out)
    means = [parzen_log_likelihood(samples, held_out, sigma).mean() for sigma in SIGMAS]
    assert chosen == SIGMAS[int(np.argmax(means))]
    assert chosen < choose_sigma(samples[:2], held_out)


@pytest.mark.parametrize(
    ("samples", "images", "sigma"),
    [
        (np.zeros((2, 4, 4, 1)), np.zeros((2, 5, 4, 1)), 0.1),
        (np.zeros((0, 4, 4, 1)), np.zeros((2, 4, 4, 1)), 0.1),
        (np.zeros((2, 4, 4, 1)), np.zeros((2, 4, 4, 1)), 0.0),
    ],
)
def test_bad_input_is_refused(samples, images, sigma):
    with pytest.raises(MetricError):
        parzen_log_likelihood(samples, images, sigma)
