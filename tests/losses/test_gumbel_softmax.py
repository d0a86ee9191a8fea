"""Laws of the Gumbel-softmax: what it draws, its two limits, and the straight-through form."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops
from scipy import special, stats

from kgen.losses import gumbel_noise, gumbel_softmax

LOGITS = np.array([0.5, -1.0, 2.0, 0.0], "float32")


def uniforms(n, seed=0):
    return np.random.default_rng(seed).random((n, 4), dtype="float32")


def test_noise_follows_gumbels_distribution():
    noise = ops.convert_to_numpy(gumbel_noise(uniforms(20_000).ravel()))
    assert stats.kstest(noise, stats.gumbel_r.cdf).pvalue > 1e-3
    ends = gumbel_noise(np.array([0.0, 1 - 2**-24], "float32"))
    assert np.isfinite(ops.convert_to_numpy(ends)).all()


@pytest.mark.parametrize("temperature", [0.3, 5.0])
def test_the_largest_is_distributed_as_the_softmax(temperature):
    """A chi-square test of 40,000 draws, at any temperature."""
    rows = ops.convert_to_numpy(gumbel_softmax(LOGITS, uniforms(40_000), temperature))
    counts = np.bincount(rows.argmax(axis=1), minlength=4)
    expected = special.softmax(LOGITS.astype("float64")) * 40_000
    assert stats.chisquare(counts, expected).pvalue > 1e-3
    np.testing.assert_allclose(rows.sum(axis=1), 1, rtol=1e-5)
    # The test would see a distribution that is a little off, such as that of half the noise.
    half = (LOGITS + ops.convert_to_numpy(gumbel_noise(uniforms(40_000))) / 2).argmax(axis=1)
    assert stats.chisquare(np.bincount(half, minlength=4), expected).pvalue < 1e-6


def test_the_limits_are_one_hot_and_uniform():
    cold = ops.convert_to_numpy(gumbel_softmax(LOGITS, uniforms(1000), 1e-4))
    hot = ops.convert_to_numpy(gumbel_softmax(LOGITS, uniforms(1000), 1e6))
    assert (cold.max(axis=1) > 0.999).mean() > 0.99
    np.testing.assert_allclose(hot, 0.25, atol=1e-4)


def test_straight_through_is_exactly_one_hot_with_the_soft_gradient():
    noise = uniforms(50)
    weights = np.random.default_rng(1).standard_normal((50, 4)).astype("float32")
    logits = keras.Variable(np.tile(LOGITS, (50, 1)))
    gradients, rows = {}, {}
    for straight_through in (False, True):
        with tf.GradientTape() as tape:
            drawn = gumbel_softmax(logits, noise, 0.7, straight_through)
            total = ops.sum(drawn * weights)
        rows[straight_through] = drawn.numpy()
        gradients[straight_through] = tape.gradient(total, logits.value).numpy()
    soft, hard = rows[False], rows[True]
    np.testing.assert_array_equal(hard, np.eye(4)[soft.argmax(axis=1)])
    # d/dh of sum w y is y (w - sum w y) / tau.
    expected = soft * (weights - (soft * weights).sum(axis=1, keepdims=True)) / 0.7
    np.testing.assert_allclose(gradients[False], expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(gradients[True], gradients[False])
