import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from kgen.losses import (
    categorical_log_prob,
    choose,
    discretized_logistic_log_prob,
    draw_logistic_mixture,
    logistic_mixture_log_prob,
)

LEVELS = np.arange(256) / 127.5 - 1


def _float64(*values):
    return [tf.constant(value, "float64") for value in values]


@pytest.mark.parametrize("log_scale", [-9.0, -7.0, -4.0, 0.0, 6.0])
@pytest.mark.parametrize("mean", [-1.4, -1.0, 0.013, 0.7, 1.0])
def test_the_bins_of_all_levels_sum_to_one(mean, log_scale):
    log_p = discretized_logistic_log_prob(*_float64(LEVELS, mean, log_scale))
    assert log_p.dtype == tf.float64
    assert np.exp(log_p).sum() == pytest.approx(1, abs=1e-12)


def test_a_bin_has_the_difference_of_two_sigmoids():
    """Level 128 is 1/255: its bin is 0 ... 2/255. Scale 1, mean 0."""
    log_p = discretized_logistic_log_prob(*_float64(1 / 255, 0.0, 0.0))
    assert float(log_p) == pytest.approx(np.log(1 / (1 + np.exp(-2 / 255)) - 0.5), rel=1e-10)


def test_far_tails_and_edges_have_finite_gradients():
    x = tf.constant([-1.0, -0.99, 0.0, 1.0])
    parameters = tf.Variable([[0.9, -7.0], [0.9, -7.0], [0.9, -7.0], [-0.9, -7.0]])
    with tf.GradientTape() as tape:
        log_p = discretized_logistic_log_prob(x, parameters[:, 0], parameters[:, 1])
    gradient = tape.gradient(log_p, parameters).numpy()
    assert np.isfinite(log_p).all() and np.isfinite(gradient).all()
    assert log_p[0] < -1000  # and no floor that would hide how wrong the model is
    assert gradient[0, 0] == pytest.approx(-np.exp(7), rel=1e-4)  # the tail is exponential


def test_a_mixture_of_three_channels_by_hand():
    """Two components; the means of G and B are moved by what was seen of R and G."""
    random = np.random.default_rng(0)
    parameters = random.normal(size=20)
    logits, means, log_scales, raw = np.split(parameters, [2, 8, 14])
    x = LEVELS[[30, 128, 250]]
    means, log_scales, raw = (t.reshape(3, 2) for t in (means, log_scales, raw))
    c = np.tanh(raw)  # of G on R, of B on R, of B on G
    moved = [means[0], means[1] + c[0] * x[0], means[2] + c[1] * x[0] + c[2] * x[1]]
    total = 0
    for k in range(2):
        weight = np.exp(logits[k]) / np.exp(logits).sum()
        for channel in range(3):
            scale = np.exp(log_scales[channel, k])
            upper = (x[channel] + 1 / 255 - moved[channel][k]) / scale
            lower = (x[channel] - 1 / 255 - moved[channel][k]) / scale
            weight *= 1 / (1 + np.exp(-upper)) - 1 / (1 + np.exp(-lower))
        total += weight
    log_p = logistic_mixture_log_prob(tf.constant(x[None]), tf.constant(parameters[None]))
    assert float(log_p[0]) == pytest.approx(np.log(total), rel=1e-8)


def test_all_pixels_of_two_channels_sum_to_one():
    """65,536 of them: the second channel's mean depends on the first."""
    parameters = np.random.default_rng(1).normal(size=(1, 2 * 6))
    pairs = np.stack(np.meshgrid(LEVELS, LEVELS, indexing="ij"), -1).reshape(-1, 2)
    log_p = logistic_mixture_log_prob(tf.constant(pairs), tf.constant(parameters))
    assert np.exp(log_p).sum() == pytest.approx(1, abs=1e-10)


def test_drawn_levels_have_the_masses_of_their_bins():
    """Stratified uniform numbers: each level is hit in proportion, to one draw."""
    n = 20_000
    parameters = np.array([[0.0, -0.4, -2.0]], "float32")
    uniforms = np.stack([np.full(n, 0.3), (np.arange(n) + 0.5) / n], -1).astype("float32")
    x = draw_logistic_mixture(ops.convert_to_tensor(np.repeat(parameters, n, 0)), uniforms, 1)
    levels = np.round((ops.convert_to_numpy(x)[:, 0] + 1) * 127.5).astype(int)
    mass = np.exp(discretized_logistic_log_prob(*_float64(LEVELS, -0.4, -2.0)))
    counts = np.bincount(levels, minlength=256)
    assert np.abs(counts - n * mass).max() < 2.5


def test_a_drawn_pixel_follows_its_first_channel():
    """One narrow component whose second mean is tanh(5) times the first channel."""
    parameters = ops.convert_to_tensor([[0.0, 0.6, 0.0, -7.0, -7.0, 5.0]])
    x = ops.convert_to_numpy(draw_logistic_mixture(parameters, np.full((1, 3), 0.5, "float32"), 2))
    assert x[0] == pytest.approx([0.6, 0.6], abs=1 / 127)


@pytest.mark.parametrize(("u", "level"), [(0.0, -1.0), (1 - 2**-24, 1.0)])
def test_the_ends_of_the_unit_interval_give_the_ends_of_the_scale(u, level):
    wide = ops.convert_to_tensor([[0.0, 0.0, 3.0]])
    x = draw_logistic_mixture(wide, np.full((1, 2), u, "float32"), 1)
    assert float(x[0, 0]) == level


def test_rounding_never_chooses_a_class_that_is_not_there():
    """Ten thirds of a tenth may sum to less than the largest uniform number."""
    p = np.full((1, 10), 0.0999999, "float32")
    assert int(choose(ops.convert_to_tensor(p), np.array([0.9999999], "float32"))[0]) == 9


def test_a_categorical_log_prob_by_hand():
    logits = np.log([[0.5, 0.25, 0.25]]).astype("float32")
    assert float(categorical_log_prob(np.array([1]), logits)[0]) == pytest.approx(-2 * np.log(2))
