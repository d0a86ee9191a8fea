"""Folders of images, of any sizes and modes.

| what lies in the folder | layout |
|---|---|
| images | `"images"` |
| a folder for each class | `"labelled"` (`layout="domains"`: the classes are domains) |
| `a/` and `b/` | `"paired"` if most of their files have the same names, else `"unpaired"` |
| images of two halves, with `pairs="halves"` | `"paired"`: the left half is the source |
| images and a table of attributes | `"attributes"`, if asked for (`kgen.datasets.attributes`) |
| `trainA/`, `trainB/`, `testA/`, `testB/` | `"unpaired"`, already split |
| `train/`, `validation/` (or `val/`), `test/`, each of one kind above | the same, already split |

What is not split already is split by a hash of the file's name, so a file stays in its split when
others are added. A file that cannot be read is left out, and named in `Splits.skipped`, and so is
one without a partner. In pairs, a PNG with a palette is a map of labels: it keeps its colours.
"""

import warnings
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from kgen.datasets import attributes, pictures, strands
from kgen.datasets.assembly import LABELLED, Request, assemble, chosen_layout, larger
from kgen.datasets.folder_layout import Found, Row, discover
from kgen.datasets.pairs import HALVES
from kgen.datasets.splits import SPLITS, Splits, place, split_of
from kgen.errors import DataError


def load(root: Path, request: Request) -> Splits:
    """Loads a folder."""
    pictures.check_resize(request.resize)
    found = _found(root, request)
    if not found.rows:
        kinds = ", ".join(suffix[1:] for suffix in pictures.SUFFIXES)
        raise DataError(f"no images in {root}: put {kinds} files into it.")
    layout = chosen_layout(request.layout, found.layout, str(root))
    rows = found.rows
    if layout == "unpaired" and found.layout == "paired":
        rows = [row.side(number) for row in rows for number in (0, 1)]
    parts = split_rows(rows, request.validation, request.test, request.limit)

    # Of each file its split, and its side: the column of a pair, else what the row says.
    places = {
        path: (split, row.number or column)
        for split, part in parts.items()
        for row in part
        for column, path in enumerate(row.paths)
    }
    headers, skipped = attempt(pictures.header, places)
    size, sides = request.size, 2 if layout in ("paired", "unpaired") else 1
    if headers:
        size = size or _common_size([shown for shown, _ in headers.values()], root)
    shown = [(places[path][1], count) for path, (_, count) in headers.items()]
    channels = _channels(request.channels, layout, sides, shown, root)

    def shape(split: str, side: int) -> tuple[int, int, int]:
        jitter = request.options.jitter if split == "train" else 0
        return *larger(size, jitter), channels[side]

    def read(path):
        *drawn, count = shape(*places[path])
        return pictures.read(path, drawn, count, request.resize, labels=layout == "paired")

    in_memory = sum(int(np.prod(shape(*places[path]))) for path in headers) <= strands.IN_MEMORY
    # Too large for memory, the files are read all the same, once, to know the broken ones.
    keep = read if in_memory else lambda path: read(path) is None
    images, unreadable = attempt(keep, headers)
    lines = told_of_skipped(root, "images", len(set(map(_file, places))), skipped | unreadable)

    def strand(split: str, part: list[Row], side: int):
        part = [row for row in part if all(path in images for path in row.paths)]
        width = 2 if layout == "paired" else 1
        columns = list(zip(*(row.paths for row in part), strict=True)) or [()] * width
        shapes = [shape(split, side + column) for column in range(width)]
        labels = None
        if layout in LABELLED:
            kind = np.float32 if layout == "attributes" else np.int32
            labels = np.array([row.label for row in part], kind)
        if not in_memory:
            return strands.Files(columns, read, shapes, labels)
        arrays = [
            np.stack([images[path] for path in column])
            if column
            else np.zeros((0, *made), np.uint8)
            for column, made in zip(columns, shapes, strict=True)
        ]
        return strands.Memory(arrays, labels)

    numbers = (0, 1) if layout == "unpaired" else (0,)
    parts = {
        split: [
            strand(split, [row for row in part if row.number == side], side) for side in numbers
        ]
        for split, part in parts.items()
    }
    return assemble(
        str(root),
        layout,
        parts,
        (*size, channels[-1]),
        found.class_names,
        request.options,
        (*lines, *found.alone),
        source_shape=(*size, channels[0]),
    )


def _found(root: Path, request: Request) -> Found:
    """The examples, with the side of each pair's halves where these are asked for."""
    if request.layout == "attributes":
        return attributes.discover(root, pictures.SUFFIXES, request.attributes)
    if request.options.pairs != HALVES:
        return discover(root, request.layout)
    found = discover(root, "images")
    if found.layout != "images":
        raise DataError(f"{root} holds {found.layout} images: halves are of single ones.")
    return Found("paired", [row.halves() for row in found.rows])


def _channels(
    wanted: int | tuple[int, int] | None,
    layout: str,
    sides: int,
    shown: list[tuple[int, int]],
    root: Path,
) -> list[int]:
    """The channels of each side: what was asked for, or else what its files have.

    Args:
        wanted: What was asked for.
        layout: Pairs may differ in channels by themselves.
        sides: How many there are.
        shown: Side and channels of each file.
        root: For an error.
    """
    if isinstance(wanted, tuple):
        if sides == 1:
            raise DataError(f"channels={wanted} are of two sides, and {root} has one: pass 1 or 3.")
        return list(wanted)
    if wanted is not None or not shown:
        return [wanted or 1] * sides
    if layout != "paired":
        return [max(count for _, count in shown)] * sides
    return [max((count for at, count in shown if at == side), default=1) for side in (0, 1)]


def _file(path: Path | pictures.Half) -> Path:
    return path.file if isinstance(path, pictures.Half) else path


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
                failed[path] = reason.replace(repr(str(_file(path))), "").strip(" :")
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
    reasons = {_file(path): reason for path, reason in skipped.items()}
    lines = [f"{file.relative_to(root)}: {reason}" for file, reason in reasons.items()]
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
