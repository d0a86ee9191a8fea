"""Models whose images are known functions of their latents."""

import keras
import numpy as np

from kgen.models import AE, GAN
from kgen.models.signature import Signature, TensorSpec


class Toy:
    """Stands in for a model: the pixels are the latents, and every other input is added to them."""

    def __init__(self, distribution="N(0, 1)", size=4, sampled=True, **others):
        latents = TensorSpec((None, size), role="latent", distribution=distribution)
        self.inputs = {"latents": latents, **others}
        name = "sample" if sampled else "decode"
        self.capabilities = {name: ("n", "seed"), "encode": ("images",)}
        self.size = size
        self.asked = []

    def signatures(self):
        name = "sample" if "sample" in self.capabilities else "decode"
        make = Signature(None, self.inputs, {"images": "image"})
        return {name: make, "encode": Signature(None, {}, {"latents": "latent"})}

    def serve(self, name, batch_size=64, **codes):
        assert codes.keys() == self.inputs.keys()
        self.asked.append(codes)
        total = sum(
            np.asarray(v, "float64").reshape(len(v), -1).sum(axis=1)
            for k, v in codes.items()
            if k != "latents"
        )
        values = np.asarray(codes["latents"], "float64") + np.reshape(total, (-1, 1))
        return values.reshape(len(values), 1, self.size, 1)

    def encode(self, images):
        return np.asarray(images).reshape(len(images), self.size)


LABELS = TensorSpec((None,), "int32", role="label", classes=3)
NOISE = TensorSpec((None, 2), role="noise")
CODES = TensorSpec((None, 2), role="latent", distribution="U(-1, 1)")


def linear_autoencoder():
    """Latents are the first two pixels, halved; the decoder gives them back and -0.5 elsewhere."""
    model = AE.build_default((2, 2, 1), latent_dim=2, architecture="linear")
    kernel = np.zeros((4, 2), "float32")
    kernel[0, 0] = kernel[1, 1] = 0.5
    model.encoder.set_weights([kernel, np.zeros(2)])
    model.decoder.set_weights([4 * kernel.T, np.array([0.0, 0.0, -0.5, -0.5])])
    return model


def linear_gan(distribution="normal", seed=0):
    """A GAN whose generator is an affine map from 3 latents to 4 x 4 pixels, within [-1, 1]."""
    layers = keras.layers
    generator = keras.Sequential([keras.Input((3,)), layers.Dense(16), layers.Reshape((4, 4, 1))])
    generator.layers[0].set_weights(
        [np.random.default_rng(seed).uniform(-0.08, 0.08, (3, 16)), np.full(16, 0.1)]
    )
    discriminator = keras.Sequential(
        [keras.Input((4, 4, 1)), layers.Flatten(), layers.Dense(5, "relu"), layers.Dense(1)]
    )
    return GAN(generator, discriminator, latent_distribution=distribution)
