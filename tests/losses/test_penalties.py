import keras
import numpy as np
import pytest
from keras import ops

from kgen import losses


def linear(w):
    """The slope of `w . x` at any places: w."""
    w = np.array(w, "float32")
    return lambda images: ops.zeros_like(ops.convert_to_tensor(images)) + w


W = (1.0, 2.0, -2.0)  # length 3
X = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")


class Shares:
    """Noise that remembers what it was asked for."""

    def uniform(self, shape):
        self.shape = shape
        return ops.reshape(ops.arange(1, 5, dtype="float32") / 4, shape)


SLOPE = linear(W)


def penalty(regularizer, step=0, slope=SLOPE, **seen):
    slopes = {"real_slopes": slope(X), "fake_slopes": slope(-X)}
    seen = {"real": X, "fake": -X, "noise": Shares(), **slopes, **seen}
    return float(regularizer.penalty(slope=slope, step=ops.array(step), **seen))


def test_penalties_of_a_linear_critic():
    """(|w| - 1)^2 = 4, |w|^2 = 9: whatever the images."""
    assert penalty(losses.GradientPenalty(10.0)) == pytest.approx(40.0, rel=1e-6)
    assert penalty(losses.GradientPenalty(0.5, centre=0)) == pytest.approx(4.5, rel=1e-6)
    assert penalty(losses.R1(2.0)) == pytest.approx(9.0, rel=1e-6)
    assert penalty(losses.R2(1.0)) == pytest.approx(4.5, rel=1e-6)


def test_each_penalty_looks_at_its_own_places():
    places = []

    def slope(images):
        places.append(ops.convert_to_numpy(images))
        return SLOPE(images)

    penalty(losses.GradientPenalty(), slope=slope)
    shares = np.arange(1, 5)[:, None] / 4  # one number a sample: a x + (1 - a)(-x)
    np.testing.assert_allclose(places[-1], (2 * shares - 1) * X, rtol=1e-6)
    steep, flat = 2 * np.ones_like(X), np.zeros_like(X)  # |w|^2 is 12 or 0
    assert penalty(losses.R1(1.0), real_slopes=steep, fake_slopes=flat) == pytest.approx(6.0)
    assert penalty(losses.R2(1.0), real_slopes=steep, fake_slopes=flat) == 0.0


def test_one_share_for_each_image():
    noise = Shares()
    images = np.zeros((4, 2, 2, 3), "float32")
    losses.GradientPenalty().penalty(
        real=images, fake=images, slope=lambda x: x + 1.0, noise=noise, step=ops.array(0)
    )
    assert tuple(noise.shape) == (4, 1, 1, 1)


def test_the_norm_sums_over_all_of_an_image():
    gradients = np.full((2, 4, 4, 3), 0.5, "float32")  # sqrt(48 / 4)
    norms = ops.convert_to_numpy(losses.gradient_norm(gradients))
    np.testing.assert_allclose(norms, np.sqrt(12), rtol=1e-6)


def test_the_norm_has_no_epsilon_and_no_nan_at_zero():
    """sqrt(s + 1e-12) would give 1e-6; a plain root has the slope 0 * inf."""
    import tensorflow as tf

    x = tf.constant([[0.0, 0.0], [3e-9, 4e-9]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        norms = losses.gradient_norm(x)
    np.testing.assert_allclose(norms, [0.0, 5e-9], rtol=1e-4)
    slopes = tape.gradient(norms, x).numpy()
    np.testing.assert_allclose(slopes, [[0.0, 0.0], [0.6, 0.8]], rtol=1e-4)
    with tf.GradientTape() as tape:
        tape.watch(x)
        broken = tf.sqrt(tf.reduce_sum(x**2, axis=1))
    assert np.isnan(tape.gradient(broken, x).numpy()).any()


def test_roths_regularizer_by_hand():
    """Logits ln 3 and -ln 3: D = 3/4, 1/4. (1/4)^2 9 + (1/4)^2 9, times gamma / 2."""
    seen = {
        "real_logits": np.full((4, 1), np.log(3), "float32"),
        "fake_logits": np.full((4, 1), -np.log(3), "float32"),
    }
    regularizer = losses.JensenShannonRegularizer(2.0)
    assert penalty(regularizer, **seen) == pytest.approx(9 / 8, rel=1e-5)
    seen["fake_logits"] = -seen["fake_logits"]  # wrong about the generated ones: (3/4)^2 9
    assert penalty(regularizer, **seen) == pytest.approx(9 / 16 + 81 / 16, rel=1e-5)


def test_roths_regularizer_is_what_noise_does():
    """To first order in its variance: E of softplus(-w.(x + e)) and its counterpart, by quadrature.

    With one-dimensional linear logits the loss rises by gamma / 2 E [s (1 - s) w^2], and the
    regularizer is gamma / 2 E [(1 - D)^2 w^2] over real plus gamma / 2 E [D^2 w^2] over generated;
    the two agree where the discriminator is optimal, p (1 - D) = q D.
    """
    grid = np.linspace(-9, 9, 20001)
    p, q = (np.exp(-0.5 * (grid - m) ** 2) for m in (0.5, -0.5))
    p, q = p / p.sum(), q / q.sum()
    logits = grid  # of N(1/2, 1) against N(-1/2, 1): w = 1
    d = 1 / (1 + np.exp(-logits))
    curvature = np.sum((p + q) * d * (1 - d)) / 2
    one = np.ones_like(grid)[:, None].astype("float32")
    rows = []  # the function takes means over samples; weigh them by drawing quantiles
    for density in (p, q):
        quantiles = np.interp((np.arange(4000) + 0.5) / 4000, np.cumsum(density), grid)
        rows.append(quantiles.astype("float32")[:, None])
    value = losses.jensen_shannon_penalty(rows[0], rows[1], one[:4000], one[:4000]) / 2
    assert float(value) == pytest.approx(curvature, rel=1e-3)


def test_drift_by_hand():
    scores = np.array([[2.0], [-4.0]], "float32")
    assert penalty(losses.Drift(0.5), real_logits=scores) == pytest.approx(5.0)


def test_orthogonality_by_hand():
    """Filters (1, 1) and (1, 0) of a 1x1 convolution: overlap 1, lengths 2 and 1."""
    kernel = np.array([[1.0, 1.0], [1.0, 0.0]], "float32").reshape(1, 1, 2, 2)
    assert penalty(losses.Orthogonality(3.0), kernels=[kernel]) == pytest.approx(6.0)
    assert penalty(losses.Orthogonality(1.0, diagonal=True), kernels=[kernel]) == pytest.approx(3.0)
    rotation = np.array([[0.6, -0.8], [0.8, 0.6]], "float32")
    for diagonal in (False, True):
        value = losses.orthogonality_penalty(rotation, diagonal)
        assert float(value) == pytest.approx(0.0, abs=1e-10)


def test_a_weight_may_follow_the_step():
    fading = losses.R1(keras.optimizers.schedules.PolynomialDecay(2.0, 100, 0.0))
    values = [penalty(fading, step=step) for step in (0, 50, 100, 200)]
    assert values == pytest.approx([9.0, 4.5, 0.0, 0.0])


def test_clipping_touches_what_is_outside():
    variable = keras.Variable(np.array([-0.5, -0.005, 0.01, 0.02], "float32"))
    losses.WeightClipping(0.01).project([variable])
    np.testing.assert_allclose(ops.convert_to_numpy(variable), [-0.01, -0.005, 0.01, 0.01])
    losses.R1().project([variable])  # the others bound nothing
    assert float(ops.max(ops.abs(variable))) == pytest.approx(0.01)


@pytest.mark.parametrize("name", losses.REGULARIZERS)
def test_a_regularizer_survives_its_configuration(name):
    regularizer = losses.find_regularizer(name)
    saved = keras.saving.serialize_keras_object(regularizer)
    assert losses.find_regularizer(saved) == regularizer
    assert losses.find_regularizer(regularizer) is regularizer


def test_schedules_survive_too():
    schedule = keras.optimizers.schedules.CosineDecay(1.0, 10)
    regularizer = losses.R2(schedule)
    loaded = losses.find_regularizer(keras.saving.serialize_keras_object(regularizer))
    assert loaded == regularizer != losses.R2(1.0)
    assert float(loaded.weight(5)) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: losses.find_regularizer("r3"), r"one of gradient_penalty, .* got 'r3'"),
        (lambda: losses.GradientPenalty(centre=2), "centred at 0 or 1, not at 2"),
        (lambda: losses.WeightClipping(0.0), "bound must be positive, got 0.0"),
    ],
)
def test_what_it_cannot_be_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
