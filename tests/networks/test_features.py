import keras
import numpy as np
import pytest
from keras import layers, ops

from kgen.models import DCGAN, GAN
from kgen.networks import features_and_logits


def numbers(x):
    return np.array(ops.convert_to_numpy(x))


IMAGES = np.random.default_rng(0).uniform(-1, 1, (5, 8, 8, 1)).astype("float32")


def test_the_last_layer_sees_the_features():
    network = keras.Sequential(
        [keras.Input((3,)), layers.Dense(4, "relu"), layers.Dense(2, use_bias=False)]
    )
    x = np.random.default_rng(0).normal(size=(6, 3)).astype("float32")
    features, logits = map(numbers, features_and_logits(network)(x, training=False))
    np.testing.assert_allclose(features, numbers(network.layers[0](x)), rtol=1e-6)
    np.testing.assert_allclose(features @ numbers(network.layers[1].kernel), logits, rtol=1e-5)


def test_a_layer_of_that_name_comes_first_and_maps_are_flattened():
    network = keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            layers.Conv2D(2, 3, name="features"),
            layers.Flatten(),
            layers.Dense(3),
            layers.Dense(1),
        ]
    )
    x = np.random.default_rng(0).normal(size=(6, 4, 4, 1)).astype("float32")
    features, _ = features_and_logits(network)(x, training=False)
    expected = numbers(network.layers[0](x)).reshape(6, -1)
    np.testing.assert_allclose(numbers(features), expected, rtol=1e-6)


def test_a_discriminators_features_are_a_capability_in_inference_mode():
    model = DCGAN.build_default((8, 8, 1), latent_dim=4, width=4)
    assert model.capabilities["features"] == ("images",)
    features = model.features(IMAGES)
    assert features.shape == (5, 4 * 4 * 4)
    kernel = numbers(model.discriminator.layers[-1].kernel)
    np.testing.assert_allclose(features @ kernel, model.discriminate(IMAGES), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(model.features(IMAGES[:1]), features[:1], rtol=1e-4, atol=1e-6)


class Opaque(keras.Model):
    """A discriminator that does not say what it is made of."""

    def __init__(self):
        super().__init__()
        self.flatten, self.dense = layers.Flatten(), layers.Dense(1)

    def call(self, images):
        return self.dense(self.flatten(images))


def test_a_network_without_layers_to_read_has_none():
    network = Opaque()
    network(IMAGES)
    with pytest.raises(ValueError, match=r"keras\.Sequential"):
        features_and_logits(network)


def test_feature_matching_reads_the_same_features():
    model = GAN.build_default((8, 8, 1), latent_dim=4, width=10, feature_matching=1.0)
    model.compile(run_eagerly=True)
    model.latents = lambda n, noise=None: ops.array(np.full((5, 4), 0.3, "float32"))
    logs = model.evaluate(IMAGES, batch_size=5, verbose=0, return_dict=True)
    fake = numbers(model.generator(np.full((5, 4), 0.3, "float32"), training=False))
    gap = model.features(IMAGES).mean(axis=0) - model.features(fake).mean(axis=0)
    assert logs["generator_loss"] == pytest.approx(np.mean(gap**2), rel=1e-4)
