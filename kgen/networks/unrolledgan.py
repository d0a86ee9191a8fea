"""The networks of the authors' notebook for Unrolled GAN (Metz et al. 2017)."""

import math

import keras
from keras import layers


def _hidden(x, widths):
    for width in widths:
        start = keras.initializers.Orthogonal(gain=1.4)
        x = layers.Dense(width, "tanh", kernel_initializer=start)(x)
    return x


def tanh_generator(
    image_shape: tuple[int, ...], latent_dim: int = 256, widths: tuple[int, ...] = (128, 128)
) -> keras.Model:
    """Latents (n, latent_dim) to images (n, *image_shape) through dense tanh layers.

    Args:
        image_shape: (height, width, channels), whose output is a tanh; or (2,), points of any size.
        latent_dim: Length of the latents.
        widths: Of the hidden layers, whose weights start orthogonal with a gain of 1.4.

    Example:

        >>> tanh_generator((2,)).count_params()  # 257 * 128 + 129 * 128 + 129 * 2
        49666
    """
    latents = keras.Input((latent_dim,), name="latents")
    last = layers.Dense(
        math.prod(image_shape),
        "tanh" if len(image_shape) > 1 else None,
        kernel_initializer=keras.initializers.Orthogonal(gain=1.4),
        dtype="float32",
    )
    images = layers.Reshape(image_shape, dtype="float32")(last(_hidden(latents, widths)))
    return keras.Model(latents, images, name="generator")


def tanh_discriminator(
    image_shape: tuple[int, ...], widths: tuple[int, ...] = (128, 128)
) -> keras.Model:
    """Images (n, *image_shape) to logits (n, 1) through dense tanh layers.

    Args:
        image_shape: Any shape.
        widths: As for `tanh_generator`.

    Example:

        >>> tanh_discriminator((2,)).count_params()  # 3 * 128 + 129 * 128 + 129
        17025
    """
    images = keras.Input(image_shape, name="images")
    start = keras.initializers.Orthogonal(gain=1.4)
    logits = layers.Dense(1, kernel_initializer=start, dtype="float32", name="logits")
    x = _hidden(layers.Flatten()(images), widths)
    return keras.Model(images, logits(x), name="discriminator")
