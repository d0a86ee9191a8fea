"""From an image file, or an image of any size and mode, to a uint8 array of the wanted size."""

import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

from kgen.errors import DataError

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif")
RESIZES = ("crop", "pad", "stretch")


class Half(NamedTuple):
    """One half of an image that shows a pair side by side.

    Attributes:
        file: The image.
        side: 0 for its left half, 1 for the right one.
    """

    file: Path
    side: int


def read(
    path: str | os.PathLike | Half,
    size: tuple[int, int] | None,
    channels: int,
    resize: str = "crop",
    labels: bool = False,
) -> np.ndarray:
    """Reads an image file.

    The orientation a camera noted is honoured, what is transparent lies on white, and of an
    animation the first picture is taken.

    Args:
        path: The file, or the half of one.
        size: Height and width of the result, or `None` for the image's own.
        channels: 1 for grey, 3 for colour.
        resize: `"crop"`, `"pad"` or `"stretch"`, see `fitted`.
        labels: Whether a PNG with a palette is a map of labels, whose colours are never mixed.

    Returns:
        A uint8 array `(height, width, channels)`.
    """
    half = isinstance(path, Half)
    with Image.open(path.file if half else path) as image:
        if size is not None:
            # A JPEG much larger than needed is decoded at a half, a quarter or an eighth of it.
            enough = (4 if half else 2) * max(size)
            image.draft(None, (enough, enough))
        mixed = not (labels and image.mode == "P" and image.format == "PNG")
        image = flattened(ImageOps.exif_transpose(image))
    if half:
        left = path.side * (image.width // 2)
        image = image.crop((left, 0, left + image.width // 2, image.height))
    image = image.convert("L" if channels == 1 else "RGB")
    return as_array(image if size is None else fitted(image, size, resize, mixed))


def header(path: str | os.PathLike | Half) -> tuple[tuple[int, int], int]:
    """Size `(height, width)` as it will be shown, and channels (1 or 3), without decoding."""
    with Image.open(path.file if isinstance(path, Half) else path) as image:
        width, height = image.size
        if image.getexif().get(0x0112, 1) >= 5:  # orientations that lie on their side
            width, height = height, width
        if isinstance(path, Half):
            if width % 2:
                raise DataError(f"{width} pixels wide, so it has no two halves")
            width //= 2
        return (height, width), _channels(image)


def flattened(image: Image.Image) -> Image.Image:
    """The image as 8-bit grey or colour, what is transparent on white."""
    if image.mode.startswith("I") or image.mode == "F":  # 16 bits: Pillow's convert would clip
        levels = np.asarray(image).astype(np.float64)
        scale = 255 / 65535 if levels.max(initial=0) > 255 or "16" in image.mode else 1
        return Image.fromarray(np.clip(np.round(levels * scale), 0, 255).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image if image.mode in ("L", "RGB") else image.convert(_mode(_channels(image)))


def fitted(
    image: Image.Image, size: tuple[int, int], resize: str = "crop", mixed: bool = True
) -> Image.Image:
    """Brings an image to a size with an antialiased bicubic filter.

    Args:
        image: An 8-bit image in grey or colour.
        size: The wanted height and width.
        resize: `"crop"` scales the image to cover the size and cuts the middle; `"pad"` shrinks it
            to fit (never enlarges it) and repeats its border; `"stretch"` ignores its aspect.
        mixed: Whether colours may be mixed; if not, each pixel is the nearest one.

    Returns:
        An image of that size.

    Example:

        >>> fitted(Image.new("L", (28, 28)), (32, 32), "pad").size
        (32, 32)
    """
    height, width = size
    if image.size == (width, height):
        return image
    way = Image.Resampling.BICUBIC if mixed else Image.Resampling.NEAREST
    if resize == "crop":
        return ImageOps.fit(image, (width, height), way)
    if resize == "stretch":
        return image.resize((width, height), way)
    shrink = min(1, width / image.width, height / image.height)
    inner = (max(1, round(image.width * shrink)), max(1, round(image.height * shrink)))
    array = as_array(image.resize(inner, way))
    spare = (height - inner[1], width - inner[0])
    rim = [(room // 2, room - room // 2) for room in spare]
    padded = np.pad(array, (*rim, (0, 0)), mode="edge")
    return Image.fromarray(padded if padded.shape[2] == 3 else padded[:, :, 0])


def as_array(image: Image.Image) -> np.ndarray:
    """The image as uint8 `(height, width, channels)`."""
    array = np.asarray(image)
    return array[:, :, None] if array.ndim == 2 else array


def check_resize(resize: str) -> None:
    """Refuses an unknown way to resize."""
    if resize not in RESIZES:
        raise DataError(f"resize={resize!r}: choose from {', '.join(RESIZES)}.")


def _channels(image: Image.Image) -> int:
    if image.mode == "P":
        colours = np.array(image.getpalette("RGB") or [], np.uint8).reshape(-1, 3)
        return 1 if (colours == colours[:, :1]).all() else 3
    return 1 if image.mode in ("1", "L", "LA", "La", "F") or image.mode.startswith("I") else 3


def _mode(channels: int) -> str:
    return "L" if channels == 1 else "RGB"
