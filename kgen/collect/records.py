"""Files of one JSON object a line that survive a kill at any moment."""

from __future__ import annotations

import contextlib
import errno
import json
import os
from pathlib import Path

from kgen.errors import DataError


class Records:
    """A file of records, held open by one process, to which whole lines are added.

    A line is added by one write and is on the disk when `add` returns. A last line that a kill has
    cut short is dropped when the file is opened next; a whole line that is no record is refused.

    Args:
        path: The file; it is made where there is none.

    Raises:
        DataError: If another process holds the file, or a line is no record.

    Example:

        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "seen.jsonl"
        >>> with Records(path) as records:
        ...     records.add({"url": "https://a.example/1.png"})
        >>> read(path)
        [{'url': 'https://a.example/1.png'}]
    """

    def __init__(self, path: Path):
        self.path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        try:
            self._lock()
            content = path.read_bytes()
            self.rows = _rows(path, content)
            os.ftruncate(self._file, content.rfind(b"\n") + 1)
        except BaseException:
            os.close(self._file)
            raise

    def _lock(self) -> None:
        try:
            import fcntl
        except ImportError:  # no such locks on Windows
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DataError(
                f"another process is filling {self.path.parent}: wait for it, or give another "
                "folder"
            ) from None
        except OSError:
            pass  # some file systems of networks have none

    def add(self, row: dict) -> None:
        """Adds a record; it is on the disk when this returns.

        Raises:
            OSError: If it cannot be written whole; the file is then as it was.
        """
        line = (json.dumps(row) + "\n").encode()
        size = os.fstat(self._file).st_size
        try:
            written = os.write(self._file, line)
            if written < len(line):
                said = f"only {written} of {len(line)} bytes were written: is the disk full?"
                raise OSError(errno.ENOSPC, said, str(self.path))
            os.fsync(self._file)
        except BaseException:  # or the next line would follow a part of this one
            os.ftruncate(self._file, size)
            raise
        self.rows.append(row)

    def close(self) -> None:
        """Lets go of the file."""
        os.close(self._file)

    def __enter__(self) -> Records:
        return self

    def __exit__(self, *_) -> None:
        self.close()


def read(path: Path) -> list[dict]:
    """The records of a file, without a last line that was cut short; none if it does not exist.

    Raises:
        DataError: If a whole line is no record.
    """
    with contextlib.suppress(FileNotFoundError):
        return _rows(path, path.read_bytes())
    return []


def _rows(path: Path, content: bytes) -> list[dict]:
    rows = []
    for number, line in enumerate(content[: content.rfind(b"\n") + 1].splitlines(), 1):
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if not isinstance(row, dict):
            raise DataError(f"{path}, line {number} is no record: mend or remove the line")
        rows.append(row)
    return rows
