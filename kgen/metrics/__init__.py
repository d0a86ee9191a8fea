"""Scores that carry their protocol."""

from kgen.metrics.score import Score

__all__ = ["Score"]
