"""DiscoGAN's encoder-decoder and its discriminator, as in the code of Kim et al. 2017.

4x4 convolutions of stride 2 without bias, batch normalisation but at the ends, and weights from
U(-1, 1) / sqrt(inputs of a unit), PyTorch's default.
"""

import keras
from keras import layers

from kgen.networks.features import STAGE


def _convolution(kind, channels, stride=2, padding="same", size=4, **options):
    weights = keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform")
    return kind(
        channels, size, stride, padding, use_bias=False, kernel_initializer=weights, **options
    )


def _normalise(x):
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)


def _halvings(image_shape, halvings):
    """How often sides are halved: as given, or until one would be below 4 or odd."""
    height, width = image_shape[:2]
    if halvings is None:
        halvings = 0
        while all(side % 2 ** (halvings + 1) == 0 for side in (height, width)) and (
            min(height, width) >> (halvings + 1) >= 4
        ):
            halvings += 1
    if halvings < 1 or height % 2**halvings or width % 2**halvings:
        raise ValueError(
            f"DiscoGAN's networks halve images {halvings} times, which {height} x {width} does not "
            "allow: take sides of 8 or more that are multiples of a power of two."
        )
    return halvings


def discogan_generator(
    image_shape: tuple[int, int, int],
    channels: int | None = None,
    width: int = 64,
    halvings: int | None = None,
    bottleneck: int | None = None,
    name: str = "generator",
) -> keras.Model:
    """Images to images of the same size in [-1, 1] through an encoder and a decoder.

    Four convolutions of 64, 128, 256 and 512 channels and four transposed ones at 64 pixels. The
    authors' outputs are sigmoids in [0, 1]; `tanh(a / 2)` is the same in [-1, 1].

    Args:
        image_shape: (height, width, channels).
        channels: Of the output; the input's by default.
        width: Channels of the first map; later ones have twice as many.
        halvings: How many convolutions; by default as many as leave maps of 4 pixels or more.
        bottleneck: If given, one convolution more, of the whole map to a vector of this length,
            and back; 100 in the authors' code, for bags and shoes.
        name: Name of the network.

    Raises:
        ValueError: If so many convolutions do not halve both sides evenly.

    Example:

        >>> discogan_generator((64, 64, 3)).count_params()
        5516544
    """
    halvings = _halvings(image_shape, halvings)
    widths = [width * 2**i for i in range(halvings)]
    images = keras.Input(image_shape, name="images")
    x = images
    for i, outputs in enumerate(widths):
        x = _convolution(layers.Conv2D, outputs)(x)
        x = layers.LeakyReLU(0.2)(_normalise(x) if i else x)
    if bottleneck:
        whole = {"stride": 1, "padding": "valid", "size": x.shape[1:3]}
        x = _normalise(_convolution(layers.Conv2D, bottleneck, **whole)(x))
        x = layers.LeakyReLU(0.2)(x)
        x = _normalise(_convolution(layers.Conv2DTranspose, widths[-1], **whole)(x))
        x = layers.ReLU()(x)
    for outputs in widths[-2::-1]:
        x = layers.ReLU()(_normalise(_convolution(layers.Conv2DTranspose, outputs)(x)))
    x = _convolution(layers.Conv2DTranspose, channels or image_shape[-1], dtype="float32")(x)
    x = layers.Rescaling(0.5, dtype="float32")(x)
    x = layers.Activation("tanh", dtype="float32", name="to_image")(x)
    return keras.Model(images, x, name=name)


def discogan_discriminator(
    image_shape: tuple[int, int, int],
    width: int = 64,
    halvings: int | None = None,
    name: str = "discriminator",
) -> keras.Model:
    """Images to logits (n, 1); the maps from the second on are its stages, for their matching.

    Args:
        image_shape: (height, width, channels).
        width: Channels of the first map; later ones have twice as many.
        halvings: See `discogan_generator`.
        name: Name of the network.

    Raises:
        ValueError: See `discogan_generator`.

    Example:

        >>> discogan_discriminator((64, 64, 3)).output_shape
        (None, 1)
    """
    images = keras.Input(image_shape, name="images")
    x = images
    for i in range(_halvings(image_shape, halvings)):
        x = _convolution(layers.Conv2D, width * 2**i)(x)
        x = _normalise(x) if i else x
        x = layers.LeakyReLU(0.2, name=f"{STAGE}_{i}" if i else None)(x)
    whole = {"stride": 1, "padding": "valid", "size": x.shape[1:3], "dtype": "float32"}
    logits = _convolution(layers.Conv2D, 1, **whole)(x)
    return keras.Model(images, layers.Flatten(dtype="float32", name="logits")(logits), name=name)
