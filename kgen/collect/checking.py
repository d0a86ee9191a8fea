"""`check`: broken, too small and doubled pictures of a folder are moved aside."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from kgen.collect import raster
from kgen.collect.perceptual import Seen, low_frequencies
from kgen.collect.refusal import Refusal
from kgen.errors import DataError
from kgen.files import replacing

SMALLEST = 48
NEAR = 4


@dataclasses.dataclass
class Checked:
    """What a check found. Names are relative to the folder, with `/`.

    Attributes:
        folder: What was checked.
        aside: Where the found ones went, or would go.
        checked: How many pictures were looked at.
        broken: Files that do not open, with the reason.
        small: Files that are too small, with width and height.
        exact: Files with the bytes of another one, which stays.
        near: Files that look like another one, which stays, and the bits their hashes differ in.
        report: The report, or `None` where nothing was moved.
    """

    folder: Path
    aside: Path
    checked: int = 0
    broken: dict[str, str] = dataclasses.field(default_factory=dict)
    small: dict[str, tuple[int, int]] = dataclasses.field(default_factory=dict)
    exact: dict[str, str] = dataclasses.field(default_factory=dict)
    near: dict[str, tuple[str, int]] = dataclasses.field(default_factory=dict)
    report: Path | None = None

    @property
    def found(self) -> list[str]:
        """The files to move aside, by name."""
        return sorted([*self.broken, *self.small, *self.exact, *self.near])

    def lines(self) -> list[str]:
        """A line for each file found."""
        return [
            *(f"broken: {name}: {reason}" for name, reason in self.broken.items()),
            *(f"too small: {name}: {w} x {h}" for name, (w, h) in self.small.items()),
            *(f"duplicate: {name}: the bytes of {of}" for name, of in self.exact.items()),
            *(
                f"duplicate: {name}: looks like {of} ({bits} of 63 bits differ)"
                for name, (of, bits) in self.near.items()
            ),
        ]

    def __str__(self):
        left = self.checked - len(self.found)
        return (
            f"{self.checked:,} pictures: {len(self.broken):,} broken, {len(self.small):,} too "
            f"small, {len(self.exact) + len(self.near):,} duplicates "
            f"({len(self.exact):,} exact), {left:,} good"
        )


def aside_of(folder: Path) -> Path:
    """Where what is found in a folder goes by default: beside it, or training would read it."""
    folder = folder if folder.name not in ("", "..") else folder.resolve()
    return folder.with_name(f"{folder.name}_aside")


def check(
    folder: str | os.PathLike,
    *,
    aside: str | os.PathLike | None = None,
    smallest: int = SMALLEST,
    near: int | None = NEAR,
    max_pixels: int = raster.MAX_PIXELS,
    dry_run: bool = False,
) -> Checked:
    """Moves pictures aside that are broken, too small, or there twice; nothing is ever deleted.

    Of pictures that are the same, the one with the most pixels stays, and of equals the first by
    name. What was found is in `report.json` of the folder they went to, which is written first.

    Args:
        folder: Of pictures, with its sub-folders.
        aside: Where to move what is found; by default `<folder>_aside`.
        smallest: Pixels that the shorter side must have.
        near: In how many of the 63 bits of their `perceptual_hash` two pictures may differ and yet
            count as one (their rough looks must correlate as well); `None` compares only bytes.
        max_pixels: Of a picture; one with more counts as broken.
        dry_run: Only look.

    Returns:
        What was found.

    Raises:
        DataError: If the folder holds no pictures, or holds the folder to move them to.
    """
    folder = Path(folder)
    aside = Path(aside) if aside is not None else aside_of(folder)
    if not folder.is_dir():
        raise DataError(f"there is no folder {folder}")
    if aside.resolve().is_relative_to(folder.resolve()):
        raise DataError(f"{aside} lies in {folder}, and would be trained on: give one beside it")
    if not 0 <= (near or 0) < 31:
        raise DataError(f"near={near}: pictures of nothing in common differ in 31 bits; give less")
    files = raster.files_of(folder)
    if not files:
        raise DataError(f"there are no pictures in {folder}")
    result = Checked(folder, aside, len(files))
    good = _look(files, result, smallest, max_pixels)
    _compare(good, result, near)
    if result.found and not dry_run:
        settings = {"smallest": smallest, "near": near, "max_pixels": max_pixels}
        _move(result, settings)
    return result


@dataclasses.dataclass(frozen=True)
class _Good:
    name: str
    pixels: int
    checksum: str
    low: np.ndarray | None


def _look(files: list[Path], result: Checked, smallest: int, max_pixels: int) -> list[_Good]:
    good = []
    for path in files:
        name = path.relative_to(result.folder).as_posix()
        try:
            image = raster.decode(path, max_pixels)
        except Refusal as refusal:
            result.broken[name] = refusal.reason
            continue
        width, height = image.size
        if min(width, height) < smallest:
            result.small[name] = width, height
            continue
        with open(path, "rb") as file:
            checksum = hashlib.file_digest(file, "sha256").hexdigest()
        low = low_frequencies(image)
        good.append(_Good(name, width * height, checksum, low))
    return good


def _compare(good: list[_Good], result: Checked, near: int | None) -> None:
    """Every picture with the better ones that stay, so that likeness does not run in chains."""
    kept: dict[str, str] = {}  # by checksum
    looks, names = Seen(near or 0), []
    for one in sorted(good, key=lambda one: (-one.pixels, one.name)):
        if one.checksum in kept:
            result.exact[one.name] = kept[one.checksum]
            continue
        if one.low is not None and near is not None:
            if alike := looks.alike(one.low):
                result.near[one.name] = names[alike[0]], alike[1]
                continue
            looks.add(one.low)
            names.append(one.name)
        kept[one.checksum] = one.name


def _move(result: Checked, settings: dict) -> None:
    taken: set[str] = set()
    moves = {name: _free(result.aside / name, taken) for name in result.found}
    report = _free(result.aside / "report.json", taken)
    with replacing(report) as temporary:
        text = {
            "folder": str(result.folder),
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "settings": settings,
            "checked": result.checked,
            "broken": result.broken,
            "too_small": result.small,
            "exact_duplicates": result.exact,
            "near_duplicates": result.near,
            "moved_to": {name: str(path) for name, path in moves.items()},
        }
        temporary.write_text(json.dumps(text, indent=1) + "\n", encoding="utf-8")
    result.report = report
    for name, path in moves.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(result.folder / name, path)


def _free(path: Path, taken: set[str]) -> Path:
    """The path, or with a number where something lies there already, or will; and takes it."""
    number, free = 1, path
    # Of some file systems a.png and A.PNG are one file.
    while os.path.lexists(free) or str(free).casefold() in taken:
        number += 1
        free = path.with_name(f"{path.stem}_{number}{path.suffix}")
    taken.add(str(free).casefold())
    return free
