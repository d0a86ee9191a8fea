import functools
import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from kgen.losses import standard_normal_kl
from kgen.models import IntroVAE
from kgen.networks import introvae_decoder, introvae_encoder
from tests.contract import ModelContract


def images(n=20):
    return np.random.default_rng(0).uniform(-1, 1, (n, 8, 8, 1)).astype("float32")


class TestIntroVAE(ModelContract):
    @staticmethod
    def build():
        return IntroVAE.build_default((8, 8, 1), 3, width=2, margin=5.0)

    @staticmethod
    def data():
        return images()


def tiny(**kwargs):
    model = IntroVAE.build_default((8, 8, 1), 3, architecture="dense", **kwargs)
    model.compile(run_eagerly=True)
    return model


def draws(n=6):
    rng = np.random.default_rng(1)
    noise, prior = rng.normal(size=(2, n, 3)).astype("float32")
    return images(n), noise, prior


def by_hand(model, x, noise, prior):
    """Squared error, and the energies of real, reconstructed and sampled images, (n,) each."""
    mean, log_variance = model.encoder(x)
    rebuilt = model.decoder(mean + ops.exp(log_variance / 2) * noise)
    error = np.sum((x - np.asarray(rebuilt)) ** 2, axis=(1, 2, 3))
    fake = rebuilt, model.decoder(prior)
    energies = [np.asarray(standard_normal_kl(*model.encoder(each))) for each in (x, *fake)]
    return error, *energies


# ---- the losses ----------------------------------------------------------------------------------


def test_losses_are_those_of_the_paper():
    model = tiny(margin=2.0, alpha=0.3, beta=0.1, gamma=0.7)
    error, real, rebuilt, sampled = by_hand(model, *draws())
    hinges = sum(np.maximum(0, 2.0 - each).mean() for each in (rebuilt, sampled))
    assert 0 < hinges < 4
    loss, terms = model.encoder_loss(*draws())
    expected = real.mean() + 0.3 * hinges + 0.1 * error.mean()
    assert float(loss) == pytest.approx(expected, rel=1e-4)
    means = [each.mean() for each in (error, real, rebuilt, sampled)]
    np.testing.assert_allclose([float(t) for t in terms], means, rtol=1e-4)
    expected = 0.7 * (rebuilt.mean() + sampled.mean()) + 0.1 * error.mean()
    assert float(model.decoder_loss(*draws())) == pytest.approx(expected, rel=1e-4)


def test_without_introspection_it_is_a_vae():
    """Both players then go down the gradient of KL + beta |x - x_r|^2."""
    for arguments in ({"alpha": 0.0, "gamma": 0.0}, {"vae_steps": 1}):
        model = tiny(beta=0.5, **arguments)
        x, noise, prior = draws()
        sgd = {f"{p}_optimizer": keras.optimizers.SGD(1e-3) for p in model.players}
        model.compile(run_eagerly=True, **sgd)
        variables = {p: getattr(model, p).trainable_variables for p in model.players}
        expected = {}
        for player, own in variables.items():
            with tf.GradientTape() as tape:
                mean, log_variance = model.encoder(x)
                rebuilt = model.decoder(mean + ops.exp(log_variance / 2) * noise)
                error = ops.mean(ops.sum(ops.square(x - rebuilt), axis=(1, 2, 3)))
                loss = ops.mean(standard_normal_kl(mean, log_variance)) + 0.5 * error
            gradients = tape.gradient(loss, [v.value for v in own])
            expected[player] = [v.numpy() - 1e-3 * g for v, g in zip(own, gradients, strict=True)]
        weight = 0.0 if "vae_steps" in arguments else 1.0
        at = {p: [v.numpy() for v in own] for p, own in variables.items()}
        for player, loss in (("encoder", model.encoder_loss), ("decoder", model.decoder_loss)):
            model.minimize(functools.partial(loss, x, noise, prior, weight), player)
            for variable, value in zip(variables[player], expected[player], strict=True):
                np.testing.assert_allclose(variable.numpy(), value, atol=1e-5)
            for variable, value in zip(variables[player], at[player], strict=True):
                variable.assign(value)


def test_a_margin_that_is_passed_pulls_no_more():
    model = tiny(margin=0.0, alpha=10.0)
    loss, (error, real, _, _) = model.encoder_loss(*draws())
    assert float(loss) == pytest.approx(float(real + 0.05 * error), rel=1e-5)


def test_the_margins_reach_the_encoder_only_as_the_judge():
    """Not through the images that it had a part in: these are held fixed."""
    model = tiny(margin=50.0, alpha=1.0, beta=0.0)
    x, noise, prior = draws()
    own = [v.value for v in model.encoder.trainable_variables]
    with tf.GradientTape() as tape:
        loss, _ = model.encoder_loss(x, noise, prior)
    found = tape.gradient(loss, own)
    mean, log_variance = model.encoder(x)
    fixed = [model.decoder(mean + ops.exp(log_variance / 2) * noise), model.decoder(prior)]
    fixed = [tf.constant(np.asarray(each)) for each in fixed]

    def gradient(*fake):
        with tf.GradientTape() as tape:
            loss = ops.mean(standard_normal_kl(*model.encoder(x)))
            for each in fake:
                loss += ops.mean(ops.relu(50.0 - standard_normal_kl(*model.encoder(each()))))
        return tape.gradient(loss, own)

    for one, other in zip(found, gradient(*(lambda e=e: e for e in fixed)), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)

    def alive():
        mean, log_variance = model.encoder(x)
        return model.decoder(mean + ops.exp(log_variance / 2) * noise)

    differs = gradient(alive, lambda: fixed[1])
    assert max(float(np.abs(a - b).max()) for a, b in zip(found, differs, strict=True)) > 1e-4


def test_the_decoder_answers_the_encoder_after_its_step():
    """Its loss is of the encoder that has moved, on the same draws."""
    model = tiny(margin=5.0)
    rates = {"encoder_optimizer": keras.optimizers.SGD(0.05)}
    model.compile(run_eagerly=True, decoder_optimizer=keras.optimizers.SGD(0.0), **rates)
    x, noise, prior = draws(20)
    model.noise.normal = _recorded(noise, prior)
    logs = model.train_on_batch(x, return_dict=True)
    assert float(logs["decoder_loss"]) == pytest.approx(
        float(model.decoder_loss(x, noise, prior)), rel=1e-4
    )


def _recorded(*arrays):
    left = list(arrays)
    return lambda shape: ops.convert_to_tensor(left.pop(0))


def test_an_encoder_learns_to_tell_real_from_made():
    """The decoder stands still: real images get little energy, made ones more than the margin."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    x = np.tile(rng.choice([-0.5, 0.5], (1, 8, 8, 1)), (64, 1, 1, 1))
    x = (x + 0.02 * rng.normal(size=x.shape)).astype("float32")
    model = IntroVAE.build_default(
        (8, 8, 1), 3, architecture="dense", margin=10.0, alpha=0.5, beta=0.0, gamma=0.0, seed=0
    )
    bias = model.decoder.get_layer("to_parameters").bias
    bias.assign(-0.3 * np.ones(bias.shape))
    still = keras.optimizers.SGD(0.0)
    model.compile(encoder_optimizer=keras.optimizers.Adam(1e-3), decoder_optimizer=still)
    before = model.evaluate(x, batch_size=64, verbose=0, return_dict=True)
    assert before["kl_sampled"] < 5
    model.fit(tf.data.Dataset.from_tensors(x).repeat(300), verbose=0)
    logs = model.evaluate(x, batch_size=64, verbose=0, return_dict=True)
    assert logs["kl"] < 1
    assert logs["kl_sampled"] > 9 and logs["kl_reconstructed"] > 9


# ---- the networks --------------------------------------------------------------------------------


def test_paper_size_has_the_hand_derived_counts():
    """256 x 256: 16-32-64-128-256-512 channels, one more block of 512, and fully connected ends."""

    def block(a, b):
        return (a * b if a != b else 0) + 9 * a * b + 9 * b * b + 2 * 4 * b

    channels = [16, 32, 64, 128, 256, 512]
    blocks = sum(block(a, b) for a, b in itertools.pairwise(channels))
    encoder = 25 * 3 * 16 + 4 * 16 + blocks + block(512, 512) + 2 * (8192 * 512 + 512)
    assert introvae_encoder((256, 256, 3)).count_params() == encoder
    back = [512, 512, 256, 128, 64, 32, 16, 16]
    blocks = sum(block(a, b) for a, b in itertools.pairwise(back))
    decoder = (512 * 8192 + 8192) + blocks + 25 * 16 * 3 + 3
    assert introvae_decoder((256, 256, 3)).count_params() == decoder


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"margin": -1.0}, "at least 0"),
        ({"vae_steps": -1}, "at least 0"),
        ({"architecture": "unet"}, "'residual', 'conv' or 'dense', got 'unet'"),
    ],
)
def test_settings_out_of_range_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        IntroVAE.build_default((8, 8, 1), 2, **arguments)


def test_networks_that_do_not_fit_are_refused():
    one, other = (IntroVAE.build_default((8, 8, 1), n, "dense") for n in (2, 3))
    with pytest.raises(ValueError, match="a mean and a log-variance of 3 numbers"):
        IntroVAE(one.encoder, other.decoder)
