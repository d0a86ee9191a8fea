"""Opening pictures that nobody vouches for: five formats, a limit on pixels, decoded to the end."""

from __future__ import annotations

import io
import os
import warnings
from pathlib import Path

from PIL import Image

from kgen.collect.refusal import Refusal
from kgen.datasets.pictures import SUFFIXES
from kgen.files import files_below

#: The formats that are opened, each with the ending of its files. Pillow knows some forty more,
#: among them ones that call other programs.
ENDINGS = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp", "BMP": ".bmp", "GIF": ".gif"}
#: A JPEG of several pictures, as some cameras write them, is opened as a JPEG.
_ALIASES = {"MPO": "JPEG"}

MAX_BYTES = 20_000_000
MAX_PIXELS = 50_000_000
#: The kind of a refusal for more of them.
TOO_LARGE = "too many pixels"


def decode(source: bytes | str | os.PathLike, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Opens a picture and decodes its first frame, once its header says that this is bearable.

    Args:
        source: The bytes of a file, or its name.
        max_pixels: Width times height at most.

    Returns:
        The decoded picture; its format is `image.format`.

    Raises:
        Refusal: If it is of another format, too large, or broken.

    Example:

        >>> buffer = io.BytesIO()
        >>> Image.new("L", (6, 4)).save(buffer, "PNG")
        >>> decode(buffer.getvalue()).size
        (6, 4)
    """
    opened = io.BytesIO(source) if isinstance(source, bytes) else source
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of sizes, where our limit rules, and of odd metadata
        try:
            with Image.open(opened, formats=list(ENDINGS)) as image:
                width, height = image.size
                if width * height > max_pixels:
                    raise Refusal(
                        TOO_LARGE, f"{width} x {height} pixels: the limit is {max_pixels:,}"
                    )
                image.load()
                image.format = _ALIASES.get(image.format, image.format)
                return image
        except (Refusal, MemoryError, PermissionError):
            raise
        except Image.DecompressionBombError as error:
            raise Refusal(TOO_LARGE, _line(error)) from None
        except Image.UnidentifiedImageError:
            kinds = ", ".join(ENDINGS)
            raise Refusal("no picture", f"the bytes are none of {kinds}") from None
        except Exception as error:  # a broken file can make a decoder raise anything
            raise Refusal("broken", f"cannot be decoded: {_line(error)}") from None


def files_of(folder: Path) -> list[Path]:
    """The picture files of a folder and its sub-folders, by their endings, in order of names.

    What is hidden (a name that begins with a dot) and what is linked is left alone.
    """
    return [path for path in files_below(folder, SUFFIXES) if not path.is_symlink()]


def _line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
