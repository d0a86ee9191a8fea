"""What must hold of the callbacks on every backend, run on the others."""

from pathlib import Path

import pytest

from tests.backends import run_under


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_the_core_on_another_backend(backend):
    run_under(backend, str(Path(__file__).parent), "-m", "core")
