"""Pairs for translation that are made on the fly, from the images of any set.

| `pairs=` | source | target |
|---|---|---|
| `"colorization"` | the image in grey | the image in colour |
| `"superresolution_2x"` | the image at half its size, enlarged again | the image |
| `"superresolution_4x"` | the image at a quarter of its size, enlarged again | the image |
| `"edges"` | its contours, black lines on white | the image |

Sources are made of what a batch shows, after its crop and mirroring, so both sides always agree.
The small images are enlarged again to the size of the target, because a network like pix2pix's
keeps the size of what it translates.
"""

import dataclasses
from collections.abc import Callable

import tensorflow as tf

from kgen.datasets.strands import Strand, Stream, changed
from kgen.errors import DataError

#: Pairs that a folder's images already hold: their left and right half.
HALVES = "halves"
DIRECTIONS = ("ab", "ba")
# Weights of red, green and blue in grey: ITU-R 601, as Pillow has them.
_LUMA = (0.299, 0.587, 0.114)
# Lines are drawn where the slope across them exceeds this, in grey levels of [-1, 1] a pixel.
_SLOPE = 0.08


@dataclasses.dataclass(frozen=True)
class Maker:
    """How sources are made of images.

    Attributes:
        make: float32 images `(n, height, width, channels)` in [-1, 1] to sources of that size.
        grey: Whether the sources have one channel, and not those of the images.
        channels: The channels that the images must have, or `None`.
        factor: What must divide both sides.
    """

    make: Callable[[tf.Tensor], tf.Tensor]
    grey: bool = False
    channels: int | None = None
    factor: int = 1

    def source_shape(self, image_shape: tuple[int, int, int]) -> tuple[int, int, int]:
        """The shape of a source of such an image.

        Raises:
            DataError: If no source can be made of it.
        """
        height, width, channels = image_shape
        if height % self.factor or width % self.factor:
            raise DataError(
                f"images of {height}x{width} cannot be reduced {self.factor} times: "
                f"pass an image_size that {self.factor} divides."
            )
        return height, width, 1 if self.grey else channels


def to_grey(images: tf.Tensor) -> tf.Tensor:
    """Colour as grey, in whole grey levels; grey images as they are.

    Example:

        >>> red = tf.constant([[[[1.0, -1.0, -1.0]]]])  # 0.299 * 255 = 76 of 255
        >>> round((float(to_grey(red)[0, 0, 0, 0]) + 1) * 127.5)
        76
    """
    if images.shape[-1] == 1:
        return images
    return _whole_levels(tf.reduce_sum(images * tf.constant(_LUMA), axis=-1, keepdims=True))


def reduced(images: tf.Tensor, factor: int) -> tf.Tensor:
    """Images reduced by an antialiased bicubic filter, in whole grey levels, and enlarged again.

    What a file of the small image would show, at the size of the large one.
    """
    height, width = images.shape[1:3]
    small = tf.image.resize(
        images, (height // factor, width // factor), method="bicubic", antialias=True
    )
    return _whole_levels(tf.image.resize(_whole_levels(small), (height, width), method="bicubic"))


def edges(images: tf.Tensor) -> tf.Tensor:
    """Contours as Canny (1986) draws them, but for his hysteresis: -1 on lines, 1 elsewhere.

    The grey image is smoothed by a Gaussian of one pixel's deviation; a pixel is on a line where
    Sobel's slope exceeds a threshold and that of neither neighbour across the line is larger.
    """
    grey = to_grey(images)
    offsets = tf.range(-2.0, 3.0)
    bell = tf.exp(-tf.square(offsets) / 2)
    bell /= tf.reduce_sum(bell)
    padded = tf.pad(grey, [[0, 0], [2, 2], [2, 2], [0, 0]], mode="SYMMETRIC")
    kernel = tf.tensordot(bell, bell, axes=0)[:, :, None, None]
    slopes = tf.image.sobel_edges(tf.nn.conv2d(padded, kernel, 1, "VALID")) / 8
    down, right = slopes[..., 0], slopes[..., 1]
    slope = tf.sqrt(tf.square(down) + tf.square(right))
    # The direction across the line, as one of four: 0 is right, 1 down right, 2 down, 3 down left.
    turn = tf.cast(tf.round(tf.math.atan2(down, right) / (3.14159265 / 4)), tf.int32) % 4
    around = tf.pad(slope, [[0, 0], [1, 1], [1, 1], [0, 0]])
    height, width = images.shape[1:3]

    def neighbour(y, x):
        return around[:, 1 + y : 1 + y + height, 1 + x : 1 + x + width]

    largest = tf.zeros_like(slope, tf.bool)
    for number, (y, x) in enumerate(((0, 1), (1, 1), (1, 0), (1, -1))):
        # On a plateau of two pixels only the first is a line.
        over = (slope > neighbour(-y, -x)) & (slope >= neighbour(y, x))
        largest |= (turn == number) & over
    return tf.where(largest & (slope > _SLOPE), -1.0, 1.0)


MAKERS: dict[str, Maker] = {
    "colorization": Maker(to_grey, grey=True, channels=3),
    "superresolution_2x": Maker(lambda images: reduced(images, 2), factor=2),
    "superresolution_4x": Maker(lambda images: reduced(images, 4), factor=4),
    "edges": Maker(edges, grey=True),
}


def check(pairs: str | None, direction: str) -> None:
    """Refuses unknown settings."""
    if pairs is not None and pairs not in (HALVES, *MAKERS):
        raise DataError(f"pairs={pairs!r}: choose from {', '.join((HALVES, *MAKERS))}.")
    if direction not in DIRECTIONS:
        raise DataError(f"direction={direction!r}: choose from {', '.join(DIRECTIONS)}.")


def with_sources(strand: Strand | Stream, maker: Maker) -> Strand | Stream:
    """A strand of images as one of pairs `(source, image)`."""
    return changed(strand, lambda columns: [maker.make(columns[0]), columns[0]])


def reversed_pairs(strand: Strand | Stream) -> Strand | Stream:
    """A strand of pairs, with targets first."""
    return changed(strand, lambda columns: columns[::-1])


def _whole_levels(images: tf.Tensor) -> tf.Tensor:
    """Rounded to the grey levels of 8 bits, within [-1, 1]."""
    return tf.round(tf.clip_by_value((images + 1) * 127.5, 0, 255)) / 127.5 - 1
