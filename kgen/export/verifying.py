"""Comparing an export with the live model, read by a process that has neither kgen nor Keras."""

import os
import subprocess
import sys
import tempfile
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from keras import ops

from kgen.errors import ExportError
from kgen.export import reader
from kgen.export.description import describe
from kgen.export.endpoints import Endpoint, endpoints
from kgen.export.examples import example_inputs


def verify(
    model: Any,
    path: str | PathLike[str],
    *,
    batch_size: int = 3,
    seed: int = 0,
    verbose: bool = False,
) -> dict[str, float]:
    """Runs every signature twice on the same random inputs: live, and from the export.

    The export is read by `kgen/export/reader.py` in a process of its own, on the CPU, to which
    kgen and Keras are forbidden. The live model may be on any backend.

    A difference is the largest one over all values of all outputs of a signature. An output
    whose values exceed 1, such as a log-likelihood in nats, is measured relative to its largest
    one: its float32 has no digits for more. Images in uint8 differ by whole levels.

    Args:
        model: The model that was exported.
        path: The folder that `kgen.export.save` wrote.
        batch_size: Rows in the random inputs.
        seed: Seed of the random inputs.
        verbose: Whether to print the differences as a table.

    Returns:
        The largest difference, by signature. On a CPU, float outputs agree within 1e-5; `nan` if
        either side has one.

    Raises:
        ExportError: The export cannot be read, or its signatures are not the model's.
    """
    described = describe(path)
    offered = endpoints(model, uint8=described["uint8"])
    names = [endpoint.name for endpoint in offered]
    if names != list(described["signatures"]):
        raise ExportError(
            f"{path} holds the signatures {', '.join(described['signatures'])}, and the model has "
            f"{', '.join(names)}: it is the export of another model."
        )
    inputs = {endpoint.name: example_inputs(endpoint, batch_size, seed) for endpoint in offered}
    read = _read(Path(path), inputs)
    differences = {
        endpoint.name: _difference(endpoint, _live(endpoint, inputs[endpoint.name]), read)
        for endpoint in offered
    }
    if verbose:
        width = max(len("signature"), *map(len, names))
        print(f"{'signature':{width}}  largest difference")
        for name, difference in differences.items():
            print(f"{name:{width}}  {difference:.1e}")
    return differences


def _live(endpoint: Endpoint, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    tensors = {name: ops.convert_to_tensor(array) for name, array in inputs.items()}
    return {name: ops.convert_to_numpy(tensor) for name, tensor in endpoint(**tensors).items()}


def _read(path: Path, inputs: dict[str, dict[str, np.ndarray]]) -> dict[str, dict[str, np.ndarray]]:
    """Runs the export's signatures in a process without kgen and Keras."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-P", reader.__file__, str(path)]
        for name, arrays in inputs.items():
            given, returned = Path(folder, f"{name}.in.npz"), Path(folder, f"{name}.out.npz")
            np.savez(given, **arrays)
            command += ["--run", name, str(given), str(returned)]
        environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1"}
        process = subprocess.run(command, env=environment, capture_output=True, text=True)
        if process.returncode:
            lines = process.stderr.strip().splitlines() or [f"exit code {process.returncode}"]
            raise ExportError(f"{path} cannot be read back: {lines[-1]}")
        results = {}
        for name in inputs:
            with np.load(Path(folder, f"{name}.out.npz")) as arrays:
                results[name] = {key: arrays[key] for key in arrays.files}
    return results


def _difference(
    endpoint: Endpoint,
    live: dict[str, np.ndarray],
    read: dict[str, dict[str, np.ndarray]],
) -> float:
    """The largest difference over the outputs of one signature."""
    largest = 0.0
    for name, expected in live.items():
        got = read[endpoint.name].get(name)
        if got is None or got.shape != expected.shape or got.dtype != expected.dtype:
            raise ExportError(
                f"output '{name}' of '{endpoint.name}' is {expected.dtype.name} of shape "
                f"{expected.shape} in the model, and not in the export."
            )
        expected, got = expected.astype("float64"), got.astype("float64")
        scale = max(1.0, np.abs(expected).max()) if live[name].dtype.kind == "f" else 1.0
        with np.errstate(invalid="ignore"):  # infinities on both sides: their difference is nan
            difference = np.abs(got - expected).max() / scale
        largest = np.maximum(largest, difference)  # keeps a nan
    return float(largest)
