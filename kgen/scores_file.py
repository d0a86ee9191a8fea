"""`scores.jsonl`: every score of a run, one JSON object a line, each with its epoch.

`kgen.callbacks.Evaluate` adds the scores it takes while the run trains, by which models are chosen;
`kgen evaluate` adds what is reported of a trained one. Lines are only ever added, but for one case:
a run that goes on from an earlier epoch than it had reached measures the epochs in between again.

Each line is added by one write at the file's end, so that two processes which measure a run at the
same time lose none. A last line that a crash has cut short is no score, and the next one replaces
it; a whole line that is none is refused.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from kgen.errors import CheckpointError
from kgen.files import write_lines
from kgen.metrics.score import Score

NAME = "scores.jsonl"


class Measured(NamedTuple):
    """A score of a run.

    Attributes:
        epoch: The epochs the model had been trained for.
        score: The score.
        while_training: Whether it was taken while the run trained, so that models are chosen by it.
        model: Which of a run's models it was, `"last"`, `"best"` or `"restored"`; `None` where
            nobody said, as while it trained.
    """

    epoch: int
    score: Score
    while_training: bool = False
    model: str | None = None

    @property
    def reported(self) -> bool:
        """Whether it speaks of the trained model: on the test split, or compared with no data."""
        return not self.while_training and self.score.split in (None, "test")

    @property
    def which(self) -> str:
        """Which model was measured, in words.

        Example:

            >>> Measured(3, Score(metric="fd", value=1.0), model="best").which
            'best model, epoch 3'
        """
        return f"{self.model} model, epoch {self.epoch}" if self.model else f"epoch {self.epoch}"


def read_scores(path: str | os.PathLike) -> list[Measured]:
    """Reads the scores in the file's order; no file is no scores.

    Raises:
        CheckpointError: If a line is no score with its epoch.
    """
    return [measured for _, measured in _lines(Path(path))]


def append_scores(
    path: str | os.PathLike,
    scores: Iterable[Score],
    epoch: int,
    while_training: bool = False,
    model: str | None = None,
) -> None:
    """Adds scores of the model after `epoch` epochs, each by one write.

    Args:
        path: The file.
        scores: The scores.
        epoch: See `Measured`.
        while_training: See `Measured`.
        model: See `Measured`.

    Raises:
        CheckpointError: If the file holds a line that is no score; nothing is added then.

    Example:

        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / NAME
        >>> append_scores(path, [Score(metric="fd", value=2.5, split="test")], epoch=1)
        >>> append_scores(path, [Score(metric="fd", value=1.5, split="test")], epoch=2)
        >>> [(measured.epoch, measured.score.value) for measured in read_scores(path)]
        [(1, 2.5), (2, 1.5)]
    """
    more = {"epoch": epoch, **({"while_training": True} if while_training else {})}
    if model is not None:
        more["model"] = model
    rows = [json.dumps({**score.to_json(), **more}) + "\n" for score in scores]
    path = Path(path)
    with _alone(path):
        _lines(path)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        try:
            _mend_end(file)
            for row in rows:
                os.write(file, row.encode())
            os.fsync(file)
        finally:
            os.close(file)


def drop_unseen(path: str | os.PathLike, epoch: int) -> int:
    """Drops what a training has measured after later epochs than `epoch`; all else stays.

    Returns:
        How many lines went.

    Raises:
        CheckpointError: As `read_scores`.
    """
    path = Path(path)
    if not path.exists():
        return 0
    with _alone(path):
        lines = _lines(path)
        seen = [line for line, one in lines if one.epoch <= epoch or not one.while_training]
        if len(seen) < len(lines):
            write_lines(path, seen)
    return len(lines) - len(seen)


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keeps other writers of the file away; it is their folder that is locked, so no file stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        import fcntl
    except ImportError:  # no such locks on Windows, where a folder cannot be opened either
        yield
        return
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some file systems of networks have none
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _mend_end(file: int) -> None:
    """Cuts off a last line that is no whole one, and ends one that lacks nothing but its end."""
    os.lseek(file, 0, os.SEEK_SET)  # what is written goes to the end all the same
    content = os.read(file, os.fstat(file).st_size)
    whole, newline, rest = content.rpartition(b"\n")
    if _torn(rest):
        os.ftruncate(file, len(whole) + len(newline))
    elif rest:
        os.write(file, b"\n")


def _torn(rest: bytes) -> bool:
    """Whether what follows the last line's end is the beginning of a record."""
    if not rest.startswith(b"{"):
        return False
    try:
        json.loads(rest)
    except ValueError:
        return True
    return False


def _lines(path: Path) -> list[tuple[str, Measured]]:
    if not path.exists():
        return []
    content = path.read_bytes()
    whole, newline, rest = content.rpartition(b"\n")
    if _torn(rest):
        content = whole + newline
    lines = []
    for number, line in enumerate(content.decode(errors="replace").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            score, training = Score.from_json(row), bool(row.get("while_training"))
            lines.append((line, Measured(int(row["epoch"]), score, training, row.get("model"))))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise CheckpointError(
                f"{path}, line {number} is no score ({error}): mend or remove the line"
            ) from None
    return lines
