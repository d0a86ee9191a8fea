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
TIMEOUT = 400.0


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start(name: str, rank: int, processes: int, port: int, folder: Path) -> subprocess.Popen:
    environment = {
        **os.environ,
        "KERAS_BACKEND": "jax",
        "JAX_PLATFORMS": "cpu",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONPATH": str(ROOT),
    }
    with open(folder / f"{name}.out", "wb") as out, open(folder / f"{name}.err", "wb") as err:
        return subprocess.Popen(
            [sys.executable, str(SCRIPT), str(rank), str(processes), str(port)],
            env=environment,
            stdout=out,
            stderr=err,
        )


def finish(children: dict[str, subprocess.Popen], folder: Path) -> dict[str, dict]:
    """What the processes print; none is left behind."""
    end = time.monotonic() + TIMEOUT
    try:
        for child in children.values():
            child.wait(max(end - time.monotonic(), 0))
    except subprocess.TimeoutExpired:
        pass  # the killed ones are reported below
    finally:
        for child in children.values():
            child.kill()
            child.wait()
    for name, child in children.items():
        if child.returncode:
            log = (folder / f"{name}.err").read_text(errors="replace")[-3000:]
            pytest.fail(f"process {name} ended with {child.returncode}\n{log}", pytrace=False)
    return {
        name: json.loads((folder / f"{name}.out").read_text().splitlines()[-1]) for name in children
    }


def test_two_processes_train_as_one(tmp_path):
    """Losses and weights agree to 1e-5.

    Under JAX a data-parallel run is one program over all devices: noise is drawn for the whole
    batch and batch normalisation takes the statistics of the whole batch, so that DCGAN is the same
    model on any number of devices, and only the order of float32 sums differs. That is 1e-7 of a
    sum; twelve steps of Adam, which brings every gradient to the size of the rate, may make more of
    it, and were seen to leave 1e-7. Per-process statistics or noise would change the first digits.
    """
    if importlib.util.find_spec("jax") is None:
        pytest.skip("jax is not installed")
    port = free_port()
    runs = finish(
        {
            "alone": start("alone", 0, 1, port, tmp_path),
            "first": start("first", 0, 2, port, tmp_path),
            "second": start("second", 1, 2, port, tmp_path),
        },
        tmp_path,
    )
    alone, first, second = runs.values()
    assert [run["devices"] for run in runs.values()] == [1, 2, 2]
    assert [(run["epochs"], run["steps"]) for run in runs.values()] == [(3, 12)] * 3
    # Both processes see the numbers of the one program.
    assert first == second
    for loss, values in alone["history"].items():
        assert len(set(values)) == 3, f"{loss} does not move: nothing is compared"
        np.testing.assert_allclose(first["history"][loss], values, rtol=1e-5, err_msg=loss)
    np.testing.assert_allclose(first["norms"], alone["norms"], rtol=1e-5)
