"""Where feature networks and real statistics are kept between runs."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from kgen.files import replacing


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
