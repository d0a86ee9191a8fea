"""Generators and discriminators of dense layers, for images or points of any shape."""

import math

import keras
import numpy as np
from keras import layers

from kgen.layers import Dropout, Maxout


def mlp_generator(
    image_shape: tuple[int, ...],
    latent_dim: int = 100,
    hidden: tuple[int, ...] = (1200, 1200),
    batch_norm: bool = False,
    latent_scale: float = 1.0,
    output_activation: str | None = "tanh",
    mean_image: np.ndarray | None = None,
) -> keras.Model:
    """Latents (n, latent_dim) to images (n, *image_shape) through dense layers of ReLU.

    Weights start from U(-0.05, 0.05), as in the code of Goodfellow et al. 2014. Their outputs are
    sigmoids in [0, 1]; `tanh(a / 2)` is the same in [-1, 1].

    Args:
        image_shape: Any shape: (height, width, channels), or (2,) for points of the plane.
        latent_dim: Length of the latent vector.
        hidden: Units of the hidden layers.
        batch_norm: Normalise before each ReLU.
        latent_scale: A factor on the latents.
        output_activation: `None` for outputs of any size.
        mean_image: If given, the output's biases start where every output is this, the mean of the
            data in [-1, 1], as in the authors' code. Otherwise they start at 0.

    Raises:
        ValueError: If the mean image has another shape than the images.

    Example:

        >>> mlp_generator((28, 28, 1)).count_params()
        2503984
    """
    latents = keras.Input((latent_dim,), name="latents")
    x = latents if latent_scale == 1 else layers.Rescaling(latent_scale)(latents)
    for units in hidden:
        x = layers.Dense(units, use_bias=not batch_norm, kernel_initializer=_uniform(0.05))(x)
        x = layers.ReLU()(layers.BatchNormalization()(x) if batch_norm else x)
    last = layers.Dense(
        math.prod(image_shape),
        dtype="float32",
        kernel_initializer=_uniform(0.05),
        name="to_image",
    )
    x = last(x)
    if output_activation == "tanh":
        x = layers.Rescaling(0.5, dtype="float32")(x)
    x = layers.Activation(output_activation or "linear", dtype="float32")(x)
    images = layers.Reshape(image_shape, dtype="float32", name="images")(x)
    if mean_image is not None:
        if tuple(np.shape(mean_image)) != tuple(image_shape):
            raise ValueError(f"mean_image has shape {np.shape(mean_image)}, not {image_shape}.")
        # Pixels that are always black or white keep a finite log-odds.
        mean = np.clip(np.asarray(mean_image, "float32").ravel(), -0.999, 0.999)
        last.bias.assign(2 * np.arctanh(mean) if output_activation == "tanh" else mean)
    return keras.Model(latents, images, name="generator")


def mlp_discriminator(
    image_shape: tuple[int, ...],
    hidden: tuple[int, ...] = (240, 240),
    activation: str = "elu",
) -> keras.Model:
    """Images (n, *image_shape) to logits (n, 1) through dense layers.

    Two of 240 ELU units are those of f-GAN (Nowozin et al. 2016), three of 512 ReLU units those
    of WGAN-GP's toys.

    Example:

        >>> mlp_discriminator((28, 28, 1)).count_params()
        246481
    """
    images = keras.Input(image_shape, name="images")
    x = layers.Flatten()(images)
    for units in hidden:
        x = layers.Dense(units, activation=activation)(x)
    logits = layers.Dense(1, dtype="float32", name="logits")(x)
    return keras.Model(images, logits, name="discriminator")


def maxout_discriminator(
    image_shape: tuple[int, ...], hidden: tuple[int, ...] = (240, 240), pieces: int = 5
) -> keras.Model:
    """Images to logits through maxout layers and dropout, as in the code of Goodfellow et al. 2014.

    Dropout takes a fifth of the pixels and half of each hidden layer; weights start from
    U(-0.005, 0.005). The pixels enter in [0, 1], as theirs do.

    Args:
        image_shape: Any shape.
        hidden: Units of each layer.
        pieces: Linear maps per unit.

    Example:

        >>> maxout_discriminator((28, 28, 1)).count_params()
        1231441
    """
    images = keras.Input(image_shape, name="images")
    x = layers.Rescaling(0.5, 0.5)(layers.Flatten()(images))
    x = Dropout(0.2)(x)
    for units in hidden:
        x = Maxout(units, pieces, kernel_initializer=_uniform(0.005))(x)
        x = Dropout(0.5)(x)
    last = layers.Dense(1, dtype="float32", kernel_initializer=_uniform(0.005), name="logits")
    return keras.Model(images, last(x), name="discriminator")


def _uniform(bound):
    # A new initializer for each layer: one object gives equal shapes equal values.
    return keras.initializers.RandomUniform(-bound, bound)
