"""Johnson's residual generator of images from images.

As CycleGAN has it (Zhu et al. 2017, appendix 7.2): instance normalisation without gain and shift,
reflection padding, weights from N(0, 0.02).
"""

import keras
from keras import layers

from kgen.layers import ReflectionPadding2D
from kgen.networks.instance import normalise, weights


def _conv(x, channels, size, stride=1, padding="valid"):
    # Instance normalisation follows and removes any constant, so there is no bias.
    return layers.Conv2D(
        channels, size, stride, padding, use_bias=False, kernel_initializer=weights()
    )(x)


def _residual_block(x):
    channels = x.shape[-1]
    y = _conv(ReflectionPadding2D(1)(x), channels, 3)
    y = layers.ReLU()(normalise(y))
    y = _conv(ReflectionPadding2D(1)(y), channels, 3)
    return layers.Add()([x, normalise(y)])


def resnet_generator(
    image_shape: tuple[int | None, int | None, int],
    channels: int | None = None,
    blocks: int = 9,
    width: int = 64,
    name: str = "generator",
) -> keras.Model:
    """Images to images of the same size in [-1, 1], through residual blocks at a quarter of it.

    `c7s1-64, d128, d256, R256 x blocks, u128, u64, c7s1-channels`. Fully convolutional: any side
    that 4 divides.

    Args:
        image_shape: Of the input; height and width may be `None`.
        channels: Of the output; the input's by default.
        blocks: 6 for 128 x 128 images and 9 from 256 x 256 on, in the paper.
        width: Channels of the first map.
        name: Name of the network.

    Raises:
        ValueError: If 4 does not divide a given height or width, or these are below 8.

    Example:

        >>> resnet_generator((256, 256, 3)).count_params()
        11372931
    """
    for side in image_shape[:2]:
        if side is not None and (side % 4 or side < 8):
            raise ValueError(
                f"the residual generator halves images twice: sides must be at least 8 and "
                f"multiples of 4, not {image_shape[0]} x {image_shape[1]}."
            )
    images = keras.Input(image_shape, name="images")
    x = _conv(ReflectionPadding2D(3)(images), width, 7)
    x = layers.ReLU()(normalise(x))
    for factor in (2, 4):
        x = _conv(x, width * factor, 3, 2, "same")
        x = layers.ReLU()(normalise(x))
    for _ in range(blocks):
        x = _residual_block(x)
    for factor in (2, 1):
        x = layers.Conv2DTranspose(
            width * factor, 3, 2, "same", use_bias=False, kernel_initializer=weights()
        )(x)
        x = layers.ReLU()(normalise(x))
    last = layers.Conv2D(
        channels or image_shape[-1],
        7,
        activation="tanh",
        kernel_initializer=weights(),
        dtype="float32",
        name="to_image",
    )
    return keras.Model(images, last(ReflectionPadding2D(3)(x)), name=name)
