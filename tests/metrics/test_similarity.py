"""PSNR, SSIM and MS-SSIM against TensorFlow's own and against values derived by hand."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from kgen.errors import MetricError
from kgen.metrics.similarity import (
    SCALE_WEIGHTS,
    ms_ssim,
    pair_similarity,
    psnr,
    scales_for,
    ssim,
)


def smooth_images(shape, seed=0):
    """Images with structure at several scales, in [-1, 1]."""
    rng = np.random.default_rng(seed)
    n, height, width, channels = shape
    coarse = rng.uniform(-1, 1, (n, -(-height // 8), -(-width // 8), channels))
    images = np.kron(coarse, np.ones((1, 8, 8, 1)))[:, :height, :width]
    return np.clip(images * 0.8 + rng.uniform(-0.2, 0.2, shape), -1, 1).astype("float32")


def pairs(shape):
    images = smooth_images(shape)
    noise = np.random.default_rng(1).normal(0, 0.2, shape)
    return images, np.clip(images + noise, -1, 1).astype("float32")


def unit(images):
    return tf.constant((images + 1) / 2)


@pytest.mark.parametrize("shape", [(3, 16, 16, 1), (2, 32, 20, 3)])
def test_equal_to_tensorflow(shape):
    a, b = pairs(shape)
    np.testing.assert_allclose(psnr(a, b), tf.image.psnr(unit(a), unit(b), 1.0), atol=1e-4)
    np.testing.assert_allclose(ssim(a, b), tf.image.ssim(unit(a), unit(b), 1.0), atol=1e-4)


@pytest.mark.parametrize(
    ("shape", "scales"), [((2, 176, 180, 3), 5), ((2, 45, 48, 1), 3), ((2, 33, 32, 1), 2)]
)
def test_ms_ssim_equals_tensorflow_also_at_odd_sizes(shape, scales):
    a, b = pairs(shape)
    weights = np.array(SCALE_WEIGHTS[:scales]) / sum(SCALE_WEIGHTS[:scales])
    theirs = tf.image.ssim_multiscale(unit(a), unit(b), 1.0, power_factors=weights.tolist())
    assert scales_for(shape[1:3]) == scales
    np.testing.assert_allclose(ms_ssim(a, b), theirs, atol=1e-4)
    # The default of five scales is TensorFlow's default too.
    if scales == 5:
        np.testing.assert_allclose(
            ms_ssim(a, b), tf.image.ssim_multiscale(unit(a), unit(b), 1.0), atol=1e-4
        )


def test_grey_levels_are_shifted_before_ssim():
    """Black against white has luminances 0 and 2: SSIM is C1 / (4 + C1), with C1 = (0.01 * 2)^2."""
    black, white = np.full((1, 16, 16, 1), -1.0), np.full((1, 16, 16, 1), 1.0)
    c1 = 4e-4
    assert ssim(black, white)[0] == pytest.approx(c1 / (4 + c1), rel=1e-9)
    # Were they left in [-1, 1], opposite signs would give (C1 - 2) / (C1 + 2).
    assert abs(ssim(black, white)[0] - (c1 - 2) / (c1 + 2)) > 0.9


def test_values_by_hand():
    zero, tenth = np.zeros((1, 16, 16, 1)), np.full((1, 16, 16, 1), 0.1)
    # 10 log10(2^2 / 0.1^2) = 10 log10 400
    assert psnr(zero, tenth)[0] == pytest.approx(26.0206, abs=1e-4)
    # Flat images of means 1 and 1.1 in [0, 2]: only the luminance differs.
    c1 = 4e-4
    luminance = (2 * 1.1 + c1) / (1 + 1.21 + c1)
    assert ssim(zero, tenth)[0] == pytest.approx(luminance, rel=1e-9)
    # At two scales, only the coarsest sees luminance; its share is .2856 / (.0448 + .2856).
    flat, brighter = np.zeros((1, 32, 32, 1)), np.full((1, 32, 32, 1), 0.1)
    assert ms_ssim(flat, brighter)[0] == pytest.approx(luminance ** (0.2856 / 0.3304), rel=1e-9)
    assert np.isinf(psnr(zero, zero)[0])


def test_likeness_falls_with_noise():
    images = smooth_images((4, 32, 32, 1))
    rng = np.random.default_rng(2)
    noise = rng.normal(size=images.shape)
    values = [ms_ssim(images, images + s * noise).mean() for s in (0, 0.05, 0.2, 0.5)]
    assert values[0] == pytest.approx(1, abs=1e-12)
    assert all(a > b + 0.001 for a, b in itertools.pairwise(values))


def test_blocks_do_not_change_a_value():
    """More images than go through at once, each with a value of its own."""
    a, b = pairs((70, 16, 16, 1))
    np.testing.assert_allclose(ssim(a, b)[[0, 69]], ssim(a[[0, 69]], b[[0, 69]]), rtol=1e-12)


class TestPairSimilarity:
    def test_equal_images_are_not_diverse(self):
        one = np.repeat(smooth_images((1, 16, 16, 1)), 10, axis=0)
        mean, error, details = pair_similarity(one)
        assert mean == pytest.approx(1, abs=1e-9)
        assert error == pytest.approx(0, abs=1e-9)
        assert details == {"pairs": 5, "scales": 1, "window": 11}

    def test_is_the_mean_over_disjoint_pairs(self):
        images = smooth_images((6, 16, 16, 1), seed=3)
        order = np.random.default_rng(7).permutation(6)
        by_hand = [ms_ssim(images[[i]], images[[j]])[0] for i, j in zip(order[:3], order[3:])]  # noqa: B905
        mean, error, _ = pair_similarity(images, seed=7)
        assert mean == pytest.approx(np.mean(by_hand), rel=1e-12)
        assert error == pytest.approx(np.std(by_hand, ddof=1) / np.sqrt(3), rel=1e-9)
        assert pair_similarity(images, seed=8)[0] != mean

    def test_pairs_are_bounded(self):
        assert pair_similarity(smooth_images((20, 16, 16, 1)), pairs=3)[2]["pairs"] == 3

    @pytest.mark.parametrize(("side", "window"), [(8, 7), (9, 9), (11, 11), (12, 11)])
    def test_small_images_get_a_smaller_window(self, side, window):
        details = pair_similarity(smooth_images((8, side, side, 1)))[2]
        assert details["window"] == window
        assert details["scales"] == 1


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: psnr(np.zeros((1, 8, 8, 1)), np.zeros((1, 9, 8, 1))), "two equal ones"),
        (lambda: ssim(np.zeros((1, 8, 8, 1)), np.zeros((1, 8, 8, 1))), "smaller odd one"),
        (lambda: ssim(np.zeros((1, 8, 8, 1)), np.zeros((1, 8, 8, 1)), window=4), "smaller odd"),
        (lambda: ms_ssim(np.zeros((1, 32, 32, 1)), np.zeros((1, 32, 32, 1)), scales=3), "not 3"),
        (lambda: pair_similarity(np.zeros((3, 16, 16, 1))), "pass four"),
    ],
)
def test_bad_input_is_one_line(call, says):
    with pytest.raises(MetricError, match=says) as caught:
        call()
    assert "\n" not in str(caught.value)
