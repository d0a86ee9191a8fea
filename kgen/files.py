"""Writing a file whole or not at all, and finding the files of a folder."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path


@contextlib.contextmanager
def replacing(path: str | os.PathLike) -> Iterator[Path]:
    """Gives a temporary name in the same folder, and renames it to `path` if the block succeeds.

    A reader, or a run killed in the middle, finds the old file or the new one, never a part. The
    bytes are on the disk before the name changes. The temporary name keeps the ending, because
    savers choose the format by it. Missing folders are made.

    Args:
        path: The file to write or to replace.

    Example:

        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> with replacing(folder / "new" / "note.txt") as temporary:
        ...     _ = temporary.write_text("whole")
        >>> [file.name for file in (folder / "new").iterdir()]
        ['note.txt']
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        yield temporary
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    if os.name == "posix":  # the rename itself, too, must survive a power cut
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def write_lines(path: str | os.PathLike, lines: Iterable[str]) -> Path:
    """Writes a UTF-8 text of these lines, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return Path(path)


def files_below(folder: Path, suffixes: Collection[str], recursive: bool = True) -> list[Path]:
    """The files of a folder that have one of some endings, in the order of their names.

    What is hidden (a name that begins with a dot) is other programs': macOS leaves `._name.jpg`
    beside an image, and notebooks keep copies in `.ipynb_checkpoints`.

    Args:
        folder: Links to folders within it are not followed.
        suffixes: The endings, in small letters, each with its dot.
        recursive: Whether to look into folders within it, at any depth.
    """
    return sorted(each_file_below(folder, suffixes, recursive))


def each_file_below(
    folder: Path, suffixes: Collection[str], recursive: bool = True
) -> Iterator[Path]:
    """The same one by one as they are found, in no order."""
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if recursive and not name.startswith(".")]
        paths = (Path(here, name) for name in names if not name.startswith("."))
        yield from (path for path in paths if path.suffix.lower() in suffixes and path.is_file())
