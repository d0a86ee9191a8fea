"""Folders of images, of any sizes and modes.

| what lies in the folder | layout |
|---|---|
| images | `"images"` |
| a folder for each class | `"labelled"` (`layout="domains"`: the classes are domains) |
| `a/` and `b/` | `"paired"` if most of their files have the same names, else `"unpaired"` |
| `trainA/`, `trainB/`, `testA/`, `testB/` | `"unpaired"`, already split |
| `train/`, `validation/` (or `val/`), `test/`, each of one kind above | the same, already split |

What is not split already is split by a hash of the file's name, so a file stays in its split when
others are added. A file that cannot be read is left out, and named in `Splits.skipped`.
"""

import functools
import warnings
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from kgen.datasets import pictures, strands
from kgen.datasets.assembly import Request, assemble, chosen_layout
from kgen.datasets.folder_layout import Row, discover
from kgen.datasets.splits import SPLITS, Splits, place, split_of
from kgen.errors import DataError


def load(root: Path, request: Request) -> Splits:
    """Loads a folder."""
    pictures.check_resize(request.resize)
    found = discover(root, request.layout)
    if not found.rows:
        kinds = ", ".join(suffix[1:] for suffix in pictures.SUFFIXES)
        raise DataError(f"no images in {root}: put {kinds} files into it.")
    layout = chosen_layout(request.layout, found.layout, str(root))
    rows = found.rows
    if layout == "unpaired" and found.layout == "paired":
        rows = [row.side(number) for row in rows for number in (0, 1)]
    parts = split_rows(rows, request.validation, request.test, request.limit)

    paths = [path for part in parts.values() for row in part for path in row.paths]
    size, channels = request.size, request.channels
    headers, skipped = attempt(pictures.header, paths)
    if headers:
        size = size or _common_size([shown for shown, _ in headers.values()], root)
        channels = channels or max(count for _, count in headers.values())
    read = functools.partial(pictures.read, size=size, channels=channels, resize=request.resize)
    in_memory = len(headers) * int(np.prod((*(size or ()), channels or 1))) <= strands.IN_MEMORY
    # Too large for memory, the files are read all the same, once, to know the broken ones.
    keep = read if in_memory else lambda path: read(path) is None
    images, unreadable = attempt(keep, headers)
    skipped |= unreadable
    lines = told_of_skipped(root, "images", len(paths), skipped)

    image_shape = (*size, channels)

    def strand(part: list[Row]):
        part = [row for row in part if all(path in images for path in row.paths)]
        columns = list(zip(*(row.paths for row in part), strict=True)) or [()]
        labels = None
        if layout in ("labelled", "domains"):
            labels = np.array([row.label for row in part], np.int32)
        if not in_memory:
            return strands.Files(columns, read, image_shape, labels)
        arrays = [
            np.stack([images[path] for path in column])
            if column
            else np.zeros((0, *image_shape), np.uint8)
            for column in columns
        ]
        return strands.Memory(arrays, labels)

    sides = (0, 1) if layout == "unpaired" else (0,)
    parts = {
        split: [strand([row for row in part if row.number == side]) for side in sides]
        for split, part in parts.items()
    }
    skipped_lines = (*lines, *found.alone)
    return assemble(
        str(root), layout, parts, image_shape, found.class_names, request.options, skipped_lines
    )


def split_rows(
    rows: list[Row], validation: float, test: float, limit: int | None
) -> dict[str, list[Row]]:
    """The rows of each split, ordered by name."""
    given = {row.split for row in rows}
    # A split the folder has needs no share of the training files.
    validation = 0 if "validation" in given else validation
    test = 0 if "test" in given else test
    parts = {split: [] for split in SPLITS}
    taken = Counter()
    # Under a limit the hash chooses as well, or one class would fill it.
    for row in sorted(rows, key=lambda row: place(row.key)) if limit else rows:
        split = row.split
        if split in (None, "train"):
            split = split_of(row.key, validation, test)
        if limit is None or taken[split, row.number] < limit:
            parts[split].append(row)
            taken[split, row.number] += 1
    for part in parts.values():
        part.sort(key=lambda row: (row.number, row.key))
    return parts


def attempt(task: Callable, paths: Iterable[Path]) -> tuple[dict, dict[Path, str]]:
    """Results by path, and the reasons of the paths where the task failed."""

    def one(path):
        try:
            return task(path), None
        except MemoryError:
            raise
        except Exception as error:  # a broken file can make a decoder raise anything
            return None, (str(error) or type(error).__name__).splitlines()[0]

    done, failed = {}, {}
    paths = list(paths)
    with ThreadPoolExecutor() as pool:
        for path, (result, reason) in zip(paths, pool.map(one, paths), strict=True):
            if reason is None:
                done[path] = result
            else:
                failed[path] = reason.replace(repr(str(path)), "").strip(" :")
    return done, failed


def told_of_skipped(root: Path, kind: str, count: int, skipped: dict[Path, str]) -> list[str]:
    """A line for each file that cannot be read, of which a warning tells.

    Args:
        root: The folder.
        kind: What its files are, in the plural.
        count: How many there are.
        skipped: Why the broken ones cannot be read.

    Raises:
        DataError: If none can be read.
    """
    lines = [f"{path.relative_to(root)}: {reason}" for path, reason in skipped.items()]
    if len(lines) == count:
        raise DataError(f"none of the {count} {kind} in {root} can be read: {lines[0]}.")
    if skipped:
        shown = "; ".join(lines[:3]) + ("; ..." if len(lines) > 3 else "")
        warnings.warn(
            f"{len(lines)} of {count} files in {root} cannot be read, left out: {shown}",
            stacklevel=4,
        )
    return lines


def _common_size(sizes: list[tuple[int, int]], root: Path) -> tuple[int, int]:
    if len(set(sizes)) > 1:
        low, high = min(sizes, key=np.prod), max(sizes, key=np.prod)
        raise DataError(
            f"the images in {root} differ in size, from {low[0]}x{low[1]} to {high[0]}x{high[1]}: "
            "pass image_size."
        )
    return sizes[0]
