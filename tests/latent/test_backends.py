"""What must hold of the gradients on every backend, run on the others."""

from pathlib import Path

import pytest

from tests.backends import run_under


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_the_core_on_another_backend(backend):
    here = Path(__file__).parent
    run_under(
        backend, str(here / "test_inversion.py"), str(here / "test_responses.py"), "-m", "core"
    )
