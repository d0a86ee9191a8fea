"""Runs the checks of `replicas.py`, which need TensorFlow's devices divided before it starts."""

from pathlib import Path

from tests.backends import ROOT, run_under


def test_mirrored_strategy():
    run_under("tensorflow", str((Path(__file__).parent / "replicas.py").relative_to(ROOT)))
