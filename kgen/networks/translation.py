"""Image-to-image networks: Johnson's residual generator and the PatchGAN discriminator.

As CycleGAN has them (Zhu et al. 2017, appendix 7.2): instance normalisation without gain and shift,
reflection padding, weights from N(0, 0.02).
"""

import keras
from keras import layers

from kgen.layers import ReflectionPadding2D


def _weights():
    # A new initializer for each layer: one object gives equal shapes equal values.
    return keras.initializers.RandomNormal(0.0, 0.02)


def _conv(x, channels, size, stride=1, padding="valid"):
    # Instance normalisation follows and removes any constant, so there is no bias.
    return layers.Conv2D(
        channels, size, stride, padding, use_bias=False, kernel_initializer=_weights()
    )(x)


def _normalise(x):
    return layers.GroupNormalization(groups=-1, epsilon=1e-5, center=False, scale=False)(x)


def _residual_block(x):
    channels = x.shape[-1]
    y = _conv(ReflectionPadding2D(1)(x), channels, 3)
    y = layers.ReLU()(_normalise(y))
    y = _conv(ReflectionPadding2D(1)(y), channels, 3)
    return layers.Add()([x, _normalise(y)])


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
    x = layers.ReLU()(_normalise(x))
    for factor in (2, 4):
        x = _conv(x, width * factor, 3, 2, "same")
        x = layers.ReLU()(_normalise(x))
    for _ in range(blocks):
        x = _residual_block(x)
    for factor in (2, 1):
        x = layers.Conv2DTranspose(
            width * factor, 3, 2, "same", use_bias=False, kernel_initializer=_weights()
        )(x)
        x = layers.ReLU()(_normalise(x))
    last = layers.Conv2D(
        channels or image_shape[-1],
        7,
        activation="tanh",
        kernel_initializer=_weights(),
        dtype="float32",
        name="to_image",
    )
    return keras.Model(images, last(ReflectionPadding2D(3)(x)), name=name)


def patchgan(
    image_shape: tuple[int | None, int | None, int],
    width: int = 64,
    downsamplings: int = 3,
    name: str = "discriminator",
) -> keras.Model:
    """Images to a map of logits, each judging one patch.

    `C64-C128-C256-C512` and a last convolution to one channel, all 4x4 with leaky ReLU of slope
    0.2; three strides of 2 give patches of 70 x 70 pixels (Isola et al. 2017, appendix 6.1.2).

    Args:
        image_shape: Of the input; height and width may be `None`.
        width: Channels of the first map; later ones double, up to 8 times.
        downsamplings: How many convolutions have stride 2; the patch's side is 16 with one, 34 with
            two, 70 with three, 286 with five.
        name: Name of the network.

    Returns:
        A model to (n, rows, columns, 1).

    Raises:
        ValueError: If the image is too small for so many convolutions.

    Example:

        >>> patchgan((256, 256, 3)).output_shape
        (None, 30, 30, 1)
    """
    smallest = 2 ** (downsamplings + 1) + 2**downsamplings
    if any(side is not None and side < smallest for side in image_shape[:2]):
        raise ValueError(
            f"a PatchGAN with {downsamplings} downsamplings needs images of at least "
            f"{smallest} x {smallest}, not {image_shape[0]} x {image_shape[1]}: use fewer."
        )
    images = keras.Input(image_shape, name="images")
    x = images
    for i in range(downsamplings + 1):
        # The authors pad every convolution by one pixel, also the last two, of stride 1.
        channels, stride = width * min(2**i, 8), 2 if i < downsamplings else 1
        x = layers.ZeroPadding2D(1)(x)
        if i == 0:
            x = layers.Conv2D(channels, 4, stride, kernel_initializer=_weights())(x)
        else:
            x = _normalise(_conv(x, channels, 4, stride))
        x = layers.LeakyReLU(0.2)(x)
    last = layers.Conv2D(1, 4, kernel_initializer=_weights(), dtype="float32", name="logits")
    return keras.Model(images, last(layers.ZeroPadding2D(1)(x)), name=name)
