"""R3GAN's generator and discriminator: ResNeXt bottlenecks, no normalisation (Huang et al. 2024).

Both networks are one another's mirror image. A residual block is a 1x1 convolution to twice the
width, a grouped 3x3 one and a 1x1 one back, with biases and leaky ReLU of slope 0.2 between them.
Weights start as Fix-up has it (Zhang et al. 2019): the last convolution of each block at 0, the
other two with He's deviation times `blocks ** (-1/4)`, over all blocks of the network.
"""

import math

import keras
from keras import layers

from kgen.layers import GroupedConv2D, LearnedBasis
from kgen.networks.sizes import doublings

_SLOPE = 0.2
_GAIN = math.sqrt(2 / (1 + _SLOPE**2))  # keeps the variance through leaky ReLU


def _normal(fan_in, gain=1.0):
    return keras.initializers.RandomNormal(0.0, gain / math.sqrt(fan_in))


def _conv1(x, channels):
    return layers.Conv2D(channels, 1, use_bias=False, kernel_initializer=_normal(x.shape[-1]))(x)


def _block(x, expansion, cardinality, blocks):
    channels, gain = x.shape[-1], _GAIN * blocks**-0.25
    inner = channels * expansion
    y = layers.Conv2D(inner, 1, kernel_initializer=_normal(channels, gain))(x)
    y = layers.LeakyReLU(_SLOPE)(y)
    weights = _normal(9 * inner // cardinality, gain)
    y = GroupedConv2D(inner, cardinality, kernel_initializer=weights)(y)
    y = layers.LeakyReLU(_SLOPE)(y)
    y = layers.Conv2D(channels, 1, use_bias=False, kernel_initializer="zeros")(y)
    return layers.Add()([x, y])


# Resampling with the filter [1, 2, 1] in both directions, as two means of neighbours.


def _double(x, channels):
    x = layers.AveragePooling2D(2, 1, "same")(layers.UpSampling2D()(x))
    return x if x.shape[-1] == channels else _conv1(x, channels)


def _halve(x, channels):
    x = x if x.shape[-1] == channels else _conv1(x, channels)
    return layers.AveragePooling2D(2, 2)(layers.AveragePooling2D(2, 1, "same")(x))


def _stages(image_shape, width, expansion, cardinality):
    """The side of the smallest map, and the width of each stage from there on."""
    root, times = doublings(image_shape)
    widths = (width,) * (times + 1) if isinstance(width, int) else tuple(width)
    if len(widths) != times + 1:
        raise ValueError(
            f"{image_shape[0]} x {image_shape[1]} images take {times + 1} stages: give as many "
            f"widths, not {len(widths)}."
        )
    if any(w * expansion % cardinality for w in widths):
        raise ValueError(
            f"cardinality must divide {expansion} times the width, and {cardinality} does not: "
            f"widths {', '.join(map(str, widths))}."
        )
    return root, widths


def r3gan_generator(
    image_shape: tuple[int, int, int],
    latent_dim: int = 64,
    width: int | tuple[int, ...] = 768,
    blocks: int = 2,
    cardinality: int = 96,
    expansion: int = 2,
) -> keras.Model:
    """Latents (n, latent_dim) to images (n, *image_shape), of any range.

    Args:
        image_shape: Square, with a side of 4 or 7 times a power of two.
        latent_dim: Length of the latent vector.
        width: Channels of every stage, or one number a stage from the smallest map on.
        blocks: Residual blocks a stage.
        cardinality: Groups of the 3x3 convolutions.
        expansion: How much wider these are than the stage.

    Raises:
        ValueError: For a side that doubling cannot make, or widths that do not fit.

    Example:

        >>> r3gan_generator((32, 32, 3)).count_params()
        20732160
    """
    root, widths = _stages(image_shape, width, expansion, cardinality)
    latents = keras.Input((latent_dim,), name="latents")
    scales = layers.Dense(widths[0], use_bias=False, kernel_initializer=_normal(latent_dim))
    x = LearnedBasis(root)(scales(latents))
    for i, channels in enumerate(widths):
        x = _double(x, channels) if i else x
        for _ in range(blocks):
            x = _block(x, expansion, cardinality, blocks * len(widths))
    last = layers.Conv2D(
        image_shape[-1],
        1,
        use_bias=False,
        kernel_initializer=_normal(widths[-1]),
        dtype="float32",
        name="to_image",
    )
    return keras.Model(latents, last(x), name="generator")


def r3gan_discriminator(
    image_shape: tuple[int, int, int],
    width: int | tuple[int, ...] = 768,
    blocks: int = 2,
    cardinality: int = 96,
    expansion: int = 2,
) -> keras.Model:
    """Images (n, *image_shape) to logits (n, 1): the generator's mirror image.

    Args:
        image_shape: As for `r3gan_generator`, and so are the rest.
        width: Channels of every stage, or one number a stage from the smallest map on.
        blocks: Residual blocks a stage.
        cardinality: Groups of the 3x3 convolutions.
        expansion: How much wider these are than the stage.

    Raises:
        ValueError: For a side that halving does not bring to 4 or 7, or widths that do not fit.

    Example:

        >>> r3gan_discriminator((32, 32, 3)).output_shape
        (None, 1)
    """
    root, widths = _stages(image_shape, width, expansion, cardinality)
    images = keras.Input(image_shape, name="images")
    x = _conv1(images, widths[-1])
    for i in reversed(range(len(widths))):
        for _ in range(blocks):
            x = _block(x, expansion, cardinality, blocks * len(widths))
        x = _halve(x, widths[i - 1]) if i else x
    basis = layers.DepthwiseConv2D(
        root, use_bias=False, depthwise_initializer=_normal(root * root), name="basis"
    )
    x = layers.Flatten()(basis(x))
    logits = layers.Dense(
        1, use_bias=False, kernel_initializer=_normal(widths[0]), dtype="float32", name="logits"
    )
    return keras.Model(images, logits(x), name="discriminator")
