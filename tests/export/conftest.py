"""A model that has nothing of kgen, but for the interface that export asks for."""

from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
import pytest
from keras import ops

from kgen import export


class Spec(NamedTuple):
    shape: tuple
    dtype: str
    role: str


class Signature(NamedTuple):
    function: Callable
    inputs: dict
    outputs: dict


class Toy(keras.Model):
    """Dense networks on 4x4 grey images, and latents of two numbers."""

    def __init__(self):
        super().__init__()
        self.encoder = keras.Sequential(
            [keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(2)]
        )
        self.decoder = keras.Sequential(
            [
                keras.Input((2,)),
                keras.layers.Dense(16, activation="tanh"),
                keras.layers.BatchNormalization(),
                keras.layers.Reshape((4, 4, 1)),
            ]
        )
        self.unserved = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1000)])
        self.built = True

    def sample(self, latents):
        return {"images": self.decoder(latents, training=False)}

    def encode(self, images):
        return {"latents": self.encoder(images, training=False)}

    def reconstruct(self, images):
        return {"images": self.decoder(self.encoder(images, training=False), training=False)}

    def log_prob(self, images, noise):
        """An output in the hundreds, from two inputs, one with two free sizes."""
        latents = self.encoder(images, training=False)[:, None] + noise
        return {"log_prob": -300.0 - ops.mean(ops.sum(latents**2, axis=-1), axis=1)}

    def signatures(self):
        latents = Spec((None, 2), "float32", "latent")
        images = Spec((None, 4, 4, 1), "float32", "image")
        noise = Spec((None, None, 2), "float32", "noise")
        return {
            "sample": Signature(self.sample, {"latents": latents}, {"images": "image"}),
            "encode": Signature(self.encode, {"images": images}, {"latents": "latent"}),
            "reconstruct": Signature(self.reconstruct, {"images": images}, {"images": "image"}),
            "log_prob": Signature(
                self.log_prob, {"images": images, "noise": noise}, {"log_prob": "log_prob"}
            ),
        }


class Offering(keras.Model):
    """A model with the signatures it is given."""

    def __init__(self, signatures):
        super().__init__()
        self._offered = lambda: signatures

    def signatures(self):
        return self._offered()


@pytest.fixture(scope="session")
def toy():
    keras.utils.set_random_seed(1)
    model = Toy()
    # Moving statistics unlike their initial values: training mode would give other images.
    gamma, beta = np.linspace(1.0, 3.0, 16), np.linspace(-0.2, 0.2, 16)
    mean, variance = np.linspace(-0.5, 0.5, 16), np.linspace(0.3, 0.9, 16)
    model.decoder.layers[1].set_weights([gamma, beta, mean, variance])
    return model


@pytest.fixture(scope="session")
def exported(toy, tmp_path_factory):
    """The toy, exported with float images."""
    return export.save(toy, tmp_path_factory.mktemp("saved_models") / "toy" / "1")


@pytest.fixture(scope="session")
def exported_uint8(toy, tmp_path_factory):
    """The toy, exported with uint8 images."""
    return export.save(toy, tmp_path_factory.mktemp("saved_models") / "toy8", uint8=True)


@pytest.fixture
def offering():
    """Makes a model of one signature, `x` -> `y`, from a function and a name."""

    def make(function, name="double", outputs=None):
        inputs = {"x": Spec((None, 2), "float32", "latent")}
        return Offering({name: Signature(function, inputs, outputs or {"y": "latent"})})

    return make
