"""The residual networks of Miyato & Koyama 2018, for images of a class.

Where the paper is silent the facts are those of the authors' code: convolutions of 3x3 start from
Glorot's bounds times the root of 2 and the rest from Glorot's, both uniform.
"""

import keras
from keras import layers

from kgen.layers import ConditionalBatchNormalization, SpectralNormalization
from kgen.networks.residual import down_block, projection, up_block
from kgen.networks.sizes import doublings

_MAX_FACTOR = 16


def _start(scale=1.0):
    # A new initializer for each layer: one object gives equal shapes equal values.
    return keras.initializers.VarianceScaling(scale, "fan_avg", "uniform")


def _conv(x, channels, size):
    start = _start(2.0 if size == 3 else 1.0)
    return layers.Conv2D(channels, size, padding="same", kernel_initializer=start)(x)


def _spectral_conv(x, channels, size):
    start = _start(2.0 if size == 3 else 1.0)
    conv = layers.Conv2D(channels, size, padding="same", kernel_initializer=start)
    return SpectralNormalization(conv)(x)


def _widths(width, times):
    return [width * min(2**i, _MAX_FACTOR) for i in range(times)]


def projection_generator(
    image_shape: tuple[int, int, int], classes: int, latent_dim: int = 128, width: int = 64
) -> keras.Model:
    """`[latents, labels]`, the labels int (n,), to images (n, *image_shape) in [-1, 1].

    A dense layer to a small map, one residual block for each doubling of it, whose batch
    normalisations have a gain and a shift for each class.

    Args:
        image_shape: Square, with a side of 4 or 7 times a power of two; the paper's is 128.
        classes: How many classes there are.
        latent_dim: Length of the latent vector.
        width: Channels of the last map; each smaller one has twice as many, up to 16 times.

    Raises:
        ValueError: For a side that doubling cannot make.

    Example:

        >>> projection_generator((32, 32, 3), 10, width=4).output_shape
        (None, 32, 32, 3)
    """
    root, times = doublings(image_shape)
    widths = _widths(width, times)[::-1]
    latents = keras.Input((latent_dim,), name="latents")
    labels = keras.Input((), dtype="int32", name="labels")
    x = layers.Dense(root * root * widths[0], kernel_initializer=_start())(latents)
    x = layers.Reshape((root, root, widths[0]))(x)
    for channels in widths:
        x = up_block(
            x, channels, lambda y: ConditionalBatchNormalization(classes)([y, labels]), _conv
        )
    x = layers.ReLU()(layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x))
    last = layers.Conv2D(
        image_shape[-1],
        3,
        padding="same",
        activation="tanh",
        kernel_initializer=_start(),
        dtype="float32",
    )
    return keras.Model([latents, labels], last(x), name="generator")


def projection_discriminator(
    image_shape: tuple[int, int, int], classes: int, width: int = 64
) -> keras.Model:
    """`[images, labels]` to logits (n, 1): `w h + b + <e(y), h>` of features h summed over places.

    Residual blocks halve the map down to 4 or 7 pixels, and one more does not. Every kernel, and
    the table of classes e, is divided by its spectral norm.

    Args:
        image_shape: As for `projection_generator`.
        classes: How many classes there are.
        width: Channels of the first map; each smaller one has twice as many, up to 16 times.

    Raises:
        ValueError: For a side that halving does not bring to 4 or 7.

    Example:

        >>> projection_discriminator((32, 32, 3), 10, width=4).output_shape
        (None, 1)
    """
    _, times = doublings(image_shape)
    widths = _widths(width, times)
    images = keras.Input(image_shape, name="images")
    labels = keras.Input((), dtype="int32", name="labels")
    x = down_block(images, widths[0], _spectral_conv, first=True)
    for channels in widths[1:]:
        x = down_block(x, channels, _spectral_conv, hidden=x.shape[-1])
    x = down_block(x, widths[-1], _spectral_conv, halve=False)
    return keras.Model(
        [images, labels], projection(x, labels, classes, _start), name="discriminator"
    )
