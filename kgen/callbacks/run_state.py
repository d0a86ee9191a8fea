"""What a run must remember beside its model: the state of the callbacks.

It is kept inside the model's own `.keras` file (a zip archive, whose readers look up members by
name), so that one rename replaces both and they cannot disagree.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Iterable, Iterator
from typing import Any

import keras
import numpy as np

MEMBER = "kgen_run_state.json"
ARRAYS = "kgen_run_state.npz"

# What Keras's own callbacks learn during training, all of which they forget when training begins.
LEARNED = {
    keras.callbacks.EarlyStopping: ("best", "best_epoch", "best_weights", "wait", "stopped_epoch"),
    keras.callbacks.ModelCheckpoint: ("best",),
    keras.callbacks.ReduceLROnPlateau: ("best", "wait", "cooldown_counter"),
}


def _named(callbacks: Iterable[keras.callbacks.Callback]) -> Iterator[tuple[str, Any]]:
    """Names each callback by its class and its place among those of the class."""
    seen: dict[str, int] = {}
    for callback in callbacks:
        name = type(callback).__name__
        seen[name] = seen.get(name, 0) + 1
        yield f"{name}.{seen[name]}", callback


def collect(callbacks: Iterable[keras.callbacks.Callback]) -> dict[str, dict]:
    """The state of every callback that has one.

    A callback of your own takes part by two methods: `get_run_state()`, which returns a mapping of
    numbers, strings, lists of these and lists of arrays, and `set_run_state(mapping)`.
    """
    state = {}
    for name, callback in _named(callbacks):
        if hasattr(callback, "get_run_state"):
            state[name] = callback.get_run_state()
        for kind, attributes in LEARNED.items():
            if isinstance(callback, kind):
                present = [key for key in attributes if hasattr(callback, key)]
                state[name] = {key: getattr(callback, key) for key in present}
    return state


def restore(callbacks: Iterable[keras.callbacks.Callback], state: dict[str, dict]) -> None:
    """Gives each callback its state back; one that is new to the run keeps its own."""
    for name, callback in _named(callbacks):
        if name not in state:
            continue
        if hasattr(callback, "set_run_state"):
            callback.set_run_state(state[name])
        else:
            for key, value in state[name].items():
                setattr(callback, key, value)


def append(path: str | os.PathLike, state: dict) -> None:
    """Adds `state` to the `.keras` file at `path`; arrays go to a member of their own."""
    arrays: list[np.ndarray] = []

    def plain(value):
        if isinstance(value, np.ndarray) and value.ndim:
            arrays.append(value)
            return {"array": len(arrays) - 1}
        return value.item()  # a NumPy or a tensor scalar

    text = json.dumps(state, default=plain)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(MEMBER, text)
        if arrays:
            buffer = io.BytesIO()
            np.savez(buffer, *arrays)
            archive.writestr(ARRAYS, buffer.getvalue())


def read(path: str | os.PathLike) -> dict:
    """Reads what `append` wrote, after checking every byte of the file against its checksums.

    Raises:
        FileNotFoundError: If there is no such file.
        zipfile.BadZipFile: If the file is no whole `.keras` file.
        KeyError: If it holds no state of a run.
    """
    with zipfile.ZipFile(path) as archive:
        if broken := archive.testzip():
            raise zipfile.BadZipFile(f"{broken} is damaged")
        arrays = {}
        if ARRAYS in archive.namelist():
            with np.load(io.BytesIO(archive.read(ARRAYS))) as stored:
                arrays = {int(name.removeprefix("arr_")): stored[name] for name in stored.files}

        def lift(mapping):
            return arrays[mapping["array"]] if mapping.keys() == {"array"} else mapping

        return json.loads(archive.read(MEMBER), object_hook=lift)
