"""The tests of this folder again, on the backends that this process does not run."""

from pathlib import Path

import pytest

from tests.backends import ROOT, run_under

HERE = Path(__file__).parent.relative_to(ROOT)


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_layers_under(backend):
    run_under(backend, str(HERE), f"--ignore={HERE / Path(__file__).name}")
