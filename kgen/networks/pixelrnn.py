"""The networks of PixelRNN: residual layers of LSTMs over rows or diagonals."""

import keras
from keras import layers

from kgen.layers import DiagonalLSTM, MaskedConv2D, RowLSTM
from kgen.networks.pixelcnn import masked_head

RECURRENCES = ("row", "diagonal")


def pixelrnn(
    image_shape: tuple[int, int, int],
    outputs: int,
    recurrence: str = "diagonal",
    width: int = 16,
    blocks: int = 7,
) -> keras.Model:
    """Images to what each pixel's distribution is, by recurrent layers.

    Van den Oord et al., *Pixel Recurrent Neural Networks*, 2016, table 1: a 7x7 convolution with
    mask A, residual LSTM layers of `width` units between maps of `2 width` channels, two 1x1 ReLU
    layers and the output. (The first reverse LSTM also sees the image, so that no pixel is missed.)

    Args:
        image_shape: (height, width, channels).
        outputs: Numbers for each pixel, in equal parts for its channels.
        recurrence: `"row"` for the Row LSTM (a triangle above the pixel), `"diagonal"` for the
            Diagonal BiLSTM (all pixels before).
        width: The paper's h: 16 for MNIST, 128 for CIFAR-10.
        blocks: How many LSTM layers: 7 for MNIST, 12 for CIFAR-10.

    Raises:
        ValueError: For an unknown recurrence.

    Example:

        >>> pixelrnn((28, 28, 1), outputs=1, blocks=1).output_shape
        (None, 28, 28, 1)
    """
    if recurrence not in RECURRENCES:
        raise ValueError(f"recurrence must be one of {RECURRENCES}, got {recurrence!r}.")
    colours = image_shape[-1]
    images = keras.Input(image_shape, name="images")
    x = MaskedConv2D(2 * width, 7, "A", colours=colours)(images)
    for block in range(blocks):
        if recurrence == "row":
            y = RowLSTM(width)(_gates(x, (1, 3), width, colours))
        else:
            y = _diagonal(x, None if block else images, width, colours)
        y = MaskedConv2D(2 * width, 1, "B", colours=colours)(y)
        x = layers.Add()([x, y])
    return keras.Model(images, masked_head(x, outputs, colours, 2 * width), name="pixelrnn")


def _gates(x, size: tuple[int, int], width: int, colours: int):
    return MaskedConv2D(4 * width, size, "B", colours=colours, blocks=4, use_bias=False)(x)


def _diagonal(x, images, width: int, colours: int):
    forward = DiagonalLSTM(width)(_gates(x, (1, 1), width, colours))
    # What runs from the right is moved down by a row, where all colours are known: no mask. And it
    # may see the image's own pixels, which features behind mask A lag by one; without them the
    # last pixel of a row would be unknown to most of the next.
    seen = x if images is None else layers.Concatenate()([x, images])
    backward = DiagonalLSTM(width, reverse=True)(layers.Dense(4 * width, use_bias=False)(seen))
    return layers.Add()([forward, backward])
