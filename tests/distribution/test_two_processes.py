"""DCGAN under JAX, in one process and in two through `keras.distribution`."""

import importlib.util
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.backends import ROOT

SCRIPT = Path(__file__).parent / "data_parallel.py"
TIMEOUT = 150.0


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start(rank: int, processes: int, port: int, folder: Path) -> subprocess.Popen:
    environment = {
        **os.environ,
        "KERAS_BACKEND": "jax",
        "JAX_PLATFORMS": "cpu",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONPATH": str(ROOT),
    }
    name = f"{processes}-{rank}"
    with open(folder / f"{name}.out", "wb") as out, open(folder / f"{name}.err", "wb") as err:
        return subprocess.Popen(
            [sys.executable, str(SCRIPT), str(rank), str(processes), str(port)],
            env=environment,
            stdout=out,
            stderr=err,
        )


def results(folder: Path, processes: int) -> list[dict]:
    """Runs `processes` processes; none is left behind."""
    port = free_port()
    children = [start(rank, processes, port, folder) for rank in range(processes)]
    end = time.monotonic() + TIMEOUT
    try:
        for child in children:
            child.wait(max(end - time.monotonic(), 0))
    except subprocess.TimeoutExpired:
        pass
    finally:
        for child in children:
            child.kill()
            child.wait()
    for rank, child in enumerate(children):
        if child.returncode:
            log = (folder / f"{processes}-{rank}.err").read_text(errors="replace")[-3000:]
            pytest.fail(f"process {rank} of {processes}: {child.returncode}\n{log}", pytrace=False)
    return [
        json.loads((folder / f"{processes}-{rank}.out").read_text().splitlines()[-1])
        for rank in range(processes)
    ]


def test_two_processes_train_as_one(tmp_path):
    """The losses and weights agree to 1e-4.

    Under JAX a data-parallel run is one program over all devices: noise is drawn for the whole
    batch and batch normalisation takes the statistics of the whole batch, so that DCGAN is the same
    model on any number of devices, and only the order of float32 sums differs. That is 1e-7 of a
    sum; twelve steps of Adam, which scales every gradient to the size of the rate, make more of it.
    """
    if importlib.util.find_spec("jax") is None:
        pytest.skip("jax is not installed")
    (alone,) = results(tmp_path, 1)
    first, second = results(tmp_path, 2)
    assert (alone["devices"], first["devices"], second["devices"]) == (1, 2, 2)
    for run in (alone, first, second):
        assert (run["epochs"], run["steps"]) == (3, 12)
    # Both processes see the one program's numbers.
    assert first["history"] == second["history"]
    assert first["norms"] == second["norms"]
    for loss, values in alone["history"].items():
        assert len(values) == 3
        assert len(set(values)) == 3, f"{loss} does not move: nothing is compared"
        np.testing.assert_allclose(first["history"][loss], values, rtol=1e-4, err_msg=loss)
    np.testing.assert_allclose(first["norms"], alone["norms"], rtol=1e-4)
