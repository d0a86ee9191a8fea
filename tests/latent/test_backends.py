"""What must hold of the gradients on every backend, run on the others."""

from pathlib import Path

import pytest

from tests.backends import run_under


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_the_core_on_another_backend(backend):
    here = Path(__file__).parent
    files = ("test_inversion.py", "test_responses.py", "../models/plug_and_play/test_ppgn.py")
    # Of PPGN its own law: its contract takes no way that other models do not take.
    own = ("-m", "core", "-k", "not TestPPGN")
    run_under(backend, *(str(here / file) for file in files), *own)
