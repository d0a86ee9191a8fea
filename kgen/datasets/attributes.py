"""Attributes of images, each yes or no: from tables that lie beside them, CelebA's list or any CSV.

A CSV has a line of names (the first is that of the file's column) and then a file and its values
in each line. CelebA's `list_attr_celeba.txt` has the number of images, a line of names, and lines
of a file and values between blanks. A value is 1, or 0 or -1 for no.
"""

import csv
import difflib
from collections.abc import Sequence
from pathlib import Path

from kgen.datasets.folder_layout import Found, Row
from kgen.errors import DataError
from kgen.files import files_below

_VALUES = {"1": 1.0, "0": 0.0, "-1": 0.0}


def discover(root: Path, suffixes, wanted: Sequence[str] | None = None) -> Found:
    """The images of a folder with the attributes that its table gives them.

    Args:
        root: The folder, with one table in it and images at any depth.
        suffixes: The endings of image files.
        wanted: The names of the attributes to have, or `None` for all.

    Raises:
        DataError: If there is not one table, it says something else than yes and no, or has no such
            attributes.
    """
    table = _table_of(root)
    names, rows = _read(table)
    columns = chosen(names, wanted, table.name)
    names = tuple(names[column] for column in columns)
    rows = {file: tuple(values[column] for column in columns) for file, values in rows.items()}
    by_name: dict[str, list[Path]] = {}
    for path in files_below(root, suffixes):
        by_name.setdefault(path.name, []).append(path)
        by_name.setdefault(path.relative_to(root).as_posix(), []).append(path)
    found, alone = [], []
    for name, values in rows.items():
        paths = set(by_name.get(name, ()))
        if len(paths) > 1:
            raise DataError(f"{table.name} names {name}, of which {root} has several: add a path.")
        if not paths:
            alone.append(f"{name}: in {table.name}, and no such image")
            continue
        (path,) = paths
        found.append(Row((path,), path.relative_to(root).as_posix(), values))
    listed = {path for row in found for path in row.paths}
    alone += [
        f"{path.relative_to(root).as_posix()}: not in {table.name}"
        for path in files_below(root, suffixes)
        if path not in listed
    ]
    if not found:
        raise DataError(f"{table.name} names no image of {root}: its first column holds files.")
    return Found("attributes", found, names, tuple(alone))


def chosen(names: Sequence[str], wanted: Sequence[str] | None, where: str) -> list[int]:
    """The places of the wanted attributes among all.

    Args:
        names: All.
        wanted: Some of these in any order, or `None` for all.
        where: What has them, for an error.

    Raises:
        DataError: If one is not among them.

    Example:

        >>> chosen(["Bald", "Male", "Young"], ["Young", "Bald"], "the table")
        [2, 0]
    """
    names = list(names)
    for name in wanted or ():
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(names)}."
            raise DataError(f"{where} has no attribute {name}: {hint}")
    return [names.index(name) for name in (names if wanted is None else wanted)]


def _table_of(root: Path) -> Path:
    tables = sorted(p for p in root.iterdir() if p.suffix.lower() in (".csv", ".txt"))
    lists = [path for path in tables if "attr" in path.name.lower()]
    chosen = lists if len(tables) > 1 else tables
    if len(chosen) != 1:
        shown = ", ".join(path.name for path in chosen or tables) or "none"
        raise DataError(
            f"attributes need one table in {root}, a .csv or CelebA's list_attr_celeba.txt; "
            f"found {shown}."
        )
    return chosen[0]


def _read(table: Path) -> tuple[tuple[str, ...], dict[str, tuple[float, ...]]]:
    """The attributes' names, and the values of each file."""
    text = table.read_text(encoding="utf-8-sig").splitlines()
    if table.suffix.lower() == ".csv":
        lines = list(csv.reader(text))
        names = tuple(name.strip() for name in lines[0][1:]) if lines else ()
        first, lines = 2, lines[1:]
    else:
        names = tuple(text[1].split()) if len(text) > 1 and text[0].strip().isdigit() else ()
        first, lines = 3, [line.split() for line in text[2:]]
    if not names:
        raise DataError(f"{table} has no line of names: see kgen.datasets.attributes.")
    rows = {}
    for number, line in enumerate(lines, first):
        if not line:
            continue
        file, *values = (cell.strip() for cell in line)
        if len(values) != len(names) or not set(values) <= set(_VALUES):
            raise DataError(
                f"{table}, line {number}: write {len(names)} values after the file, each 1, 0 or "
                "-1."
            )
        rows[file] = tuple(_VALUES[value] for value in values)
    return names, rows
