"""WGAN-GP's residual generator and critic (Gulrajani et al. 2017, appendix C, for CIFAR-10).

Facts where the paper is silent are from the authors' code: convolutions before a ReLU start from
He's variance and the rest from Glorot's, both uniform; a shortcut that changes the size is a 1x1
convolution.
"""

import keras
from keras import layers

from kgen.networks.sizes import doublings


def _conv(channels, size, scale=2.0):
    # A new initializer for each layer: one object gives equal shapes equal values.
    weights = keras.initializers.VarianceScaling(scale, "fan_avg", "uniform")
    return layers.Conv2D(channels, size, padding="same", kernel_initializer=weights)


def _halve(x):
    return layers.AveragePooling2D(2)(x)


def _up_block(x, channels):
    shortcut = _conv(channels, 1, 1.0)(layers.UpSampling2D()(x))
    y = layers.UpSampling2D()(layers.ReLU()(layers.BatchNormalization()(x)))
    y = _conv(channels, 3)(y)
    y = _conv(channels, 3)(layers.ReLU()(layers.BatchNormalization()(y)))
    return layers.Add()([shortcut, y])


def _first_block(images, channels):
    """The critic's first, whose shortcut halves before its convolution and which has no ReLU."""
    y = layers.ReLU()(_conv(channels, 3)(images))
    y = _halve(_conv(channels, 3)(y))
    return layers.Add()([_conv(channels, 1, 1.0)(_halve(images)), y])


def _critic_block(x, halve):
    channels = x.shape[-1]
    y = _conv(channels, 3)(layers.ReLU()(x))
    y = _conv(channels, 3)(layers.ReLU()(y))
    if halve:
        x, y = _halve(_conv(channels, 1, 1.0)(x)), _halve(y)
    return layers.Add()([x, y])


def wgangp_generator(
    image_shape: tuple[int, int, int], latent_dim: int = 128, width: int = 128
) -> keras.Model:
    """Latents (n, latent_dim) to images (n, *image_shape) in [-1, 1].

    A dense layer to a small map, one residual block for each doubling of it, all of one width, with
    batch normalisation.

    Args:
        image_shape: Square, with a side of 4 or 7 times a power of two; the paper's is (32, 32, 3).
        latent_dim: Length of the latent vector.
        width: Channels of every map.

    Raises:
        ValueError: For a side that doubling cannot make.

    Example:

        >>> wgangp_generator((32, 32, 3)).count_params()
        1206275
    """
    root, times = doublings(image_shape)
    latents = keras.Input((latent_dim,), name="latents")
    x = layers.Reshape((root, root, width))(layers.Dense(root * root * width)(latents))
    for _ in range(times):
        x = _up_block(x, width)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    last = layers.Conv2D(image_shape[-1], 3, padding="same", activation="tanh", dtype="float32")
    return keras.Model(latents, last(x), name="generator")


def wgangp_critic(image_shape: tuple[int, int, int], width: int = 128) -> keras.Model:
    """Images (n, *image_shape) to scores (n, 1), without any normalisation.

    Residual blocks that halve the image until its side is at most 8, two that do not, the mean over
    the places of the map, and a dense layer without bias, which no Wasserstein critic could learn.

    Args:
        image_shape: As for `wgangp_generator`.
        width: Channels of every map.

    Raises:
        ValueError: For a side that halving does not bring to 4 or 7.

    Example:

        >>> wgangp_critic((32, 32, 3)).output_shape
        (None, 1)
    """
    doublings(image_shape)
    images = keras.Input(image_shape, name="images")
    x = _first_block(images, width)
    while x.shape[1] > 8:
        x = _critic_block(x, halve=True)
    for _ in range(2):
        x = _critic_block(x, halve=False)
    x = layers.GlobalAveragePooling2D()(layers.ReLU()(x))
    logits = layers.Dense(1, use_bias=False, dtype="float32", name="logits")(x)
    return keras.Model(images, logits, name="discriminator")
