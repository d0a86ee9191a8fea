"""`crop_faces`: the faces of a folder of pictures, each as a square picture of its own."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import ImageOps

from kgen.collect import raster
from kgen.collect.detectors import Detector, boxes_of
from kgen.collect.records import Records
from kgen.collect.refusal import Refusal
from kgen.datasets.pictures import fitted, flattened
from kgen.errors import DataError
from kgen.files import replacing

RECORD = "faces.jsonl"


@dataclasses.dataclass
class Cropped:
    """What came of a folder.

    Attributes:
        folder: Where the faces are.
        pictures: Pictures that were looked at now.
        known: Pictures that were looked at by an earlier call.
        faces: Faces that were cut out.
        faceless: Pictures without any.
        small: Faces that were left out as too small.
        broken: Pictures that do not open, with the reason.
    """

    folder: Path
    pictures: int = 0
    known: int = 0
    faces: int = 0
    faceless: int = 0
    small: int = 0
    broken: dict[str, str] = dataclasses.field(default_factory=dict)

    def __str__(self):
        known = f" ({self.known:,} were done before)" if self.known else ""
        return (
            f"{self.faces:,} faces of {self.pictures:,} pictures{known} in {self.folder}: "
            f"{self.faceless:,} pictures without, {self.small:,} faces too small, "
            f"{len(self.broken):,} pictures broken"
        )


def crop_faces(
    source: str | os.PathLike,
    target: str | os.PathLike,
    detector: Detector,
    *,
    margin: float = 0.25,
    size: int | None = 96,
    smallest: int = 24,
    max_pixels: int = raster.MAX_PIXELS,
    settings: dict | None = None,
    tell: Callable[[str], object] = print,
) -> Cropped:
    """Cuts every face out of the pictures of a folder, and saves it as PNG.

    A face becomes the square around the middle of its box, `1 + 2 margin` times the box's longer
    side; at a border it moves inwards, and where the picture is smaller it shrinks. The face of
    `a/x.jpg` is `a/x.jpg.0.png` in the target. When it is called again with the same settings it
    goes on after what was done, and takes new pictures; a finished face is never written again.

    Args:
        source: A folder of pictures, with its sub-folders.
        target: Where the faces go: a new folder, or that of an earlier call.
        detector: From a picture to boxes, see `kgen.collect.detectors`.
        margin: On each side, as a share of the box's longer side.
        size: Pixels of the sides that the faces are brought to; `None` leaves each its own.
        smallest: Boxes with a longer side of fewer pixels are left out.
        max_pixels: Of a picture.
        settings: More that a later call must have alike, such as what names the detector.
        tell: Takes each line for the user.

    Returns:
        What came of it.

    Raises:
        DataError: If there are no pictures, none opens, the detector gives no boxes, or the
            target holds other things or faces of other settings.
    """
    source, target = Path(source), Path(target)
    if not 0 <= margin <= 4:
        raise DataError(f"margin={margin}: give a share of the face's box, from 0 to 4")
    if not source.is_dir():
        raise DataError(f"there is no folder {source}")
    if target.resolve().is_relative_to(source.resolve()):
        raise DataError(f"{target} lies in {source}, and its faces would be taken for pictures")
    files = raster.files_of(source)
    if not files:
        raise DataError(f"there are no pictures in {source}")
    wanted = {**(settings or {}), "margin": margin, "size": size, "smallest": smallest}
    result = Cropped(target)
    with _record(target, wanted) as record:
        known = {row.get("picture") for row in record.rows}
        for number, path in enumerate(files, 1):
            name = path.relative_to(source).as_posix()
            if name in known:
                result.known += 1
                continue
            result.pictures += 1
            try:
                image = flattened(ImageOps.exif_transpose(raster.decode(path, max_pixels)))
            except Refusal as refusal:
                result.broken[name] = refusal.reason
                record.add({"picture": name, "broken": refusal.reason})
                continue
            image = image.convert("RGB")
            boxes = boxes_of(detector, np.asarray(image))
            large = boxes[boxes[:, 2:].max(axis=1) >= smallest]
            for i, box in enumerate(large):
                face = image.crop(_square(box, margin, image.size))
                face = fitted(face, (size, size)) if size else face
                with replacing(target / f"{name}.{i}.png") as temporary:
                    face.save(temporary)
            record.add({"picture": name, "boxes": large.tolist()})
            result.faces += len(large)
            result.small += len(boxes) - len(large)
            result.faceless += not len(boxes)
            if number % 100 == 0:
                tell(f"{number:,} of {len(files):,} pictures, {result.faces:,} faces")
    if len(result.broken) == len(files):
        name, reason = next(iter(result.broken.items()))
        raise DataError(f"none of the {len(files)} pictures in {source} opens: {name}: {reason}")
    return result


def _record(target: Path, wanted: dict) -> Records:
    """The record of what was done, which begins with how."""
    if target.exists() and not target.is_dir():
        raise DataError(f"{target} is a file: give a folder for the faces")
    if target.is_dir() and any(target.iterdir()) and not (target / RECORD).exists():
        raise DataError(f"{target} holds other files: give a new folder for the faces")
    target.mkdir(parents=True, exist_ok=True)
    record = Records(target / RECORD)
    if not record.rows:
        record.add({"settings": wanted})
    elif (made := record.rows[0].get("settings")) != wanted:
        record.close()
        raise DataError(f"{target} holds faces made with {made}: give a new folder, or those")
    return record


def _square(box: np.ndarray, margin: float, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The crop of a box, as Pillow takes it: left, top, right, bottom."""
    left, top, width, height = box
    side = min(max(1, round(max(width, height) * (1 + 2 * margin))), *size)
    corner = [
        min(max(0, round(start + length / 2 - side / 2)), whole - side)
        for start, length, whole in zip((left, top), (width, height), size, strict=True)
    ]
    return (*corner, corner[0] + side, corner[1] + side)
