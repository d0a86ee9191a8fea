"""The networks of ALI (Dumoulin et al. 2017): for CIFAR-10 (table 3), and for points of the plane.

Weights start from N(0, 0.01). The encoder's convolutions take an image of side s, unpadded, to a
map of side s / 4 - 4, and one last convolution takes all of that; the decoder goes the same way
back. So any side goes that is a multiple of 4 from 20 on; theirs is 32.
"""

import keras
import numpy as np
from keras import layers

from kgen.layers import Dropout, Maxout
from kgen.networks.autoencoder import POSTERIOR

# Kernel and stride of the convolutions before the one that sees the whole map.
_STAGES = ((5, 1), (4, 2), (4, 1), (4, 2))


def _normal(deviation: float = 0.01):
    # A new initializer for each layer: one object gives equal shapes equal values.
    return keras.initializers.RandomNormal(0.0, deviation)


def _smallest(image_shape) -> int:
    """The side of the map that the last convolution takes whole."""
    height, width, _ = image_shape
    if height != width or height % 4 or height < 20:
        raise ValueError(
            f"these networks take square images of side 20, 24, 28, 32, ..., not {height} x "
            f"{width}: choose the nearest as image_size."
        )
    return height // 4 - 4


def _kernels(image_shape, width: int) -> list[tuple[int, int, int]]:
    """Channels, kernel and stride of each convolution."""
    stages = (*_STAGES, (_smallest(image_shape), 1))
    return [(width * 2**i, kernel, stride) for i, (kernel, stride) in enumerate(stages)]


def _active(x):
    return layers.LeakyReLU(0.1)(layers.BatchNormalization(momentum=0.95)(x))


def ali_encoder(
    image_shape: tuple[int, int, int] = (32, 32, 3), latent_dim: int = 64, width: int = 32
) -> keras.Model:
    """Images to mean and log-variance of their codes.

    Unpadded convolutions with batch normalisation and leaky ReLU of slope 0.1.

    Args:
        image_shape: Square, with a side of 20, 24, 28, ...
        latent_dim: Length of a code.
        width: Channels of the largest map; each smaller one has twice as many.

    Raises:
        ValueError: For a size that the convolutions do not fit.

    Example:

        >>> ali_encoder(width=4).output_shape
        [(None, 64), (None, 64)]
    """
    images = x = keras.Input(image_shape, name="images")
    plan = _kernels(image_shape, width)
    for channels, kernel, stride in (*plan, (plan[-1][0], 1, 1)):
        x = layers.Conv2D(channels, kernel, stride, use_bias=False, kernel_initializer=_normal())(x)
        x = _active(x)
    x = layers.Flatten()(x)
    return keras.Model(images, _posterior(x, latent_dim, 0.01), name="encoder")


def ali_decoder(
    image_shape: tuple[int, int, int] = (32, 32, 3),
    latent_dim: int = 64,
    width: int = 32,
    mean_image: np.ndarray | None = None,
) -> keras.Model:
    """Latents (n, latent_dim) to images in (-1, 1).

    The encoder's convolutions transposed, in reverse order; every pixel has a bias of its own.

    Args:
        image_shape: As for `ali_encoder`.
        latent_dim: Length of the latents.
        width: Channels of the largest maps.
        mean_image: If given, these biases start where every output is this, the mean of the data
            in [-1, 1]; otherwise at 0.

    Raises:
        ValueError: For a size that the convolutions do not fit, or a mean image of another shape.

    Example:

        >>> ali_decoder(width=4).output_shape
        (None, 32, 32, 3)
    """
    latents = keras.Input((latent_dim,), name="latents")
    x = layers.Reshape((1, 1, latent_dim))(latents)
    plan = _kernels(image_shape, width)
    narrower = [width, *(channels for channels, _, _ in plan[:-1])]
    for (_, kernel, stride), channels in zip(reversed(plan), reversed(narrower), strict=True):
        x = layers.Conv2DTranspose(
            channels, kernel, stride, use_bias=False, kernel_initializer=_normal()
        )(x)
        x = _active(x)
    x = layers.Conv2D(width, 1, use_bias=False, kernel_initializer=_normal())(x)
    last = layers.EinsumDense(
        "nhwc,cd->nhwd",
        tuple(image_shape),
        bias_axes="hwd",
        kernel_initializer=_normal(),
        dtype="float32",
        name="to_image",
    )
    x = last(_active(x))
    # A sigmoid in [-1, 1]: 2 sigmoid(a) - 1 = tanh(a / 2).
    x = layers.Rescaling(0.5, dtype="float32")(x)
    made = layers.Activation("tanh", dtype="float32", name="images")(x)
    if mean_image is not None:
        if tuple(np.shape(mean_image)) != tuple(image_shape):
            raise ValueError(f"mean_image has shape {np.shape(mean_image)}, not {image_shape}.")
        # Pixels that are always black or white keep a finite log-odds.
        mean = np.clip(np.asarray(mean_image, "float32"), -0.999, 0.999)
        last.bias.assign(2 * np.arctanh(mean))
    return keras.Model(latents, made, name="decoder")


def ali_discriminator(
    image_shape: tuple[int, int, int] = (32, 32, 3), latent_dim: int = 64, width: int = 32
) -> keras.Model:
    """Images and latents to logits (n, 1).

    Maxout of two pieces everywhere and no batch normalisation: the encoder's convolutions for the
    image, two layers for the latents, two for both. Dropout takes a fifth of either input and half
    of what every later layer sees.

    Args:
        image_shape: As for `ali_encoder`.
        latent_dim: Length of the latents.
        width: Channels of the largest map; the latents' layers have 16 times as many units, those
            of both 32 times.

    Raises:
        ValueError: For a size that the convolutions do not fit.

    Example:

        >>> ali_discriminator(width=4).output_shape
        (None, 1)
    """
    images = keras.Input(image_shape, name="images")
    latents = keras.Input((latent_dim,), name="latents")

    def dense(x, units, use_bias=False):
        return Maxout(units, 2, use_bias, kernel_initializer=_normal())(x)

    plan = _kernels(image_shape, width)
    x = images
    for i, (channels, kernel, stride) in enumerate(plan):
        x = Dropout(0.5 if i else 0.2)(x)
        pieces = [
            layers.Conv2D(channels, kernel, stride, use_bias=i == 0, kernel_initializer=_normal())(
                x
            )
            for _ in range(2)
        ]
        x = layers.Maximum()(pieces)
    units = plan[-1][0]
    z = dense(Dropout(0.2)(latents), units)
    z = dense(Dropout(0.5)(z), units)
    both = layers.Concatenate()([layers.Flatten()(x), z])
    for _ in range(2):
        both = dense(Dropout(0.5)(both), 2 * units, use_bias=True)
    last = layers.Dense(1, dtype="float32", kernel_initializer=_normal(), name="logits")
    return keras.Model([images, latents], last(Dropout(0.5)(both)), name="discriminator")


def ali_dense_encoder(
    shape: tuple[int, ...] = (2,), latent_dim: int = 2, width: int = 400
) -> keras.Model:
    """Points (n, *shape) to mean and log-variance, through two layers of ReLU.

    Batch normalisation before each ReLU; as in the authors' code, weights are from N(0, 0.02).

    Example:

        >>> ali_dense_encoder().output_shape
        [(None, 2), (None, 2)]
    """
    points = keras.Input(shape, name="points")
    x = _dense_hidden(layers.Flatten()(points), width, 2)
    return keras.Model(points, _posterior(x, latent_dim, 0.02), name="encoder")


def ali_dense_decoder(
    shape: tuple[int, ...] = (2,), latent_dim: int = 2, width: int = 400
) -> keras.Model:
    """Latents to points (n, *shape) of any size, through four layers of ReLU.

    Example:

        >>> ali_dense_decoder().output_shape
        (None, 2)
    """
    latents = keras.Input((latent_dim,), name="latents")
    x = _dense_hidden(latents, width, 4)
    last = layers.Dense(shape[0], kernel_initializer=_normal(0.02), dtype="float32", name="points")
    return keras.Model(latents, last(x), name="decoder")


def ali_dense_discriminator(
    shape: tuple[int, ...] = (2,), latent_dim: int = 2, width: int = 200
) -> keras.Model:
    """Points and latents to logits (n, 1), through three maxout layers of five pieces.

    Example:

        >>> ali_dense_discriminator().output_shape
        (None, 1)
    """
    points = keras.Input(shape, name="points")
    latents = keras.Input((latent_dim,), name="latents")
    x = layers.Concatenate()([points, latents])
    for _ in range(3):
        x = Maxout(width, 5, kernel_initializer=_normal(0.02))(x)
    last = layers.Dense(1, dtype="float32", kernel_initializer=_normal(0.02), name="logits")
    return keras.Model([points, latents], last(x), name="discriminator")


def _dense_hidden(x, width: int, depth: int):
    for _ in range(depth):
        x = layers.Dense(width, use_bias=False, kernel_initializer=_normal(0.02))(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.95)(x))
    return x


def _posterior(x, latent_dim: int, deviation: float):
    return [
        layers.Dense(latent_dim, kernel_initializer=_normal(deviation), dtype="float32", name=name)(
            x
        )
        for name in POSTERIOR
    ]
