"""`verify`: whether a folder holds what its manifest says."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from pathlib import Path

from kgen.collect import raster, records
from kgen.collect.checking import aside_of
from kgen.collect.store import MANIFEST
from kgen.errors import DataError


@dataclasses.dataclass
class Verified:
    """What a folder of a crawl was found to hold.

    Attributes:
        whole: Files that are as the manifest says.
        aside: Files that `kgen data check` moved aside, and that are whole there.
        problems: One line for each file that is missing, changed, or in no manifest.
    """

    whole: int = 0
    aside: int = 0
    problems: list[str] = dataclasses.field(default_factory=list)


def verify(folder: str | os.PathLike, aside: str | os.PathLike | None = None) -> Verified:
    """Holds a folder against its manifest: every file's checksum, and no picture beside them.

    Args:
        folder: Of a crawl.
        aside: Where a check moved files to; by default `<folder>_aside`.

    Raises:
        DataError: If there is no manifest, or a line of it is no record of a picture.
    """
    folder = Path(folder)
    if not (folder / MANIFEST).is_file():
        raise DataError(f"{folder} has no {MANIFEST}: `kgen data crawl` writes one")
    aside = Path(aside) if aside is not None else aside_of(folder)
    result, named = Verified(), {}
    for number, row in enumerate(records.read(folder / MANIFEST), 1):
        name, checksum = row.get("file"), row.get("sha256")
        # A manifest from elsewhere may name anything.
        plain = isinstance(name, str) and name not in ("", "..") and Path(name).name == name
        if not plain or not isinstance(checksum, str):
            raise DataError(f"{folder / MANIFEST}, line {number} names no file and checksum")
        named[name] = checksum
    for name, checksum in named.items():
        found = _checksum(folder / name)
        if found == checksum:
            result.whole += 1
        elif found is not None:
            result.problems.append(f"{name}: its bytes have changed")
        elif _checksum(aside / name) == checksum:
            result.aside += 1
        else:
            result.problems.append(f"{name}: missing")
    for path in raster.files_of(folder):
        name = path.relative_to(folder).as_posix()
        if name not in named:
            result.problems.append(f"{name}: not in the manifest")
    return result


def _checksum(path: Path) -> str | None:
    if not path.is_file():
        return None
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
