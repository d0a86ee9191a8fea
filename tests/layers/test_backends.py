"""The tests of this folder again, on the backends that this process does not run."""

from pathlib import Path

import pytest

from tests.backends import ROOT, run_under

HERE = Path(__file__).parent.relative_to(ROOT)


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_layers_under(backend):
    # The causal layers' tests take gradients with TensorFlow; their models run on every backend.
    names = (
        Path(__file__).name,
        "test_causal_transposed_convolution.py",
        "test_image_lstm.py",
        "test_masked_convolution.py",
    )
    run_under(backend, str(HERE), *(f"--ignore={HERE / name}" for name in names))
