"""Encoders and decoders of variational autoencoders, dense and convolutional.

An encoder gives `(mean, log_variance)` of the posterior, each (n, latent_dim). A decoder gives the
parameters of the likelihood, (n, height, width, channels * parameters), from a last layer named
`to_parameters`.
"""

import math

import keras
from keras import layers

from kgen.networks.sizes import doublings


def _posterior(x, latent_dim: int):
    # Last layers compute in float32 under any policy: likelihoods need every digit.
    return [
        layers.Dense(latent_dim, dtype="float32", name=name)(x) for name in ("mean", "log_variance")
    ]


def dense_encoder(
    image_shape: tuple[int, int, int], latent_dim: int = 50, hidden: tuple[int, ...] = (200, 200)
) -> keras.Model:
    """Images to the posterior through dense tanh layers (Burda et al. 2016: two of 200).

    Example:

        >>> [tuple(shape) for shape in dense_encoder((28, 28, 1)).output_shape]
        [(None, 50), (None, 50)]
    """
    images = keras.Input(image_shape, name="images")
    x = layers.Flatten()(images)
    for units in hidden:
        x = layers.Dense(units, activation="tanh")(x)
    return keras.Model(images, _posterior(x, latent_dim), name="encoder")


def dense_decoder(
    image_shape: tuple[int, int, int],
    latent_dim: int = 50,
    hidden: tuple[int, ...] = (200, 200),
    parameters: int = 1,
) -> keras.Model:
    """Latents to the likelihood's parameters through dense tanh layers.

    Example:

        >>> dense_decoder((28, 28, 1)).output_shape
        (None, 28, 28, 1)
    """
    height, width, channels = image_shape
    shape = (height, width, channels * parameters)
    latents = keras.Input((latent_dim,), name="latents")
    x = latents
    for units in reversed(hidden):
        x = layers.Dense(units, activation="tanh")(x)
    x = layers.Dense(math.prod(shape), dtype="float32", name="to_parameters")(x)
    parameters = layers.Reshape(shape, dtype="float32", name="parameters")(x)
    return keras.Model(latents, parameters, name="decoder")


def conv_encoder(
    image_shape: tuple[int, int, int], latent_dim: int = 50, width: int = 32, units: int = 256
) -> keras.Model:
    """Images to the posterior through 4x4 convolutions of stride 2 and one dense layer.

    Args:
        image_shape: Square, with a side of 4 or 7 times a power of two.
        latent_dim: Length of the latent vector.
        width: Channels of the first map; later maps have twice as many.
        units: Size of the dense layer.

    Example:

        >>> [tuple(shape) for shape in conv_encoder((32, 32, 3), 10).output_shape]
        [(None, 10), (None, 10)]
    """
    _, times = doublings(image_shape)
    images = keras.Input(image_shape, name="images")
    x = images
    for i in range(times):
        x = layers.Conv2D(width * min(2**i, 2), 4, 2, "same", activation="relu")(x)
    x = layers.Dense(units, activation="relu")(layers.Flatten()(x))
    return keras.Model(images, _posterior(x, latent_dim), name="encoder")


def conv_decoder(
    image_shape: tuple[int, int, int],
    latent_dim: int = 50,
    width: int = 32,
    units: int = 256,
    parameters: int = 1,
) -> keras.Model:
    """Latents to the likelihood's parameters: `conv_encoder` in reverse.

    Example:

        >>> conv_decoder((32, 32, 3), 10, parameters=2).output_shape
        (None, 32, 32, 6)
    """
    root, times = doublings(image_shape)
    latents = keras.Input((latent_dim,), name="latents")
    widths = [width * min(2**i, 2) for i in range(times)]
    x = layers.Dense(units, activation="relu")(latents)
    x = layers.Dense(root * root * widths[-1], activation="relu")(x)
    x = layers.Reshape((root, root, widths[-1]))(x)
    for channels in reversed(widths[:-1]):
        x = layers.Conv2DTranspose(channels, 4, 2, "same", activation="relu")(x)
    last = layers.Conv2DTranspose(
        image_shape[-1] * parameters, 4, 2, "same", dtype="float32", name="to_parameters"
    )
    return keras.Model(latents, last(x), name="decoder")
