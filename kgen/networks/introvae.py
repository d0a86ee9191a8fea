"""Encoder and decoder of IntroVAE (Huang et al. 2018): residual, with batch normalisation."""

import keras
from keras import layers

from kgen.networks.autoencoder import POSTERIOR
from kgen.networks.sizes import doublings


def introvae_encoder(
    image_shape: tuple[int, int, int], latent_dim: int = 512, width: int = 16
) -> keras.Model:
    """Images to the posterior's mean and log-variance.

    A 5x5 convolution of `width` channels, then residual blocks, each after a pooling that halves
    the map and with twice the channels, up to 32 times `width`; the last works on the smallest map.

    Args:
        image_shape: Square, with a side of 4 or 7 times a power of two.
        latent_dim: Length of the latents.
        width: 16 for the paper's 256 x 256 images.

    Raises:
        ValueError: For a size that cannot be halved so.

    Example:

        >>> [tuple(shape) for shape in introvae_encoder((32, 32, 3), 10, width=4).output_shape]
        [(None, 10), (None, 10)]
    """
    images = keras.Input(image_shape, name="images")
    x = layers.Conv2D(width, 5, padding="same", use_bias=False)(images)
    x = layers.LeakyReLU(0.2)(layers.BatchNormalization()(x))
    for channels in _widths(image_shape, width)[1:]:
        x = _residual(layers.AveragePooling2D(2)(x), channels)
    x = _residual(layers.AveragePooling2D(2)(x), x.shape[-1])
    x = layers.Flatten()(x)
    codes = [layers.Dense(latent_dim, dtype="float32", name=name)(x) for name in POSTERIOR]
    return keras.Model(images, codes, name="encoder")


def introvae_decoder(
    image_shape: tuple[int, int, int], latent_dim: int = 512, width: int = 16
) -> keras.Model:
    """Latents to images: `introvae_encoder` in reverse, with linear pixels.

    Example:

        >>> introvae_decoder((32, 32, 3), 10, width=4).output_shape
        (None, 32, 32, 3)
    """
    root, _ = doublings(image_shape)
    widths = _widths(image_shape, width)
    latents = keras.Input((latent_dim,), name="latents")
    x = layers.Dense(root * root * widths[-1], activation="relu")(latents)
    x = layers.Reshape((root, root, widths[-1]))(x)
    for channels in reversed(widths):
        x = layers.UpSampling2D()(_residual(x, channels))
    x = _residual(x, width)
    x = layers.Conv2D(image_shape[-1], 5, padding="same", dtype="float32", name="to_image")(x)
    return keras.Model(latents, x, name="decoder")


def _widths(image_shape, width: int) -> list[int]:
    """Channels of each map, from the largest on."""
    _, times = doublings(image_shape)
    return [width * min(2**i, 32) for i in range(times)]


def _residual(x, channels: int):
    shortcut = x
    if x.shape[-1] != channels:
        shortcut = layers.Conv2D(channels, 1, use_bias=False)(x)
    y = layers.Conv2D(channels, 3, padding="same", use_bias=False)(x)
    y = layers.LeakyReLU(0.2)(layers.BatchNormalization()(y))
    y = layers.Conv2D(channels, 3, padding="same", use_bias=False)(y)
    y = layers.BatchNormalization()(y)
    return layers.LeakyReLU(0.2)(layers.Add()([y, shortcut]))
