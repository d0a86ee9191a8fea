import keras
import numpy as np
import pytest
from keras import ops

from kgen.models import IWAE, TwoLayerIWAE
from kgen.networks import dense_gaussian
from tests.contract import ModelContract
from tests.models.variational.test_vae import _levels, _LinearGaussian


class TestTwoLayerIWAE(ModelContract):
    @staticmethod
    def build():
        return TwoLayerIWAE.build_default((8, 8, 1), latent_dim=4, upper_dim=3, samples=4)

    @staticmethod
    def data():
        return np.random.default_rng(0).uniform(-1, 1, (20, 8, 8, 1)).astype("float32")


def affine(correlation, width=2):
    """Vectors to the mean `correlation` x and the variance `1 - correlation**2`."""
    latents = keras.Input((width,))
    mean = keras.layers.Rescaling(correlation)(latents)
    log_variance = keras.layers.Rescaling(0.0, np.log(1 - correlation**2))(latents)
    return keras.Model(latents, [mean, log_variance])


def linear(up, down, samples):
    """The prior of `h1` is N(0, I), and its posterior exact; that of `h2` is if up = down."""
    exact = _LinearGaussian()
    model = TwoLayerIWAE(
        exact.model.encoder,
        exact.model.decoder,
        affine(up),
        affine(down),
        likelihood="gaussian",
        samples=samples,
    )
    return exact, model


def weights(model, x, samples, seed=0):
    noise = np.random.default_rng(seed).normal(size=(len(x), samples, model.latent_dim))
    uniforms = np.full(x.shape, 0.5, "float32")
    networks = model.networks(False)
    return np.array(model.log_weights(x, noise.astype("float32"), uniforms, *networks, False))


def test_every_weight_is_the_likelihood_at_the_exact_posterior():
    x, pixels = _levels(6)
    exact, model = linear(0.8, 0.8, 5)
    truth = exact.exact_log_prob(pixels)
    np.testing.assert_allclose(weights(model, x, 5), truth[:, None].repeat(5, 1), rtol=1e-4)


def test_the_bound_rises_with_k_to_the_likelihood_and_not_above():
    x, pixels = _levels(40)
    exact, model = linear(0.3, 0.8, 1)
    log_weights = weights(model, x, 4000).astype("float64")
    truth = exact.exact_log_prob(pixels).mean()
    bounds = []
    for k in (1, 5, 25, 125):
        groups = log_weights.reshape(len(x), -1, k)
        bounds.append((np.logaddexp.reduce(groups, axis=-1) - np.log(k)).mean())
    assert (np.diff(bounds) > 0).all()
    assert bounds[0] < truth - 0.3
    assert truth - 0.25 * (truth - bounds[0]) < bounds[-1] < truth + 0.02


def test_an_upper_layer_that_says_nothing_leaves_the_one_layer_model():
    one = IWAE.build_default((8, 8, 1), 3, samples=4)
    still = dense_gaussian(2, 3), dense_gaussian(3, 2)
    for network in still:
        network.set_weights([np.zeros_like(w) for w in network.get_weights()])
    two = TwoLayerIWAE(one.encoder, one.decoder, still[1], still[0], samples=4)
    x = np.random.default_rng(0).uniform(-1, 1, (5, 8, 8, 1)).astype("float32")
    noise = np.random.default_rng(1).normal(size=(5, 4, 5)).astype("float32")
    arguments = noise[..., :3], x, one.encoder, one.decoder, False
    expected = one.log_weights(x, *arguments)
    np.testing.assert_allclose(
        np.array(two.log_weights(x, noise, x, *two.networks(False), False)),
        np.array(expected),
        rtol=1e-5,
    )


def test_decoding_undoes_encoding():
    model = TwoLayerIWAE.build_default((8, 8, 1), latent_dim=4, upper_dim=3)
    x = np.random.default_rng(0).uniform(-1, 1, (5, 8, 8, 1)).astype("float32")
    latents = model.encode(x)
    assert latents.shape == (5, 7)
    binary = np.where(x > 0, 1.0, -1.0)
    h1 = model.encoder(binary)[0]
    logits = model.decoder(h1)
    expected = 2 * np.array(ops.sigmoid(logits)) - 1
    np.testing.assert_allclose(model.decode(latents), expected, atol=1e-5)
    np.testing.assert_allclose(model.reconstruct(x), expected, atol=1e-5)


def test_networks_that_do_not_fit_are_refused_by_name():
    one = IWAE.build_default((8, 8, 1), 3)
    with pytest.raises(ValueError, match=r"upper_encoder must take \(n, 3\) and give a mean"):
        TwoLayerIWAE(one.encoder, one.decoder, dense_gaussian(4, 2), dense_gaussian(2, 3))
    with pytest.raises(ValueError, match=r"upper_decoder must take \(n, 2\) and give a mean"):
        TwoLayerIWAE(one.encoder, one.decoder, dense_gaussian(3, 2), dense_gaussian(2, 4))


def test_the_networks_are_the_papers():
    model = TwoLayerIWAE.build_default((28, 28, 1))
    assert (model.lower_dim, model.upper_dim, model.latent_dim) == (100, 50, 150)
    hidden = [
        layer.units
        for name in model.averaged
        for layer in getattr(model, name).layers
        if isinstance(layer, keras.layers.Dense) and "tanh" in str(layer.activation)
    ]
    assert hidden == [200, 200, 200, 200, 100, 100, 100, 100]
