"""Scores as pages and tables show them, and which of them may stand in one column."""

from __future__ import annotations

import dataclasses

from kgen.metrics.score import Score

# What must be equal for two scores to be compared. Seeds may differ: a fresh one is no other
# protocol, and notes are remarks.
PROTOCOL = ("features", "checksum", "resize", "reference", "split", "n_real", "n_fake", "method")


def protocol_of(score: Score) -> tuple[object, ...]:
    """What must be equal for two scores of a metric to be compared, in the order of `PROTOCOL`."""
    return tuple(getattr(score, name) for name in PROTOCOL)


def protocol_text(score: Score) -> str:
    """The protocol in one line, without the seed and without notes.

    Example:

        >>> protocol_text(Score(metric="fd", value=1.0, features="f", split="test", n_fake=2000))
        'f | test | 2,000 fake'
    """
    return str(dataclasses.replace(score, seed=None, notes=())).partition(" | ")[2]


def figure(score: Score) -> str:
    """The value, with its deviation where there is one.

    Example:

        >>> figure(Score(metric="kd", value=0.01234567, deviation=0.00123))
        '0.012346 ± 0.0012'
    """
    return str(score).partition(" | ")[0].removeprefix(f"{score.metric} ")


def arrow(better: str | None) -> str:
    """Which way is better, as one sign.

    Example:

        >>> arrow("lower"), arrow("higher"), arrow(None)
        ('↓', '↑', '')
    """
    return {"lower": "↓", "higher": "↑"}.get(better or "", "")
