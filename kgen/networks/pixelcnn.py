"""The networks of PixelCNN and the Gated PixelCNN: masked convolutions, and two gated stacks."""

import keras
from keras import layers

from kgen.layers import CausalConv2D, GatedActivation, MaskedConv2D


def masked_head(x, outputs: int, colours: int, width: int):
    """Two 1x1 ReLU layers and the numbers for each pixel, in float32 (van den Oord et al. 2016)."""
    x = layers.ReLU()(x)
    for _ in range(2):
        x = MaskedConv2D(width, 1, "B", colours=colours, activation="relu")(x)
    last = MaskedConv2D(outputs, 1, "B", colours=colours, dtype="float32", name="to_parameters")
    return last(x)


def pixelcnn(
    image_shape: tuple[int, int, int], outputs: int, width: int = 32, blocks: int = 7
) -> keras.Model:
    """Images to what each pixel's distribution is, from the pixels and colours before.

    Van den Oord et al., *Pixel Recurrent Neural Networks*, 2016, table 1 and figure 5: a 7x7
    convolution with mask A, residual blocks (ReLU, 1x1, ReLU, 3x3, ReLU, 1x1, all with mask B)
    between maps of `2 width` channels with `width` inside, two 1x1 ReLU layers and the output. The
    masks leave a blind spot above on the right.

    Args:
        image_shape: (height, width, channels).
        outputs: Numbers for each pixel, in equal parts for its channels.
        width: The paper's h: 128 for CIFAR-10.
        blocks: How many residual blocks: 15 for CIFAR-10.

    Example:

        >>> pixelcnn((28, 28, 1), outputs=1).output_shape
        (None, 28, 28, 1)
    """
    colours = image_shape[-1]
    images = keras.Input(image_shape, name="images")
    x = MaskedConv2D(2 * width, 7, "A", colours=colours)(images)
    for _ in range(blocks):
        y = layers.ReLU()(x)
        y = MaskedConv2D(width, 1, "B", colours=colours, activation="relu")(y)
        y = MaskedConv2D(width, 3, "B", colours=colours, activation="relu")(y)
        y = MaskedConv2D(2 * width, 1, "B", colours=colours)(y)
        x = layers.Add()([x, y])
    return keras.Model(images, masked_head(x, outputs, colours, 2 * width), name="pixelcnn")


def gated_pixelcnn(
    image_shape: tuple[int, int, int],
    outputs: int,
    width: int = 32,
    blocks: int = 7,
    classes: int | None = None,
) -> keras.Model:
    """Images, and a class if there are any, to each pixel's distribution: no blind spot.

    Van den Oord et al., *Conditional Image Generation with PixelCNN Decoders*, 2016, figure 2. The
    vertical stack sees all rows above, the horizontal one what is to the left and, through a 1x1
    convolution in each block, the vertical stack. Both are gated; only the horizontal one is
    residual. A class adds a learned vector to what enters each gate (eq. 4).

    The vertical stack is moved down by one row at its entry, where the paper moves what leaves it
    in each block: the same, but for zeros at the border.

    Args:
        image_shape: (height, width, channels).
        outputs: Numbers for each pixel, in equal parts for its channels.
        width: Channels of both stacks: 128 for ImageNet.
        blocks: How many 3x3 blocks follow the first one of 7x7.
        classes: How many classes the images have; `None` for no class input.

    Returns:
        A model of `images`, or of `[images, labels]` with labels int32 (n,).

    Example:

        >>> network = gated_pixelcnn((8, 8, 3), outputs=768, width=6, blocks=1, classes=10)
        >>> [tensor.name for tensor in network.inputs], network.output_shape
        (['images', 'labels'], (None, 8, 8, 768))
    """
    colours = image_shape[-1]
    images = keras.Input(image_shape, name="images")
    labels = None if classes is None else keras.Input((), dtype="int32", name="labels")
    vertical = horizontal = images
    for block in range(blocks + 1):
        first = block == 0
        size = 7 if first else 3
        v = CausalConv2D(2 * width, (size // 2 + (not first), size), down=int(first))(vertical)
        h = MaskedConv2D(2 * width, (1, size), "A" if first else "B", colours=colours, blocks=2)(
            horizontal
        )
        h = layers.Add()([h, layers.Dense(2 * width)(v)])
        vertical = GatedActivation()(_conditioned(v, labels, classes))
        h = GatedActivation()(_conditioned(h, labels, classes))
        h = MaskedConv2D(width, 1, "B", colours=colours)(h)
        horizontal = h if first else layers.Add()([horizontal, h])
    parameters = masked_head(horizontal, outputs, colours, 2 * width)
    inputs = images if labels is None else [images, labels]
    return keras.Model(inputs, parameters, name="gated_pixelcnn")


def _conditioned(x, labels, classes: int | None):
    if labels is None:
        return x
    channels = x.shape[-1]
    of_class = layers.Embedding(classes, channels)(labels)
    return layers.Add()([x, layers.Reshape((1, 1, channels))(of_class)])
