import keras
import numpy as np
import pytest
from keras import ops

from kgen.losses import log_mean_exp
from kgen.models import IWAE, VAE
from tests.contract import ModelContract
from tests.models.variational.test_vae import _levels, _LinearGaussian


def images(n=20):
    return np.random.default_rng(0).uniform(-1, 1, (n, 8, 8, 1)).astype("float32")


class TestIWAE(ModelContract):
    @staticmethod
    def build():
        return IWAE.build_default((8, 8, 1), latent_dim=3, samples=4)

    @staticmethod
    def data():
        return images()


def linear(scale, samples):
    """Probabilistic PCA, with the exact posterior for `scale` 1."""
    exact = _LinearGaussian(scale)
    model = IWAE(exact.model.encoder, exact.model.decoder, likelihood="gaussian", samples=samples)
    model.compile(run_eagerly=True)
    return exact, model


def bound(model, x, seeds):
    """The training bound in nats, with every pixel in the middle of its level."""
    values = []
    for seed in range(seeds):
        noise = np.random.default_rng(seed).normal(size=(len(x), model.samples, 2))
        uniforms = np.full(x.shape, 0.5, "float32")
        networks = model.encoder, model.decoder
        weights = model.log_weights(x, noise.astype("float32"), uniforms, *networks, True)
        values.append(ops.convert_to_numpy(log_mean_exp(weights)))
    return np.mean(values)


def test_the_bound_is_exact_at_the_exact_posterior_for_every_k():
    x, pixels = _levels(6)
    for samples in (1, 5):
        exact, model = linear(1.0, samples)
        assert bound(model, x, 1) == pytest.approx(exact.exact_log_prob(pixels).mean(), rel=1e-4)


def test_the_bound_rises_with_k_to_the_likelihood_and_not_above():
    x, pixels = _levels(50)
    bounds = [bound(linear(0.5, samples)[1], x, 20) for samples in (1, 5, 25, 125)]
    truth = linear(0.5, 1)[0].exact_log_prob(pixels).mean()
    assert (np.diff(bounds) > 0).all()
    assert bounds[0] < truth - 0.3
    assert bounds[-1] < truth + 0.02
    assert truth - bounds[-1] < 0.25 * (truth - bounds[0])


def test_the_loss_is_the_bound_and_lies_below_the_negative_elbo():
    model = IWAE.build_default((8, 8, 1), 3, samples=20)
    model.compile()
    logs = model.evaluate(images(), verbose=0, return_dict=True)
    assert logs["loss"] < logs["negative_elbo"] - 0.01
    assert logs["bits_per_dim"] == pytest.approx(logs["loss"] / 64 / np.log(2), rel=1e-5)
    same = -model.log_prob(images(), samples=20, seed=0).mean()
    assert logs["loss"] == pytest.approx(same, rel=0.05)


def test_the_gradient_is_that_of_the_draws_by_their_weights():
    """Burda et al. 2016, eq. 14, on one bias of the decoder."""
    model = IWAE.build_default((4, 4, 1), 2, samples=3, binarization="threshold")
    x = np.random.default_rng(0).uniform(-1, 1, (2, 4, 4, 1)).astype("float32")
    noise = np.random.default_rng(1).normal(size=(2, 3, 2)).astype("float32")
    model.compile(optimizer=keras.optimizers.SGD(1.0))
    bias = model.decoder.get_layer("to_parameters").bias
    before = np.array(bias)
    networks = model.encoder, model.decoder
    weights = ops.softmax(model.log_weights(x, noise, x, *networks, True), axis=1)
    mean, log_variance = (np.array(t)[:, None] for t in model.encoder(2.0 * (x > 0) - 1))
    z = mean + np.exp(log_variance / 2) * noise
    logits = np.array(model.decoder(z.reshape(6, 2))).reshape(2, 3, 16)
    # d log p(x|z) / d bias = x - sigmoid(logits), for each draw.
    slopes = (x > 0).reshape(2, 1, 16) - 1 / (1 + np.exp(-logits))
    expected = np.einsum("nk,nki->i", np.array(weights), slopes) / 2
    model.minimize(lambda: -ops.mean(log_mean_exp(model.log_weights(x, noise, x, *networks, True))))
    np.testing.assert_allclose(np.array(bias) - before, expected, atol=1e-5)
    evenly = slopes.mean(axis=1).mean(axis=0)  # the gradient of the ELBO
    assert np.abs(evenly - expected).max() > 1e-4


def test_the_networks_are_the_vaes():
    iwae, vae = IWAE.build_default((8, 8, 1), 5), VAE.build_default((8, 8, 1), 5)
    assert iwae.count_params() == vae.count_params()
    assert iwae.samples == 50
    with pytest.raises(ValueError, match="samples must be at least 1, got 0"):
        IWAE.build_default((8, 8, 1), 5, samples=0)
