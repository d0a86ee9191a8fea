"""`scores.jsonl`: every score of a run, one JSON object a line, each with its epoch.

Scores of the validation split come from `Evaluate` while the run trains, scores of the test split
from `kgen evaluate` afterwards. Lines are only ever added, but for one case: a run that goes on
from an earlier epoch than it had reached measures the epochs in between again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from kgen.errors import MetricError
from kgen.files import replacing
from kgen.metrics.score import Score

NAME = "scores.jsonl"


def read_scores(path: str | os.PathLike) -> list[dict[str, Any]]:
    """Reads the rows of a `scores.jsonl`: what `Score.to_json` gave, and `epoch`.

    Returns:
        One mapping a line, in the file's order; no file is no scores.

    Raises:
        MetricError: If a line is no JSON object.
    """
    path = Path(path)
    if not path.exists():
        return []
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            row["metric"], row["value"]
        except (ValueError, TypeError, KeyError):
            raise MetricError(
                f"line {number} of {path} is no score: mend it or move the file away"
            ) from None
        rows.append(row)
    return rows


def append_scores(path: str | os.PathLike, scores: Iterable[Score], epoch: int) -> None:
    """Adds scores of the model after `epoch` epochs; the file grows by whole lines or not at all.

    Example:

        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / NAME
        >>> append_scores(path, [Score(metric="fd", value=2.5, split="validation")], epoch=1)
        >>> append_scores(path, [Score(metric="fd", value=1.5, split="validation")], epoch=2)
        >>> [(row["epoch"], row["value"]) for row in read_scores(path)]
        [(1, 2.5), (2, 1.5)]
    """
    _write(path, [*read_scores(path), *({**score.to_json(), "epoch": epoch} for score in scores)])


def drop_unseen(path: str | os.PathLike, epoch: int) -> int:
    """Drops what was measured on the validation split after later epochs than `epoch`.

    Scores of the test split, and whatever has no epoch, always stay.

    Returns:
        How many rows went.
    """
    rows = read_scores(path)
    seen = [row for row in rows if row.get("split") == "test" or row.get("epoch", epoch) <= epoch]
    if len(seen) < len(rows):
        _write(path, seen)
    return len(rows) - len(seen)


def _write(path, rows):
    with replacing(path) as temporary:
        temporary.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
