"""The network of PixelCNN++: two streams at three resolutions (Salimans et al. 2017)."""

import keras
from keras import layers

from kgen.layers import (
    CausalConv2D,
    CausalConv2DTranspose,
    ConcatELU,
    Dropout,
    GatedActivation,
    OnesChannel,
    WeightNormalization,
)

_KERNELS = {"centred": (2, 3), "left": (2, 2)}


def pixelcnn_plus_plus(
    image_shape: tuple[int, int, int],
    outputs: int,
    width: int = 160,
    blocks: int = 5,
    resolutions: int = 3,
    dropout: float = 0.5,
) -> keras.Model:
    """Images to what each pixel's distribution is, from all pixels before.

    A down-shifted stream sees the rows above; a down-right-shifted one also what is to the left,
    and the first stream in each of its blocks. Gated residual blocks go down through the
    resolutions and up again, and each block on the way up also sees one on the way down.

    Every layer is weight-normalised: set its scales from data before training, with
    `kgen.layers.initialize_from_data`.

    Args:
        image_shape: (height, width, channels), sides divisible by `2 ** (resolutions - 1)`.
        outputs: Numbers for each pixel, of all its channels together.
        width: Channels of both streams.
        blocks: Gated residual blocks at each resolution on the way down (one more on the way up,
            but for the lowest).
        resolutions: How many, each half the one before.
        dropout: In each block.

    Raises:
        ValueError: For sides that cannot be halved as often.

    Example:

        >>> pixelcnn_plus_plus((8, 8, 3), 100, width=4, blocks=1).output_shape
        (None, 8, 8, 100)
    """
    if any(side % 2 ** (resolutions - 1) for side in image_shape[:2]):
        raise ValueError(
            f"images of {image_shape[0]}x{image_shape[1]} cannot be halved {resolutions - 1} times."
        )
    images = keras.Input(image_shape, name="images")
    x = OnesChannel()(images)
    down = [_conv(width, (2, 3), "centred", down=1)(x)]
    to_left = _conv(width, (2, 1), "left", right=1)(x)
    right = [layers.Add()([_conv(width, (1, 3), "centred", down=1)(x), to_left])]

    for resolution in range(resolutions):
        if resolution:
            down.append(_conv(width, (2, 3), "centred", strides=2)(down[-1]))
            right.append(_conv(width, (2, 2), "left", strides=2)(right[-1]))
        for _ in range(blocks):
            down.append(_block(down[-1], [], "centred", width, dropout))
            right.append(_block(right[-1], [down[-1]], "left", width, dropout))

    u, ul = down.pop(), right.pop()
    for resolution in reversed(range(resolutions)):
        lowest = resolution == resolutions - 1
        for _ in range(blocks if lowest else blocks + 1):
            u = _block(u, [down.pop()], "centred", width, dropout)
            ul = _block(ul, [u, right.pop()], "left", width, dropout)
        if resolution:
            u = WeightNormalization(CausalConv2DTranspose(width, "centred", **_weights()))(u)
            ul = WeightNormalization(CausalConv2DTranspose(width, "left", **_weights()))(ul)
    # Last layers compute in float32 under any policy: likelihoods need every digit.
    last = WeightNormalization(
        layers.Dense(outputs, dtype="float32", **_weights()), dtype="float32", name="to_parameters"
    )
    return keras.Model(images, last(layers.ELU()(ul)), name="pixelcnn_plus_plus")


def _weights() -> dict:
    return {"kernel_initializer": keras.initializers.RandomNormal(0.0, 0.05)}


def _conv(width: int, size: tuple[int, int], columns: str, initial_deviation=1.0, **arguments):
    layer = CausalConv2D(width, size, columns, **arguments, **_weights())
    return WeightNormalization(layer, initial_deviation=initial_deviation)


def _block(x, others: list, columns: str, width: int, dropout: float):
    """A gated residual block; what else it sees enters through a 1x1 layer."""
    y = _conv(width, _KERNELS[columns], columns)(ConcatELU()(x))
    if others:
        other = others[0] if len(others) == 1 else layers.Concatenate()(others)
        seen = WeightNormalization(layers.Dense(width, **_weights()))(ConcatELU()(other))
        y = layers.Add()([y, seen])
    y = Dropout(dropout)(ConcatELU()(y))
    y = _conv(2 * width, _KERNELS[columns], columns, initial_deviation=0.1)(y)
    return layers.Add()([x, GatedActivation("linear")(y)])
