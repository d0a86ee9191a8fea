"""StarGAN's two networks: one generator for all domains, and a discriminator that tells them.

As in the code of Choi et al. 2018: instance normalisation with gain and shift in the generator,
none in the discriminator, and weights from U(-1, 1) / sqrt(inputs of a unit), PyTorch's default.
"""

import keras
from keras import layers

from kgen.layers import LabelPlanes


def _weights():
    # A new initializer for each layer: one object gives equal shapes equal values.
    return keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform")


def _conv(x, channels, size, stride=1, transposed=False):
    # Zero padding: reflected at its border a label's plane stays constant, and the normalisation
    # that follows would remove it. There, too, a bias would be lost.
    kind = layers.Conv2DTranspose if transposed else layers.Conv2D
    x = kind(channels, size, stride, "same", use_bias=False, kernel_initializer=_weights())(x)
    return layers.GroupNormalization(groups=-1, epsilon=1e-5)(x)


def stargan_generator(
    image_shape: tuple[int | None, int | None, int],
    domains: int,
    width: int = 64,
    blocks: int = 6,
) -> keras.Model:
    """Images and the domains they shall show, to images of the same size in [-1, 1].

    `c7s1-64, d128, d256, R256 x blocks, u128, u64, c7s1-channels` of the images joined to one
    constant plane for each domain, with zero padding throughout. Fully convolutional: any side that
    4 divides.

    Args:
        image_shape: Height and width may be `None`.
        domains: How many there are; the second input is (n, domains).
        width: Channels of the first map.
        blocks: Residual blocks; 6 in the paper.

    Raises:
        ValueError: If 4 does not divide a given height or width.

    Example:

        >>> stargan_generator((128, 128, 3), domains=5).count_params()
        8430528
    """
    for side in image_shape[:2]:
        if side is not None and side % 4:
            raise ValueError(
                f"StarGAN's generator halves images twice: sides must be multiples of 4, not "
                f"{image_shape[0]} x {image_shape[1]}."
            )
    images = keras.Input(image_shape, name="images")
    vectors = keras.Input((domains,), name="domains")
    x = layers.ReLU()(_conv(LabelPlanes()([images, vectors]), width, 7))
    for factor in (2, 4):
        x = layers.ReLU()(_conv(x, width * factor, 4, 2))
    for _ in range(blocks):
        y = layers.ReLU()(_conv(x, width * 4, 3))
        x = layers.Add()([x, _conv(y, width * 4, 3)])
    for factor in (2, 1):
        x = layers.ReLU()(_conv(x, width * factor, 4, 2, transposed=True))
    last = layers.Conv2D(
        image_shape[-1],
        7,
        padding="same",
        use_bias=False,
        activation="tanh",
        kernel_initializer=_weights(),
        dtype="float32",
        name="to_image",
    )
    return keras.Model([images, vectors], last(x), name="generator")


def stargan_discriminator(
    image_shape: tuple[int, int, int], domains: int, width: int = 64, downsamplings: int = 6
) -> keras.Model:
    """Images to a map of logits 'real', and to the logits of the domains.

    `C64-C128-...`, 4x4 with stride 2, leaky ReLU of slope 0.01 and no normalisation, then a 3x3
    convolution to one channel and one over the whole map to the domains.

    Args:
        image_shape: (height, width, channels).
        domains: How many there are.
        width: Channels of the first map; each later one has twice as many.
        downsamplings: How many convolutions; 6 in the paper.

    Returns:
        A model to (n, rows, columns, 1) and (n, domains).

    Raises:
        ValueError: If so many convolutions do not halve both sides evenly.

    Example:

        >>> stargan_discriminator((128, 128, 3), domains=5).output_shape
        [(None, 2, 2, 1), (None, 5)]
    """
    if any(side is None or side % 2**downsamplings for side in image_shape[:2]):
        raise ValueError(
            f"StarGAN's discriminator halves images {downsamplings} times, which "
            f"{image_shape[0]} x {image_shape[1]} do not allow: use fewer downsamplings, or sides "
            f"that are multiples of {2**downsamplings}."
        )
    images = keras.Input(image_shape, name="images")
    x = images
    for i in range(downsamplings):
        x = layers.Conv2D(width * 2**i, 4, 2, "same", kernel_initializer=_weights())(x)
        x = layers.LeakyReLU(0.01)(x)
    head = {"use_bias": False, "dtype": "float32"}
    logits = layers.Conv2D(
        1, 3, padding="same", kernel_initializer=_weights(), name="logits", **head
    )(x)
    guesses = layers.Conv2D(domains, x.shape[1:3], kernel_initializer=_weights(), **head)(x)
    guesses = layers.Flatten(dtype="float32", name="domains")(guesses)
    return keras.Model(images, [logits, guesses], name="discriminator")
