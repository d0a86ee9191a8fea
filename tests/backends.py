"""Runs tests under another Keras backend: a process cannot change its own."""

import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import keras
import pytest

ROOT = Path(__file__).parents[1]


def run_under(backend: str, *pytest_args: str, timeout: float = 600.0) -> None:
    """Runs pytest in a new process under `KERAS_BACKEND=backend`; its failure is the caller's.

    Args:
        backend: "jax", "torch" or "tensorflow".
        *pytest_args: Files, relative to the repository, and options.
        timeout: Seconds after which the process is killed.
    """
    if keras.backend.backend() != "tensorflow":
        pytest.skip("only the run on tensorflow starts the other backends")
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    # Options of the outer run (workers, selection) are not for the inner one.
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")},
        "KERAS_BACKEND": backend,
        "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",  # small models: compiling takes longer than running
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]),
    }
    command = [sys.executable, "-m", "pytest", "-q", "-o", "addopts=", "-p", "no:cacheprovider"]
    try:
        with tempfile.TemporaryDirectory() as cache:
            # Tests build the same small models again and again; JAX need not compile them again.
            environment |= {
                "JAX_COMPILATION_CACHE_DIR": cache,
                "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
                "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "0",
            }
            done = subprocess.run(
                [*command, *pytest_args],
                cwd=ROOT,
                env=environment,
                capture_output=True,
                text=True,
                timeout=timeout,
            )
    except subprocess.TimeoutExpired as error:
        printed = error.stdout.decode(errors="replace")[-2000:] if error.stdout else ""
        pytest.fail(f"no end after {timeout:.0f} s under {backend}\n{printed}", pytrace=False)
    if done.returncode:
        pytest.fail(f"under {backend}:\n{done.stdout[-6000:]}{done.stderr[-2000:]}", pytrace=False)
