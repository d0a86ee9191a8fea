"""The feature networks on JAX and PyTorch."""

from pathlib import Path

import pytest

from tests.backends import ROOT, run_under

HERE = Path(__file__).parent.relative_to(ROOT)


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_features_under(backend):
    run_under(backend, str(HERE), "-m", "core", f"--ignore={HERE / Path(__file__).name}")
