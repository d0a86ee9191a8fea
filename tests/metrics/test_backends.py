"""The evaluator on JAX and PyTorch: what goes through a model's networks."""

import pytest

from tests.backends import run_under


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_core(backend):
    run_under(
        backend,
        "tests/metrics/test_evaluation.py",
        "tests/metrics/test_likelihood.py",
        "-m",
        "core",
        timeout=300,
    )
