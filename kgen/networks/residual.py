"""Residual blocks that double or halve maps, and the projection at a discriminator's end.

Those of SNGAN (Miyato et al. 2018, appendix B.4), which many class-conditional networks have.
What a convolution is, with spectral normalisation or without, the caller says:
`conv(x, channels, size)`. A 1x1 convolution and a resampling next to it may change places, so
shortcuts convolve the smaller map.
"""

from collections.abc import Callable

from keras import layers

from kgen.layers import SpectralNormalization
from kgen.networks.features import FEATURES


def up_block(x, channels: int, normalise: Callable, conv: Callable):
    """Maps twice as large: normalise, ReLU, double, 3x3; normalise, ReLU, 3x3; plus a shortcut."""
    shortcut = layers.UpSampling2D()(conv(x, channels, 1))
    x = layers.UpSampling2D()(layers.ReLU()(normalise(x)))
    x = layers.ReLU()(normalise(conv(x, channels, 3)))
    return layers.Add()([shortcut, conv(x, channels, 3)])


def down_block(
    x,
    channels: int,
    conv: Callable,
    halve: bool = True,
    first: bool = False,
    hidden: int | None = None,
):
    """Maps half as large, or as large: ReLU, 3x3, ReLU, 3x3, average; plus a shortcut.

    Args:
        x: (n, height, width, any).
        channels: Of the output.
        conv: See above.
        halve: Whether to halve.
        first: Whether `x` are images, which have no ReLU before them.
        hidden: Channels between the two convolutions, by default as many as of the output.
    """

    def smaller(y):
        return layers.AveragePooling2D(2)(y) if halve else y

    shortcut = smaller(x)
    if halve or x.shape[-1] != channels:
        shortcut = conv(shortcut, channels, 1)
    x = x if first else layers.ReLU()(x)
    x = layers.ReLU()(conv(x, channels if hidden is None else hidden, 3))
    return layers.Add()([shortcut, smaller(conv(x, channels, 3))])


def projection(x, labels, classes: int, initializer: Callable):
    """Logits `w h + b + <e(y), h>` of maps: Miyato & Koyama 2018, eq. 3.

    `h` is the sum over the places of the maps after a ReLU, in a layer called "features".

    Args:
        x: (n, height, width, channels).
        labels: int (n,).
        classes: How many classes there are.
        initializer: Makes one, for the table of classes `e` and for `w`.
    """
    # The sum over the places, as a mean times their number.
    x = layers.ReLU()(x)
    places = x.shape[1] * x.shape[2]
    features = layers.Rescaling(places, name=FEATURES)(layers.GlobalAveragePooling2D()(x))
    table = layers.Embedding(classes, features.shape[-1], embeddings_initializer=initializer())
    projected = layers.Dot(1, dtype="float32")([SpectralNormalization(table)(labels), features])
    level = layers.Dense(1, kernel_initializer=initializer(), dtype="float32")
    level = SpectralNormalization(level, dtype="float32")(features)
    return layers.Add(dtype="float32", name="logits")([level, projected])
