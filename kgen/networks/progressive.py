"""Networks that grow: the generator and discriminator of Karras et al. 2018, table 2.

All stages exist from the start. A second input, `growth` (n, 1), says how far the network has
grown: at `growth` k the k-th resolution (counted from 0) stands alone, and between k - 1 and k it
fades in. What is above has no part in the output, exactly, so that a smaller network can be cut out
that gives the same: `generators_of` and `discriminators_of` cut one for each resolution.
"""

import math
import re
from collections.abc import Callable

import keras
from keras import layers

from kgen.layers import (
    EqualizedLearningRate,
    FadeIn,
    MinibatchStandardDeviation,
    PixelNormalization,
)
from kgen.networks.sizes import doublings

_SLOPE = 0.2
_GAIN = math.sqrt(2)
_FULL_WIDTH_SIDE = 32  # 512 channels up to maps of this side, then half of them at each doubling


def _sides(image_shape, first_side):
    """The sides of all maps, and of those that become images."""
    root, times = doublings(image_shape)
    maps = [root * 2**i for i in range(times + 1)]
    first = root if first_side is None else first_side
    if first not in maps:
        raise ValueError(
            f"first_side must be one of {', '.join(map(str, maps))}, on the way to "
            f"{image_shape[0]} pixels, got {first_side}."
        )
    return maps, maps[maps.index(first) :]


def _width(width, side):
    return width if side <= _FULL_WIDTH_SIDE else max(1, width * _FULL_WIDTH_SIDE // side)


def _conv(filters, kernel_size=3, gain=_GAIN, name=None, **kwargs):
    layer = layers.Conv2D(filters, kernel_size, padding="same", **kwargs)
    return EqualizedLearningRate(layer, gain, name=name, dtype=layer.dtype_policy)


def _dense(units, gain=_GAIN, name=None, **kwargs):
    layer = layers.Dense(units, **kwargs)
    return EqualizedLearningRate(layer, gain, name=name, dtype=layer.dtype_policy)


def progressive_generator(
    image_shape: tuple[int, int, int],
    latent_dim: int = 512,
    width: int = 512,
    first_side: int | None = None,
) -> keras.Model:
    """Latents (n, latent_dim) and growth (n, 1) to images (n, *image_shape), of any range.

    Latents are normalised; then a dense layer and a 3x3 convolution, and at each doubling (nearest
    neighbours) two 3x3 convolutions, all with equalised learning rates, leaky ReLU of slope 0.2 and
    pixelwise normalisation. A 1x1 convolution of gain 1 makes the images of each resolution.

    Args:
        image_shape: Square, with a side of 4 or 7 times a power of two.
        latent_dim: Length of the latent vector.
        width: Channels of maps up to side 32; each doubling from there on halves them.
        first_side: Of the first images; by default the smallest, 4 or 7.

    Raises:
        ValueError: For a side that doubling cannot make, or a first one that is not on the way.

    Example:

        >>> progressive_generator((1024, 1024, 3)).count_params()
        23086795
    """
    maps, sides = _sides(image_shape, first_side)
    latents = keras.Input((latent_dim,), name="latents")
    growth = keras.Input((1,), name="growth")

    def normalized(x):
        return PixelNormalization()(layers.LeakyReLU(_SLOPE)(x))

    # The authors' gain: that of a convolution that sees one latent vector at 16 places.
    first = _dense(maps[0] ** 2 * width, _GAIN / 4)(PixelNormalization()(latents))
    x = normalized(layers.Reshape((maps[0], maps[0], width))(first))
    x = normalized(_conv(width)(x))
    images = None
    for side in maps:
        if side > maps[0]:
            x = layers.UpSampling2D()(x)
            for _ in range(2):
                x = normalized(_conv(_width(width, side))(x))
        if side not in sides:
            continue
        to_rgb = _conv(image_shape[-1], 1, 1.0, name=f"to_rgb_{side}", dtype="float32")
        new = to_rgb(x)
        if images is not None:
            old = layers.UpSampling2D(dtype="float32")(images)
            fade = FadeIn(sides.index(side), name=f"fade_{side}", dtype="float32")
            new = fade([old, new, growth])
        images = new
    return keras.Model([latents, growth], images, name="generator")


def progressive_discriminator(
    image_shape: tuple[int, int, int],
    width: int = 512,
    first_side: int | None = None,
    group_size: int | None = None,
) -> keras.Model:
    """Images (n, *image_shape) and growth (n, 1) to logits (n, 1): the generator's mirror image.

    A 1x1 convolution reads the images of each resolution. Two 3x3 convolutions stand before each
    halving (a mean of four); then the standard deviation of the minibatch as a map of its own, a
    3x3 convolution and two dense layers. Nothing is normalised.

    Args:
        image_shape: See `progressive_generator`.
        width: Likewise.
        first_side: Likewise.
        group_size: Of `MinibatchStandardDeviation`; `None`, the whole batch, is the paper's, 4 and
            16 are those of the authors' code.

    Raises:
        ValueError: See `progressive_generator`.

    Example:

        >>> progressive_discriminator((1024, 1024, 3)).count_params()
        23087250
    """
    maps, sides = _sides(image_shape, first_side)
    made = {}
    for side in sides:
        made[f"from_rgb_{side}"] = keras.Sequential(
            [_conv(_width(width, side), 1), layers.LeakyReLU(_SLOPE)], name=f"from_rgb_{side}"
        )

    def halving(side):
        filters = (_width(width, side), _width(width, side // 2))
        convolutions = [x for n in filters for x in (_conv(n), layers.LeakyReLU(_SLOPE))]
        return [*convolutions, layers.AveragePooling2D(2)]

    for level, side in enumerate(sides[1:], start=1):
        made[f"stage_{side}"] = keras.Sequential(halving(side), name=f"stage_{side}")
        made[f"fade_{side}"] = FadeIn(level, name=f"fade_{side}")
    below = [side for side in reversed(maps[1:]) if side <= sides[0]]
    made["head"] = keras.Sequential(
        [
            *(layer for side in below for layer in halving(side)),
            MinibatchStandardDeviation(group_size),
            _conv(width),
            layers.LeakyReLU(_SLOPE),
            layers.Flatten(),
            _dense(width),
            layers.LeakyReLU(_SLOPE),
        ],
        name="head",
    )
    made["logit"] = _dense(1, 1.0, name="logit", dtype="float32")
    images, growth, _, logits = _look(made.__getitem__, sides, image_shape[-1])
    return keras.Model([images, growth], logits, name="discriminator")


def _look(layer, sides, channels):
    """Symbolic images of the last side, growth, features and logits; `layer` knows names."""
    images = keras.Input((sides[-1], sides[-1], channels), name="images")
    growth = keras.Input((1,), name="growth")
    x, seen = layer(f"from_rgb_{sides[-1]}")(images), images
    for i in range(len(sides) - 1, 0, -1):
        seen = layers.AveragePooling2D(2)(seen)
        old, new = layer(f"from_rgb_{sides[i - 1]}")(seen), layer(f"stage_{sides[i]}")(x)
        x = layer(f"fade_{sides[i]}")([old, new, growth])
    features = layer("head")(x)
    return images, growth, features, layer("logit")(features)


def sides_of(generator: keras.Model) -> list[int]:
    """The sides of the images that a network of `progressive_generator` makes as it grows.

    Raises:
        ValueError: If it is none.

    Example:

        >>> sides_of(progressive_generator((16, 16, 1), 4, 4))
        [4, 8, 16]
    """
    found = [re.fullmatch(r"to_rgb_(\d+)", layer.name) for layer in generator.layers]
    sides = sorted(int(match.group(1)) for match in found if match)
    if not sides:
        raise ValueError(
            f"{generator.name} cannot grow: build it with kgen.networks.progressive_generator."
        )
    return sides


# Both return functions and not models, so that the model whose attributes they become does not save
# the layers a second time.


def generators_of(generator: keras.Model) -> Callable:
    """A function of (latents, growth, side, training) to the images of one side.

    It runs no more of the network than that takes, and shares its weights.

    Raises:
        ValueError: See `sides_of`.
    """
    sides = sides_of(generator)
    last = [f"to_rgb_{sides[0]}", *(f"fade_{side}" for side in sides[1:])]
    parts = {
        side: keras.Model(generator.inputs, generator.get_layer(name).output)
        for side, name in zip(sides, last, strict=True)
    }
    return lambda latents, growth, side, training=False: parts[side](
        [latents, growth], training=training
    )


def discriminators_of(discriminator: keras.Model, sides: list[int]) -> Callable:
    """A function of (images, growth, training) to features and logits, by the images' side.

    It runs no more of the network than these images need, and shares its weights.

    Args:
        discriminator: From `progressive_discriminator`.
        sides: See `sides_of`.

    Raises:
        ValueError: If the network does not read images of these sides.
    """
    channels = discriminator.inputs[0].shape[-1]
    parts = {}
    for i, side in enumerate(sides):
        try:
            images, growth, *seen = _look(discriminator.get_layer, sides[: i + 1], channels)
        except ValueError as error:
            raise ValueError(
                f"{discriminator.name} does not grow over {', '.join(map(str, sides))} pixels: "
                "build it with kgen.networks.progressive_discriminator."
            ) from error
        parts[side] = keras.Model([images, growth], seen)
    return lambda images, growth, training=False: parts[images.shape[1]](
        [images, growth], training=training
    )
