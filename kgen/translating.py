"""Translating folders of images of any size with any model that has `translate`.

A network takes the sizes that its signature says. One of a fixed size is given tiles of that size;
one of free size is given whole images up to a tile's size. What is smaller is filled up by
reflection and cut back; what is larger is cut into overlapping tiles, whose translations are
blended by weights that rise and fall linearly across an overlap and sum to 1 everywhere. So a model
that returns its input returns every image unchanged, whatever its size.

Example, with a `CycleGAN`:

    model = kgen.run.load("runs/cyclegan_horse2zebra")
    way = kgen.translating.Way(model, direction="ab")
    print(kgen.translating.translate_folder(way, "horses", "zebras"))
"""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import keras
import numpy as np
from PIL import Image, ImageOps

from kgen.collect import raster
from kgen.collect.refusal import Refusal
from kgen.datasets import pictures
from kgen.errors import DataError
from kgen.files import files_below, replacing
from kgen.plotting import to_uint8

if TYPE_CHECKING:
    from kgen.models import GenerativeModel

TILE = 512  # pixels, for networks of free size
BATCH = 8  # tiles that go through the network at once
_COARSE = 64  # free sizes are rounded up to its multiples, since each new one is traced anew
_MULTIPLES = tuple(2**k for k in range(9))
_SAVING = {
    ".jpg": {"quality": 95, "subsampling": 0},
    ".jpeg": {"quality": 95, "subsampling": 0},
    ".webp": {"lossless": True},
}


class Way:
    """One way that a model translates, as its signature tells it.

    Args:
        model: A model with the capability `translate`.
        domain: Into which: `"a"` or `"b"` of two sides, the number or name of a class, or the
            attributes as `"0,1,1"`.
        direction: `"ab"` or `"ba"`, for models of two sides; the same as `domain` "b" or "a".
        class_names: Gives the names that `domain` may be, when it is no number.

    Attributes:
        tile: The height and width the network takes, `None` where any goes.
        channels: Of the images it takes.
        multiple: What the sides must be multiples of, where any size goes.
        scale: The sides of a translation in those of its image.

    Raises:
        DataError: If the model cannot translate, or not in this way.
    """

    def __init__(
        self,
        model: GenerativeModel,
        domain: str | None = None,
        direction: str | None = None,
        class_names: Callable[[], Sequence[str] | None] = lambda: None,
    ):
        if "translate" not in model.capabilities:
            can = ", ".join(model.capabilities)
            raise DataError(f"a {type(model).__name__} does not translate: it can {can}")
        signatures = model.signatures()
        self.model = model
        self.labels: dict[str, np.ndarray] = {}
        if "translate" in signatures:
            self.name = "translate"
            if direction is not None:
                raise DataError("the model translates into classes: give a domain, no direction")
            self._choose_label(signatures["translate"], domain, class_names)
        else:
            self.name = f"translate_{_direction(domain, direction)}"
        if self.name not in signatures:
            ways = [name[10:] for name in signatures if name in ("translate_ab", "translate_ba")]
            raise DataError(f"the model translates only in direction {' and '.join(ways)}")
        self.signature = signatures[self.name]
        shape = self.signature.inputs["images"].shape
        if len(shape) != 4 or shape[-1] not in (1, 3):
            raise DataError(f"the model translates arrays of shape {shape[1:]}, not images")
        self.channels = shape[-1]
        self.tile = shape[1:3]
        self.multiple, self.scale = self._sizes()

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Translations of images (n, height, width, channels) in [-1, 1], of a size it takes."""
        labels = {
            key: np.broadcast_to(value, (len(images), *value.shape))
            for key, value in self.labels.items()
        }
        return self.model.serve(self.name, images=images, **labels)

    def _choose_label(self, signature, domain, class_names) -> None:
        ((key, spec),) = ((k, s) for k, s in signature.inputs.items() if k != "images")
        if len(spec.shape) > 1:
            count = spec.shape[-1]
            values = (domain or "").split(",")
            if len(values) != count or not set(values) <= {"0", "1"}:
                raise DataError(
                    f"domain={domain!r}: give {count} attributes as 0 or 1, with commas between"
                )
            self.labels[key] = np.array([int(value) for value in values], spec.dtype)
            return
        last = spec.classes - 1
        number = int(domain) if domain is not None and domain.isdecimal() else None
        if domain is not None and number is None:
            names = [str(name) for name in class_names() or ()]
            if domain not in names:
                known = f", or of {', '.join(names)}" if names else ""
                raise DataError(f"there is no domain {domain!r}: give one of 0 to {last}{known}")
            number = names.index(domain)
        if number is None or number > last:
            raise DataError(f"domain={domain}: give the domain to translate into, 0 to {last}")
        self.labels[key] = np.asarray(number, spec.dtype)

    def _sizes(self) -> tuple[int, int]:
        """The smallest power of two whose multiples the network takes, and its scale."""
        free = [2 * _MULTIPLES[-1] if side is None else side for side in self.tile]
        whole = self._output_of(free)
        scale = whole[0] // free[0] if whole else 0
        if not scale or whole != tuple(scale * side for side in free):
            raise DataError(
                f"the model makes {whole} of {tuple(free)}: kgen cannot put that together"
            )
        if None not in self.tile:
            return 1, scale
        for multiple in _MULTIPLES:
            sides = [2 * _MULTIPLES[-1] + multiple if side is None else side for side in self.tile]
            if self._output_of(sides) == tuple(scale * side for side in sides):
                return multiple, scale
        return _MULTIPLES[-1] * 2, scale

    def _output_of(self, sides: Sequence[int]) -> tuple[int, int] | None:
        """The size of a translation, without calculating one."""
        images = keras.KerasTensor((1, *sides, self.channels))
        labels = {
            key: keras.KerasTensor((1, *value.shape), str(value.dtype))
            for key, value in self.labels.items()
        }
        try:
            made = self.signature.function(images=images, **labels)
        except (ValueError, TypeError):  # skips of different sizes that do not fit
            return None
        return tuple(made["images"].shape[1:3])


def _direction(domain: str | None, direction: str | None) -> str:
    if direction not in (None, "ab", "ba"):
        raise DataError(f"direction={direction!r}: give ab or ba")
    if domain not in (None, "a", "b"):
        raise DataError(f"domain={domain!r}: this model translates into a or b")
    named = {"b": "ab", "a": "ba", None: None}[domain]
    if named and direction and named != direction:
        raise DataError(f"into domain {domain} is direction {named}, not {direction}: give one")
    return named or direction or "ab"


def translate_image(
    way: Way, image: np.ndarray, tile: int | None = None, overlap: int | None = None
) -> np.ndarray:
    """Translates one image of any size.

    Args:
        way: How.
        image: uint8 or float in [-1, 1], (height, width, channels).
        tile: Pixels of the sides of a tile, for networks of free size; by default 512.
        overlap: Pixels that neighbouring tiles share at least; by default a quarter of a tile.

    Returns:
        float32 (height, width, channels) in [-1, 1], `way.scale` times as large.

    Raises:
        DataError: For a tile that the network does not take, or an overlap larger than half of one.
    """
    if image.dtype == np.uint8:
        image = image.astype(np.float32) / 127.5 - 1
    height, width = image.shape[:2]
    sides = [_tile_side(way, axis, length, tile) for axis, length in enumerate((height, width))]
    grown = [max(0, side - length) for side, length in zip(sides, (height, width), strict=True)]
    rims = [(spare // 2, spare - spare // 2) for spare in grown]
    padded = np.pad(image, (*rims, (0, 0)), mode="reflect") if any(grown) else image
    (rows, row_weights), (columns, column_weights) = (
        _along(length, side, side // 4 if overlap is None else overlap, way.scale)
        for length, side in zip(padded.shape[:2], sides, strict=True)
    )
    places = [(i, j) for i in range(len(rows)) for j in range(len(columns))]
    result, s = None, way.scale
    for start in range(0, len(places), BATCH):
        batch = places[start : start + BATCH]
        tiles = np.stack(
            [
                padded[rows[i] : rows[i] + sides[0], columns[j] : columns[j] + sides[1]]
                for i, j in batch
            ]
        )
        for (i, j), made in zip(batch, way(tiles), strict=True):
            if result is None:
                size = (s * padded.shape[0], s * padded.shape[1], made.shape[-1])
                result = np.zeros(size, np.float32)
            weights = row_weights[i][:, None, None] * column_weights[j][None, :, None]
            top, left = s * rows[i], s * columns[j]
            result[top : top + len(made), left : left + made.shape[1]] += weights * made
    top, left = s * rims[0][0], s * rims[1][0]
    return result[top : top + s * height, left : left + s * width]


def _tile_side(way: Way, axis: int, length: int, tile: int | None) -> int:
    fixed = way.tile[axis]
    if fixed is not None:
        if tile not in (None, fixed):
            raise DataError(f"tile={tile}: the network takes {fixed} pixels and no others")
        return fixed
    side = TILE if tile is None else tile
    if side < 1 or side % way.multiple:
        raise DataError(f"tile={tile}: the network takes multiples of {way.multiple}")
    coarse = math.lcm(_COARSE, way.multiple)
    return min(side, -(-length // coarse) * coarse)


def _along(length: int, side: int, overlap: int, scale: int) -> tuple[list[int], list[np.ndarray]]:
    """Where tiles begin along an axis, and the weights of each one's pixels, which sum to 1."""
    if not 0 <= overlap <= side // 2:
        raise DataError(f"overlap={overlap}: give 0 to {side // 2}, half of a tile of {side}")
    count = 1 + max(0, -(-(length - side) // (side - overlap)))
    starts = [round(i * (length - side) / max(1, count - 1)) for i in range(count)]
    total, weights = np.zeros(scale * length), []
    for i, start in enumerate(starts):
        weight = np.ones(scale * side)
        for neighbour, ends in ((i - 1, slice(None)), (i + 1, slice(None, None, -1))):
            if 0 <= neighbour < count:
                shared = scale * (side - abs(starts[neighbour] - start))
                rim = weight[ends][:shared]
                np.minimum(rim, (np.arange(shared) + 0.5) / max(1, shared), out=rim)
        weights.append(weight)
        total[scale * start : scale * (start + side)] += weight
    for start, weight in zip(starts, weights, strict=True):
        weight /= total[scale * start : scale * (start + side)]
    return starts, [weight.astype(np.float32) for weight in weights]


@dataclasses.dataclass
class Translated:
    """What came of a folder.

    Attributes:
        target: Where the translations are.
        written: How many were written.
        present: How many had been there, and were left as they are.
        large: Files of more pixels than were allowed, with how many.
        broken: Files that cannot be read, with the reason.
    """

    target: Path
    written: int = 0
    present: int = 0
    large: dict[str, str] = dataclasses.field(default_factory=dict)
    broken: dict[str, str] = dataclasses.field(default_factory=dict)

    def __str__(self):
        parts = [f"{self.written:,} images translated into {self.target}"]
        if self.present:
            parts.append(f"{self.present:,} had been there, and --force would replace them")
        if self.large:
            parts.append(f"{len(self.large):,} have too many pixels")
        if self.broken:
            parts.append(f"{len(self.broken):,} cannot be read")
        return "; ".join(parts)


def translate_folder(
    way: Way,
    source: str | os.PathLike,
    target: str | os.PathLike,
    *,
    tile: int | None = None,
    overlap: int | None = None,
    force: bool = False,
    max_pixels: int = raster.MAX_PIXELS,
    tell: Callable[[str], object] = print,
) -> Translated:
    """Translates the images of a folder, one after the other, under the same names.

    PNG, BMP and WebP are saved without loss, JPEG with quality 95, GIF with 256 colours and of an
    animation the first picture. What is hidden (a name that begins with a dot) is left alone. Only
    one image is in memory at a time, and none that is too large: it is skipped with one line, like
    those that are broken.

    Args:
        way: How.
        source: A folder of images, with its sub-folders.
        target: Where the translations go.
        tile: See `translate_image`.
        overlap: See `translate_image`.
        force: Replace files that are there.
        max_pixels: Of an image, and of its translation. Their floats take some 30 bytes a pixel.
        tell: Takes each line for the user.

    Returns:
        What came of it.

    Raises:
        DataError: If there are no images, none can be read, or a folder lies in the other.
    """
    source, target = Path(source), Path(target)
    if not source.is_dir():
        raise DataError(f"there is no folder {source}")
    inside = target.resolve().is_relative_to(source.resolve())
    if inside or source.resolve().is_relative_to(target.resolve()):
        raise DataError(f"{source} and {target} lie in each other: give a folder beside it")
    result, count = Translated(target), 0
    for path in files_below(source, pictures.SUFFIXES):
        count += 1
        name = path.relative_to(source).as_posix()
        place = target / name
        if place.exists() and not force:
            result.present += 1
            continue
        try:
            image = _read(path, way.channels, max_pixels // way.scale**2)
        except Refusal as refusal:
            skipped = result.large if refusal.kind == raster.TOO_LARGE else result.broken
            skipped[name] = refusal.reason
            tell(f"skipped: {name}: {refusal.reason}")
            continue
        _save(translate_image(way, image, tile, overlap), place)
        result.written += 1
        if result.written % 100 == 0:
            tell(f"{result.written:,} images translated")
    if not count:
        raise DataError(f"there are no images in {source}")
    if len(result.broken) + len(result.large) == count:
        hint = f" with at most {max_pixels:,} pixels" if result.large else ""
        raise DataError(f"none of the {count} images in {source} can be read{hint}")
    return result


def _read(path: Path, channels: int, max_pixels: int) -> np.ndarray:
    """An image of a folder that nobody vouches for, uint8 (height, width, channels)."""
    image = pictures.flattened(ImageOps.exif_transpose(raster.decode(path, max_pixels)))
    return pictures.as_array(image.convert("L" if channels == 1 else "RGB"))


def _save(image: np.ndarray, place: Path) -> None:
    levels = to_uint8(image)
    picture = Image.fromarray(levels[..., 0] if levels.shape[-1] == 1 else levels)
    with replacing(place) as temporary:
        picture.save(temporary, **_SAVING.get(place.suffix.lower(), {}))
