import keras
import numpy as np
import pytest
from keras import ops

import kgen
from kgen.errors import DataError
from kgen.metrics import evaluate
from kgen.models import Glow
from kgen.models.flow.dequantization import Levels
from kgen.training import Noise
from tests.contract import ModelContract
from tests.layers.flow_laws import assert_is_bijection, numbers

SHAPE = (8, 8, 1)


def images(n=16, shape=SHAPE, seed=0):
    """On the 256 levels, a dark left half and a bright right one."""
    rng = np.random.default_rng(seed)
    levels = rng.integers(0, 100, (n, *shape))
    levels[:, :, shape[1] // 2 :] += 156
    return (levels / 127.5 - 1).astype("float32")


def build(shape=SHAPE, **kwargs):
    return Glow.build_default(shape, **{"steps": 1, "levels": 2, "width": 4, **kwargs})


class TestGlow(ModelContract):
    @staticmethod
    def build():
        return build(classes=3)

    @staticmethod
    def data():
        return images(), np.arange(16) % 3

    def test_first_images_are_looked_at_once(self, trained):
        """Before the first fit actnorm does nothing; later calls and files leave it as it is."""
        initial, final = (
            keras.models.load_model(trained.folder / f"{name}.keras")
            for name in ("initial", "final")
        )
        first = [model.flow.bijections[1] for model in (initial, final)]
        assert numbers(initial.initialized.value) == 0 and numbers(final.initialized.value) == 1
        np.testing.assert_array_equal(numbers(first[0].bias.value), 0)
        assert numbers(first[1].log_scale.value).min() > 0.1  # data of deviation 0.3, widened to 1
        before = numbers(first[1].log_scale.value)
        final.compile(optimizer=keras.optimizers.SGD(0.0), run_eagerly=True)
        final.fit(images(seed=3) / 4, np.arange(16) % 3, batch_size=16, verbose=0)
        np.testing.assert_array_equal(numbers(first[1].log_scale.value), before)

    def test_decoding_inverts_encoding(self, trained):
        model, (x, labels) = trained.model, self.data()
        latents = model.encode(x, labels)
        assert latents.shape == (16, 64)
        np.testing.assert_allclose(model.decode(latents, labels), x, rtol=0, atol=1e-5)

    def test_log_det_is_that_of_the_jacobian(self, trained):
        """Of the whole flow, trained: 64 x 64, by autodiff."""
        flow = trained.model.flow
        x, label = images(1) / 2, np.full(64, 1)
        assert_is_bijection(
            lambda t: flow([t, label[: len(t)]]), lambda z: flow.inverse(z, label[: len(z)]), x
        )

    def test_labels_are_needed_and_checked(self, trained):
        with pytest.raises(DataError, match="needs the label of each example"):
            trained.model.encode(images(2))
        with pytest.raises(DataError, match="labels must be 2 whole numbers from 0 to 2"):
            trained.model.log_prob(images(2), [0, 3])
        with pytest.raises(DataError, match='load the data with layout="labelled"'):
            trained.model.fit(images(2), verbose=0)


def test_the_first_batch_normalises_what_leaves_actnorm():
    model = build((8, 8, 3), steps=2)
    x = images(64, (8, 8, 3))
    model.initialize(x)
    uniforms = np.random.default_rng(0).random(x.shape, "float32")
    h = model.observation.observe(*map(ops.convert_to_tensor, (x, uniforms)))
    for layer in model.flow.bijections[:2]:
        h = layer(h)[0]
    np.testing.assert_allclose(numbers(h).mean((0, 1, 2)), 0, atol=1e-4)
    np.testing.assert_allclose(numbers(h).var((0, 1, 2)), 1, rtol=1e-3)


def test_the_average_starts_where_the_flow_was_initialised():
    model = build(ema_momentum=0.9)
    model.initialize(images())
    for mean, weight in zip(model.ema_flow.weights, model.flow.weights, strict=True):
        np.testing.assert_array_equal(numbers(mean.value), numbers(weight.value))


def test_data_that_are_read_once_cannot_initialise():
    model = build()
    model.compile(run_eagerly=True)
    with pytest.warns(UserWarning, match="call initialize"):
        model.fit(((images(),) for _ in range(1)), steps_per_epoch=1, shuffle=False, verbose=0)


def test_an_untrained_likelihood_by_hand():
    """Additive, without data: latents are the dequantised levels themselves, rotated."""
    model = build(coupling="additive", bits=5)
    x, u = images(3), np.random.default_rng(1).random((3, *SHAPE), "float32")
    found = model.serve("log_prob", images=x, uniforms=u)
    level = np.floor(np.round((x + 1) * 127.5) / 8)
    v = (level + u) / 32 - 0.5
    expected = -0.5 * (v**2 + np.log(2 * np.pi)).sum((1, 2, 3)) - 64 * np.log(32)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_levels_of_few_bits():
    """5 bits: 256 levels in 32 groups of 8; black stays black and white white."""
    levels = Levels(5)
    x = np.array([0, 7, 8, 255], "float32") / 127.5 - 1
    v = levels.observe(ops.convert_to_tensor(x), 0.5)
    np.testing.assert_allclose(numbers(v), np.array([0.5, 0.5, 1.5, 31.5]) / 32 - 0.5)
    np.testing.assert_allclose(numbers(levels.image(v)), [-1, -1, 2 / 31 - 1, 1], atol=1e-6)
    assert levels.log_width(3) == pytest.approx(-15 * np.log(2))
    with pytest.raises(ValueError, match="bits must be a whole number from 1 to 8, got 9"):
        build(bits=9)


def test_temperature_scales_every_latent():
    model = build()
    model.initialize(images())
    model.flow.prior.mean.assign(ops.full_like(model.flow.prior.mean.value, 0.2))
    mode = model.decode(np.zeros((1, 64)))
    np.testing.assert_array_equal(model.sample(2, temperature=0, seed=1), np.repeat(mode, 2, 0))
    hot, warm = (model.encode(model.sample(50, temperature=t, seed=1)) for t in (0.02, 0.01))
    np.testing.assert_allclose(hot.std() / warm.std(), 2, rtol=0.3)
    with pytest.raises(ValueError, match="temperature must be at least 0, got -1"):
        model.sample(1, temperature=-1)


def test_more_draws_of_the_noise_tighten_the_bound():
    """The log of the draws' mean, which is above the mean of their logs."""
    model = build(bits=2)
    model.initialize(images())
    x, noise = images(4, seed=5), Noise(keras.random.SeedGenerator(1))
    draws = [
        model.serve("log_prob", images=x, uniforms=numbers(noise.uniform(x.shape)))
        for _ in range(5)
    ]
    bound = model.log_prob(x, samples=5, seed=1)
    np.testing.assert_allclose(bound, np.logaddexp.reduce(draws) - np.log(5), rtol=1e-6)
    assert (bound > np.mean(draws, axis=0)).all()
    np.testing.assert_allclose(model.log_prob(x, seed=1), draws[0], rtol=1e-6)


class TestPoints:
    """A flow of the plane, trained on a ring of three for a moment."""

    @pytest.fixture(scope="class")
    @classmethod
    def model(cls):
        keras.utils.set_random_seed(0)
        model = Glow.build_default((2,), steps=4, width=24)
        model.compile(optimizer=keras.optimizers.Adamax(5e-3), jit_compile=False)
        model.fit(cls.points(4000), batch_size=200, epochs=15, verbose=0)
        return model

    @staticmethod
    def points(n, seed=0):
        rng = np.random.default_rng(seed)
        angle = 2 * np.pi / 3 * rng.integers(3, size=n)
        centres = 2 * np.stack([np.cos(angle), np.sin(angle)], 1)
        return (centres + 0.3 * rng.standard_normal((n, 2))).astype("float32")

    def test_the_density_integrates_to_one(self, model):
        side = np.linspace(-8, 8, 501)
        grid = np.stack(np.meshgrid(side, side), -1).reshape(-1, 2).astype("float32")
        density = np.exp(model.serve("log_prob", 10_000, images=grid).astype("float64"))
        assert density.sum() * (side[1] - side[0]) ** 2 == pytest.approx(1, abs=0.01)

    def test_it_beats_a_gaussian_and_not_the_truth(self, model):
        """Held-out nats: a full Gaussian's, of variance 2 + 0.09 on each axis, and the entropy."""
        gaussian = np.log(2 * np.pi * np.e * (2 + 0.3**2))
        entropy = np.log(3) + np.log(2 * np.pi * np.e * 0.3**2)
        nats = -model.log_prob(self.points(4000, seed=1)).mean()
        assert entropy - 0.1 < nats < gaussian - 0.5

    def test_inverse(self, model):
        x = self.points(500, seed=2)
        np.testing.assert_allclose(model.decode(model.encode(x)), x, rtol=0, atol=1e-5)

    def test_what_it_can_do(self, model):
        assert model.capabilities["log_prob"] == ("images",)
        assert model.log_prob_of == "points, a density"
        assert model.sample(3, seed=1).shape == (3, 2)
        assert np.abs(model.sample(500, seed=1)).max() > 1.5  # not cut to [-1, 1]


def test_nll_says_what_it_is_of():
    data = kgen.datasets.from_arrays(images(40), test=0.5, batch_size=8)
    model = build(bits=2)
    model.initialize(images())
    (score,) = evaluate(model, data, "nll")
    assert score.method == "of 2-bit levels, dequantised, upper bound by 1 importance sample"
    assert score.details["importance_samples"] == 1
    (tight,) = evaluate(model, data, "nll", log_prob_samples=9)
    assert tight.details["importance_samples"] == 9
    assert tight.value < score.value


def test_nll_of_points_is_their_density_and_exact():
    data = kgen.datasets.load("ring", batch_size=10, limit=40)
    model = Glow.build_default((2,), steps=1, width=4, coupling="additive", learn_prior=False)
    (score,) = evaluate(model, data, "nll")
    assert score.method == "of points, a density" and "importance_samples" not in score.details
    # Untrained it is the standard normal: log 2 pi + |x|^2 / 2.
    points = np.concatenate(list(data.test.as_numpy_iterator()))
    expected = np.log(2 * np.pi) + (points.astype("float64") ** 2).sum(1).mean() / 2
    assert score.value == pytest.approx(expected, rel=1e-5)


def test_float16_within_the_couplings_is_refused():
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = build()
    finally:
        keras.config.set_dtype_policy(policy)
    with pytest.raises(ValueError, match="not in mixed_float16"):
        model.compile()
