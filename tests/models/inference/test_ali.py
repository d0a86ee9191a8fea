import keras
import numpy as np
import pytest
from keras import ops

from kgen.models import ALI
from kgen.models.inference.pair_game import Pairs
from kgen.networks import ali_decoder, ali_discriminator, ali_encoder
from kgen.training import RecordedNoise
from tests.contract import ModelContract
from tests.models.inference.laws import images, moved, number, weights


class TestALI(ModelContract):
    """Of points; the convolutions are below."""

    @staticmethod
    def build():
        return lively(ALI.build_default((2,), latent_dim=3, width=8, ema_momentum=0.9))

    @staticmethod
    def data():
        return points(20)


def lively(model):
    """With larger kernels: at tiny widths the paper's give gradients that are lost in rounding."""
    for variable in model.trainable_variables:
        if len(variable.shape) > 1:
            variable.assign(5 * variable.value)
    return model


def points(n=64):
    return np.random.default_rng(0).normal(size=(n, 2)).astype("float32")


def of_points(**kwargs):
    model = ALI.build_default((2,), latent_dim=2, width=16, seed=0, **kwargs)
    model.compile(run_eagerly=True, generator_optimizer="sgd", discriminator_optimizer="sgd")
    return model


def fixed_posterior(model, mean, log_variance):
    """The model with an encoder that gives every point the same Gaussian."""
    for name, value in (("mean", mean), ("log_variance", log_variance)):
        layer = model.encoder.get_layer(name)
        layer.set_weights([np.zeros(layer.kernel.shape), np.array(value)])
    return model


@pytest.mark.core
def test_codes_are_the_mean_and_the_deviation_times_the_noise():
    """Log-variances ln 4 and ln 9: deviations 2 and 3."""
    model = fixed_posterior(of_points(), [1.0, -1.0], [np.log(4.0), np.log(9.0)])
    noise = np.array([[0.5, -1.0], [2.0, 0.0]], "float32")
    codes = ops.convert_to_numpy(model.code(points(2), True, RecordedNoise([noise])))
    np.testing.assert_allclose(codes, [[2.0, -4.0], [5.0, -1.0]], rtol=1e-6)
    np.testing.assert_allclose(model.encode(points(2)), [[1.0, -1.0]] * 2, rtol=1e-6)


@pytest.mark.core
def test_the_gradient_flows_through_the_draw():
    """Of the mean of z, with noise 1: 1 for the mean, deviation / 2 for the log-variance."""
    model = fixed_posterior(of_points(), [0.0, 0.0], [np.log(4.0), np.log(4.0)])
    model.player_optimizer("generator").learning_rate.assign(1.0)
    ones = RecordedNoise([np.ones((1, 2), "float32")])
    before = [model.encoder.get_layer(name).get_weights()[1] for name in ("mean", "log_variance")]
    model.minimize(lambda: ops.sum(model.code(points(1), True, ones)), "generator")
    after = [model.encoder.get_layer(name).get_weights()[1] for name in ("mean", "log_variance")]
    np.testing.assert_allclose(before[0] - after[0], [1.0, 1.0], rtol=1e-5)
    np.testing.assert_allclose(before[1] - after[1], [1.0, 1.0], rtol=1e-5)


@pytest.mark.core
def test_at_logits_of_zero_both_losses_are_2_ln_2():
    model = of_points()
    last = model.discriminator.get_layer("logits")
    last.set_weights([np.zeros(last.kernel.shape), np.zeros(1)])
    logs = {name: number(value) for name, value in model.train_step(points()).items()}
    expected = {"discriminator_loss": 2 * np.log(2), "generator_loss": 2 * np.log(2)}
    probabilities = {"real_probability": 0.5, "fake_probability": 0.5}
    assert logs == pytest.approx({**expected, **probabilities}, rel=1e-6)


def test_softplus_losses_by_hand():
    """Logits 1 of the real pair, -2 of the made one."""
    model, pairs = of_points(), Pairs(*4 * [None])
    real, fake = np.array([[1.0]], "float32"), np.array([[-2.0]], "float32")
    softplus = lambda x: np.log1p(np.exp(x))  # noqa: E731
    judged, fooled = softplus(-1) + softplus(-2), softplus(1) + softplus(2)
    assert number(model.discriminator_loss(real, fake, pairs)) == pytest.approx(judged, rel=1e-6)
    assert number(model.generator_loss(real, fake, pairs)) == pytest.approx(fooled, rel=1e-6)


def test_the_discriminator_sees_both_kinds_in_one_batch():
    """With batch normalisation in it that is another judgement than that of two batches."""
    seen = [keras.Input((2,)), keras.Input((2,))]
    x = keras.layers.Concatenate()(seen)
    x = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")(x)
    judge = keras.Model(seen, keras.layers.BatchNormalization(epsilon=0.0)(x))
    parts = ALI.build_default((2,), latent_dim=2, width=4)
    model = ALI(parts.encoder, parts.decoder, judge)
    zeros, ones = np.zeros((3, 2), "float32"), np.ones((3, 2), "float32")
    real, fake = model.judge(Pairs(zeros, zeros, ones, ones), True)
    # Sums 0 and 4, their mean 2 and deviation 2; two batches of equal sums would all give 0.
    np.testing.assert_allclose(ops.convert_to_numpy(real), -np.ones((3, 1)), rtol=1e-5)
    np.testing.assert_allclose(ops.convert_to_numpy(fake), np.ones((3, 1)), rtol=1e-5)


@pytest.mark.core
def test_the_encoder_learns_only_through_the_discriminator():
    model = of_points()
    first = next(layer for layer in model.discriminator.layers if layer.name.startswith("maxout"))
    kernel, bias = first.get_weights()
    kernel[2:] = 0.0  # the rows of the latents
    first.set_weights([kernel, bias])
    latents = model.latents(64, model.noise)
    pairs = lambda: model.pairs(points(), latents, True, model.noise)  # noqa: E731
    change = moved(model, lambda: model.turn("generator", pairs(), True)[0])
    assert change["encoder"] == 0.0 and change["decoder"] > 0


def test_the_convolutions_train_and_their_file_loads(tmp_path):
    model = lively(ALI.build_default((20, 20, 1), latent_dim=3, width=4, seed=0))
    model.compile(
        run_eagerly=True,
        generator_optimizer=keras.optimizers.SGD(0.1),
        discriminator_optimizer=keras.optimizers.SGD(0.1),
    )
    before = weights(model)
    logs = model.fit(images(4, 20), batch_size=4, verbose=0).history
    assert all(np.isfinite(values).all() for values in logs.values())
    for name, now in weights(model).items():
        assert np.mean(now != before[name]) > 0.2, name
    model.save(tmp_path / "ali.keras")
    loaded = keras.models.load_model(tmp_path / "ali.keras")
    made = model.sample(2, seed=1)
    assert made.shape == (2, 20, 20, 1) and np.abs(made).max() <= 1
    np.testing.assert_array_equal(loaded.sample(2, seed=1), made)
    np.testing.assert_array_equal(loaded.encode(made), model.encode(made))


def test_the_networks_of_the_paper():
    """CIFAR-10: maps of 28, 13, 10, 4 and 1, and back; table 3 of the paper."""

    def sides(network):
        maps = [x.output.shape[1] for x in network.layers if "conv" in x.name.lower()]
        return list(dict.fromkeys(maps))  # each once

    encoder, decoder = ali_encoder((32, 32, 3), 64, 2), ali_decoder((32, 32, 3), 64, 2)
    assert sides(encoder) == [28, 13, 10, 4, 1]
    assert sides(decoder) == [4, 10, 13, 28, 32]
    judge = ali_discriminator((32, 32, 3), 64, 2)
    rates = [layer.rate for layer in judge.layers if hasattr(layer, "rate")]
    assert sorted(rates) == [0.2] * 2 + [0.5] * 8
    assert not any("normalization" in layer.name for layer in judge.layers)
    full = ali_encoder((32, 32, 3), 64).trainable_variables
    kernels = [v.shape for v in full if len(v.shape) == 4]
    assert [shape[0] for shape in kernels] == [5, 4, 4, 4, 4, 1]
    assert [shape[3] for shape in kernels] == [32, 64, 128, 256, 512, 512]


def test_the_decoder_starts_at_the_mean_of_the_data():
    mean = np.random.default_rng(0).uniform(-1, 1, (20, 20, 1)).astype("float32")
    decoder = ali_decoder((20, 20, 1), 3, 2, mean)
    last = decoder.get_layer("to_image")
    last.kernel.assign(np.zeros(last.kernel.shape))
    made = np.asarray(ops.convert_to_numpy(decoder(np.ones((1, 3), "float32"))))[0]
    np.testing.assert_allclose(made, np.clip(mean, -0.999, 0.999), atol=1e-5)
    with pytest.raises(ValueError, match=r"mean_image has shape \(20, 20\)"):
        ali_decoder((20, 20, 1), 3, 2, mean[..., 0])


@pytest.mark.parametrize("shape", [(16, 16, 1), (22, 22, 1), (20, 24, 1)])
def test_sizes_that_the_convolutions_do_not_fit_are_refused(shape):
    with pytest.raises(ValueError, match="square images of side 20, 24, 28, 32"):
        ALI.build_default(shape)
