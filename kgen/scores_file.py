"""`scores.jsonl`: every score of a run, one JSON object a line, each with its epoch.

`kgen.callbacks.Evaluate` adds the scores it takes while the run trains, by which models are chosen;
`kgen evaluate` adds what is reported of a trained one. Lines are only ever added, but for one case:
a run that goes on from an earlier epoch than it had reached measures the epochs in between again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from kgen.errors import CheckpointError
from kgen.files import replacing
from kgen.metrics.score import Score

NAME = "scores.jsonl"


class Measured(NamedTuple):
    """A score of a run.

    Attributes:
        epoch: The epochs the model had been trained for.
        score: The score.
        while_training: Whether it was taken while the run trained, so that models are chosen by it.
    """

    epoch: int
    score: Score
    while_training: bool = False

    @property
    def reported(self) -> bool:
        """Whether it speaks of the trained model: on the test split, or compared with no data."""
        return not self.while_training and self.score.split in (None, "test")


def read_scores(path: str | os.PathLike) -> list[Measured]:
    """Reads the scores in the file's order; no file is no scores.

    Raises:
        CheckpointError: If a line is no score with its epoch.
    """
    return [measured for _, measured in _lines(Path(path))]


def append_scores(
    path: str | os.PathLike, scores: Iterable[Score], epoch: int, while_training: bool = False
) -> None:
    """Adds scores of the model after `epoch` epochs; the file grows by whole lines or not at all.

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
    added = [json.dumps({**score.to_json(), **more}) for score in scores]
    _write(path, [*(line for line, _ in _lines(Path(path))), *added])


def drop_unseen(path: str | os.PathLike, epoch: int) -> int:
    """Drops what a training has measured after later epochs than `epoch`; all else stays.

    Returns:
        How many lines went.

    Raises:
        CheckpointError: As `read_scores`.
    """
    lines = _lines(Path(path))
    seen = [line for line, one in lines if one.epoch <= epoch or not one.while_training]
    if len(seen) < len(lines):
        _write(path, seen)
    return len(lines) - len(seen)


def _lines(path: Path) -> list[tuple[str, Measured]]:
    if not path.exists():
        return []
    lines = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            score, training = Score.from_json(row), bool(row.get("while_training"))
            lines.append((line, Measured(int(row["epoch"]), score, training)))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise CheckpointError(
                f"{path}, line {number} is no score ({error}): mend or remove the line"
            ) from None
    return lines


def _write(path, lines):
    with replacing(path) as temporary:
        temporary.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
