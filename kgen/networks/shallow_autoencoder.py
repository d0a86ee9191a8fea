"""Encoders and decoders of one layer: the linear autoencoder, and that of the denoising papers."""

import math

import keras
from keras import layers

from kgen.layers import TiedDense


def shallow_encoder(
    image_shape: tuple[int, int, int], latent_dim: int = 50, activation: str | None = None
) -> keras.Model:
    """Images to `activation(W x + b)`, (n, latent_dim).

    Args:
        image_shape: Any (height, width, channels).
        latent_dim: Units.
        activation: `None` for a linear code, or `"sigmoid"` as in Vincent et al. 2008, whose pixels
            enter in [0, 1].

    Example:

        >>> shallow_encoder((28, 28, 1), 20).count_params()
        15700
    """
    images = keras.Input(image_shape, name="images")
    x = layers.Flatten()(images)
    if activation is not None:
        x = layers.Rescaling(0.5, 0.5)(x)
    code = layers.Dense(latent_dim, activation=activation, dtype="float32", name="latents")(x)
    return keras.Model(images, code, name="encoder")


def shallow_decoder(
    image_shape: tuple[int, int, int], latent_dim: int = 50, tied: bool = False
) -> keras.Model:
    """Codes to `V y + c`, (n, height, width, channels).

    Args:
        image_shape: Any (height, width, channels).
        latent_dim: Length of the code.
        tied: Whether `V` is the transpose of the encoder's `W`: a model that owns both networks
            ties them, see `kgen.layers.TiedDense`.

    Example:

        >>> shallow_decoder((28, 28, 1), 20).count_params()
        16464
        >>> shallow_decoder((28, 28, 1), 20, tied=True).count_params()
        784
    """
    latents = keras.Input((latent_dim,), name="latents")
    size = math.prod(image_shape)
    layer = TiedDense if tied else layers.Dense
    x = layer(size, dtype="float32", name="to_parameters")(latents)
    images = layers.Reshape(image_shape, dtype="float32", name="parameters")(x)
    return keras.Model(latents, images, name="decoder")
