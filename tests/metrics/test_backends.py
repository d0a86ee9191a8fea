"""Metrics and feature networks on JAX and PyTorch: what goes through a backend's networks."""

import pytest

from tests.backends import run_under


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_core(backend, monkeypatch):
    # Most of the time on JAX would go to optimising code that runs once.
    cheap = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
    monkeypatch.setenv("XLA_FLAGS", cheap)
    run_under(backend, "tests/metrics", "-m", "core", timeout=300)
