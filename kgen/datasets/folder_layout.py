"""What the files of a folder are to each other: plain examples, classes, pairs, two sides."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from kgen.datasets import pictures
from kgen.errors import DataError
from kgen.files import each_file_below, files_below

#: How a split may be called, by the split.
SPLIT_NAMES = {
    "train": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "test": "test",
}


@dataclasses.dataclass(frozen=True)
class Row:
    """One example: its files (two for a pair), and what is known of it.

    Attributes:
        paths: The files, or halves of one.
        key: What names the example within its split, whatever folder holds the split.
        label: Number of its class, its attributes, or `None`.
        number: 1 on the second side of unpaired data, else 0.
        split: The split its folder says, or `None`.
    """

    paths: tuple[Path | pictures.Half, ...]
    key: str
    label: int | tuple[float, ...] | None = None
    number: int = 0
    split: str | None = None

    def side(self, number: int) -> "Row":
        """One side of a pair, as an example of its own."""
        return dataclasses.replace(self, paths=(self.paths[number],), number=number)

    def halves(self) -> "Row":
        """The two halves of an image as a pair."""
        return dataclasses.replace(
            self, paths=tuple(pictures.Half(self.paths[0], side) for side in (0, 1))
        )


@dataclasses.dataclass(frozen=True)
class Found:
    """The examples of a folder, and how they are laid out.

    Attributes:
        layout: The layout they are stored in.
        rows: The examples.
        class_names: Names of the classes or attributes, or `None`.
        alone: Files without a partner in paired data, or without attributes.
    """

    layout: str
    rows: list[Row]
    class_names: tuple[str, ...] | None = None
    alone: tuple[str, ...] = ()


def holds(root: Path, suffixes: Sequence[str]) -> bool:
    """Whether a folder has, at any depth, a file with one of the endings."""
    return any(each_file_below(root, suffixes))


def discover(
    root: Path, wanted: str | None = None, suffixes: Sequence[str] = pictures.SUFFIXES
) -> Found:
    """Finds the examples of a folder.

    Args:
        root: The folder.
        wanted: The layout the user asked for, which decides where a folder could be read in two
            ways, or `None`.
        suffixes: The endings of the files that count.
    """
    if wanted == "images" and not any(f.name.lower() in SPLIT_NAMES for f in _folders(root)):
        return _images(root, suffixes)
    two_sided = _two_sided_splits(root, wanted, suffixes)
    if two_sided:
        return two_sided
    splits = {f: SPLIT_NAMES[f.name.lower()] for f in _folders(root) if _names_split(f)}
    if "train" not in splits.values():
        return _one(root, wanted, suffixes)
    parts = {folder: _one(folder, wanted, suffixes) for folder in splits}
    parts = {folder: part for folder, part in parts.items() if part.rows}
    if len({part.layout for part in parts.values()}) > 1:
        kinds = ", ".join(f"{folder.name}/ {part.layout}" for folder, part in parts.items())
        raise DataError(f"the splits in {root} differ in layout ({kinds}): make them alike.")
    return _joined({folder: (splits[folder], part) for folder, part in parts.items()})


def _names_split(folder: Path) -> bool:
    return folder.name.lower() in SPLIT_NAMES


def _one(folder: Path, wanted: str | None, suffixes: Sequence[str]) -> Found:
    """The examples of a folder that holds no splits."""
    if wanted == "images" or files_below(folder, suffixes, recursive=False):
        return _images(folder, suffixes, recursive=wanted == "images")
    inside = {f.name.lower(): f for f in _folders(folder)}
    if set(inside) == {"a", "b"} and wanted not in ("labelled", "domains"):
        return _two_sides(inside["a"], inside["b"], wanted, suffixes)
    classes = {f.name: files_below(f, suffixes) for f in _folders(folder)}
    names = tuple(sorted(name for name, files in classes.items() if files))
    rows = [
        Row((path,), path.relative_to(folder).as_posix(), label)
        for label, name in enumerate(names)
        for path in classes[name]
    ]
    return Found("labelled" if names else "images", rows, names or None)


def _images(folder: Path, suffixes: Sequence[str], recursive: bool = True) -> Found:
    files = files_below(folder, suffixes, recursive)
    return Found("images", [Row((path,), path.relative_to(folder).as_posix()) for path in files])


def _two_sides(a: Path, b: Path, wanted: str | None, suffixes: Sequence[str]) -> Found:
    """Two folders as pairs if most names match, or if the user says so."""
    sides = [{_stem(path, side): path for path in files_below(side, suffixes)} for side in (a, b)]
    both = sorted(set(sides[0]) & set(sides[1]))
    most = 2 * len(both) > max(map(len, sides))
    if wanted == "paired" or (wanted is None and most):
        for folder, side in ((a, sides[0]), (b, sides[1])):
            if len(side) < len(files_below(folder, suffixes)):
                raise DataError(f"files in {folder} differ only in suffix: rename or drop one.")
        if not both and any(sides):
            raise DataError(f"no file of {a} has the name of one in {b}: pairs need equal names.")
        rows = [Row((sides[0][stem], sides[1][stem]), stem) for stem in both]
        alone = [
            f"{folder.name}/{side[stem].relative_to(folder)}: no partner in {other.name}/"
            for folder, other, side in ((a, b, sides[0]), (b, a, sides[1]))
            for stem in sorted(set(side) - set(both))
        ]
        return Found("paired", rows, alone=tuple(alone))
    if not all(sides):
        empty = a if not sides[0] else b
        raise DataError(f"no images in {empty}: both sides of unpaired data need some.")
    return Found(
        "unpaired",
        [
            Row((path,), f"{'ab'[number]}/{path.relative_to(folder).as_posix()}", number=number)
            for number, folder in enumerate((a, b))
            for path in files_below(folder, suffixes)
        ],
    )


def _two_sided_splits(root: Path, wanted: str | None, suffixes: Sequence[str]) -> Found | None:
    """Folders `trainA`, `trainB`, ... as CycleGAN's data sets have them."""
    inside = {f.name.lower(): f for f in _folders(root)}
    if "traina" not in inside or "trainb" not in inside:
        return None
    parts = {}
    for name, split in SPLIT_NAMES.items():
        if f"{name}a" in inside and f"{name}b" in inside:
            # There equal names are numbers and mean nothing, so pairs only if the user says so.
            part = _two_sides(
                inside[f"{name}a"], inside[f"{name}b"], wanted or "unpaired", suffixes
            )
            parts[inside[f"{name}a"]] = (split, part)
    return _joined(parts)


def _joined(parts: dict[Path, tuple[str, Found]]) -> Found:
    """The examples of several splits, with one numbering of the classes."""
    found = [part for _, part in parts.values()]
    names = tuple(sorted({name for part in found for name in part.class_names or ()}))
    rows = []
    for split, part in parts.values():
        for row in part.rows:
            label = None if row.label is None else names.index(part.class_names[row.label])
            rows.append(dataclasses.replace(row, split=split, label=label))
    alone = tuple(line for part in found for line in part.alone)
    return Found(found[0].layout if found else "images", rows, names or None, alone)


def _folders(folder: Path) -> list[Path]:
    return sorted(f for f in folder.iterdir() if f.is_dir() and not f.name.startswith("."))


def _stem(path: Path, folder: Path) -> str:
    return path.relative_to(folder).with_suffix("").as_posix()
