"""Where feature networks and real statistics are kept between runs."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from kgen.files import replacing

#: Statistics of real images are kept up to so many bytes; the least recently used go.
MOST_BYTES = 4 * 2**30


def folder() -> Path:
    """The cache: `KGEN_CACHE`, or `~/.cache/kgen`. Everything in it can be made again."""
    return Path(os.environ.get("KGEN_CACHE") or "~/.cache/kgen").expanduser()


@contextlib.contextmanager
def writing(path: Path) -> Iterator[Path]:
    """`kgen.files.replacing` for a file that several processes may write at the same moment.

    Each writes under a name of its own, and the last to finish wins. A reader never sees a part.

    Example:

        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "entry.txt"
        >>> with writing(path) as first, writing(path) as second:
        ...     _ = first.write_text("one"), second.write_text("two")
        >>> path.read_text(), len(list(path.parent.iterdir()))
        ('one', 1)
    """
    own = path.with_name(f"{path.stem}.{os.getpid()}-{secrets.token_hex(4)}{path.suffix}")
    with replacing(own) as temporary:
        yield temporary
    os.replace(own, path)


def prune(place: Path, most_bytes: int, keep: Path) -> None:
    """Removes the files of a folder that were used longest ago, until the others fit.

    Args:
        place: The folder.
        most_bytes: What may stay.
        keep: A file that stays in any case.

    Example:

        >>> import tempfile
        >>> place = Path(tempfile.mkdtemp())
        >>> for age, name in enumerate("abc"):
        ...     _ = (place / name).write_bytes(bytes(10))
        ...     os.utime(place / name, (0, 100 - age))
        >>> prune(place, 20, keep=place / "c")
        >>> sorted(path.name for path in place.iterdir())
        ['a', 'c']
    """
    files = []
    for path in place.iterdir():
        with contextlib.suppress(FileNotFoundError):  # another process has pruned it
            found = path.stat()
            files.append((found.st_mtime, found.st_size, path))
    total = sum(size for _, size, _ in files)
    for _, size, path in sorted(files):
        if total > most_bytes and path != keep:
            path.unlink(missing_ok=True)
            total -= size
