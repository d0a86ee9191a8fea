"""`history.csv`: what a training logged, one row an epoch."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from kgen.errors import CheckpointError
from kgen.files import replacing


def read_history(path: str | os.PathLike) -> list[dict[str, float]]:
    """Reads one mapping a row, `epoch` as an int; no file is an empty history.

    Raises:
        CheckpointError: If the file cannot be read.
    """
    path = Path(path)
    if not path.exists():
        return []
    with open(path, newline="", encoding="utf-8") as file:
        try:
            return [_numbers(row) for row in csv.DictReader(file)]
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise CheckpointError(
                f"{path} cannot be read ({error}): mend it or move it away"
            ) from None


def _numbers(row: Mapping[str, str]) -> dict[str, float]:
    numbers = {name: float(text) for name, text in row.items() if text}
    return {**numbers, "epoch": int(row["epoch"])}


def write_history(path: str | os.PathLike, rows: Sequence[Mapping[str, float]]) -> None:
    """Writes the rows, whole or not at all; what a row lacks stays empty.

    Floats are written in full, so two equal histories are equal as text.

    Example:

        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "history.csv"
        >>> write_history(path, [{"epoch": 1, "loss": 0.1}, {"epoch": 2, "loss": 0.05, "fd": 3.0}])
        >>> print(path.read_text())
        epoch,loss,fd
        1,0.1,
        2,0.05,3.0
        >>> read_history(path)[0]
        {'epoch': 1, 'loss': 0.1}
    """
    names = list(dict.fromkeys(["epoch", *(name for row in rows for name in row)]))
    with (
        replacing(path) as temporary,
        open(temporary, "w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
