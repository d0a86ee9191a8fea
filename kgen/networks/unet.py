"""The U-Net of pix2pix (Isola et al. 2017, appendix 6.1.1)."""

import keras
from keras import layers

from kgen.layers import GivenDropout
from kgen.networks.instance import normalise, weights

#: How many of the decoder's first layers have dropout.
_DROPPED = 3


def unet(
    image_shape: tuple[int | None, int | None, int],
    channels: int | None = None,
    depth: int | None = None,
    width: int = 64,
    dropout: float = 0.0,
    skips: bool = True,
    name: str = "generator",
) -> keras.Model:
    """Images to images of the same size in [-1, 1], each layer of the encoder seen by the decoder.

    At 256 pixels `C64-C128-C256-C512-C512-C512-C512-C512` down to a single pixel and
    `CD512-CD512-CD512-C512-C256-C128-C64` up again, where C is a 4x4 convolution of stride 2 with
    normalisation and (leaky) ReLU, and D dropout. The first layer has no normalisation, and neither
    has the innermost, whose one pixel it would set to zero. Normalisation is of each instance, with
    gain and shift: what the authors' batch normalisation is on their batch of one. No convolution
    has a bias, as the authors set theirs to zero at every step.

    With dropout the network takes `[images, noise]`, where `noise` are uniform numbers
    (n, all there are to drop): they are given, and not drawn within, so that a translation is a
    function of its inputs. In inference mode nothing is dropped.

    Args:
        image_shape: Of the input; sides are multiples of `2**depth`. Height and width may be `None`
            where `depth` is given and there is no dropout.
        channels: Of the output; the input's by default.
        depth: How many times the sides are halved; by default until one of them is odd, so to a
            single pixel from 64, 128 or 256 ones.
        width: Channels of the first map; later ones double, up to 8 times.
        dropout: The share to drop after each of the first three layers of the decoder; 0.5 in the
            paper.
        skips: Without them it is the encoder-decoder that the paper compares with.
        name: Name of the network.

    Raises:
        ValueError: If the sides cannot be halved so often, or an open size is all there is.

    Example:

        >>> network = unet((64, 64, 1), channels=3, width=8, dropout=0.5)
        >>> network.output_shape, network.input_shape[1]
        ((None, 64, 64, 3), (None, 3328))
        >>> unet((256, 256, 3)).count_params()
        54413952
    """
    depth = _checked_depth(image_shape, depth, dropout)
    widths = [width * min(2**i, 8) for i in range(depth)]
    images = keras.Input(image_shape, name="images")
    x, encoded = images, []
    for i, outputs in enumerate(widths):
        x = _convolution(layers.Conv2D, outputs)(layers.LeakyReLU(0.2)(x) if i else x)
        if 0 < i < depth - 1:
            x = normalise(x, affine=True)
        encoded.append(x)

    # What the decoder's hidden layers make, from the innermost out, and the sides of their maps.
    hidden = widths[-2::-1] if depth > 1 else []
    noise, start = None, 0
    if dropout and hidden:
        sizes = [
            outputs * (image_shape[0] >> level) * (image_shape[1] >> level)
            for outputs, level in zip(hidden[:_DROPPED], range(depth - 1, 0, -1), strict=False)
        ]
        noise = keras.Input((sum(sizes),), name="noise")
    for i, outputs in enumerate(hidden):
        x = _convolution(layers.Conv2DTranspose, outputs)(layers.ReLU()(x))
        x = normalise(x, affine=True)
        if noise is not None and i < _DROPPED:
            x = GivenDropout(dropout, start)(x, noise)
            start += sizes[i]
        if skips:
            x = layers.Concatenate()([x, encoded[depth - 2 - i]])
    last = _convolution(
        layers.Conv2DTranspose,
        channels or image_shape[-1],
        activation="tanh",
        dtype="float32",
        name="to_image",
    )
    inputs = images if noise is None else [images, noise]
    return keras.Model(inputs, last(layers.ReLU()(x)), name=name)


def _convolution(kind, outputs, **options):
    return kind(outputs, 4, 2, "same", use_bias=False, kernel_initializer=weights(), **options)


def _checked_depth(image_shape, depth, dropout):
    sides = image_shape[:2]
    if None in sides:
        if depth is None or dropout:
            raise ValueError(
                "a U-Net for images of any size needs a depth and dropout=0: fix the size, or "
                "give a depth."
            )
        return depth
    # The lowest bit that is set says how often two divides a number.
    most = min((side & -side).bit_length() - 1 for side in sides)
    if depth is None:
        depth = most
    if not 1 <= depth <= most:
        raise ValueError(
            f"a U-Net of depth {depth} halves its sides as often: {sides[0]} x {sides[1]} allows a "
            f"depth from 1 to {most}; choose sides that are multiples of {2 ** max(depth, 1)}."
        )
    return depth
