"""Keeps the best model of a run."""

from __future__ import annotations

import itertools
import json
import math
import os
import zipfile
from pathlib import Path
from typing import Literal

import keras

from kgen.errors import CheckpointError, MetricError
from kgen.files import replacing
from kgen.metrics.registry import METRICS

MEMBER = "kgen_best.json"  # of the `.keras` file, which is a zip archive


class BestCheckpoint(keras.callbacks.Callback):
    """Saves the whole model whenever a logged value is better than ever before.

    The file is replaced in one step, so a process that is killed leaves the best model or the one
    that was best before, never a part. The value and its epoch are written into the file, and are
    remembered by a `Checkpoint` of the run as well. Equal values do not replace the file, so the
    first of them is kept, and a value that `Evaluate` repeats does nothing.

    Give it after the callback that logs the value. A file in the way that a training does not know
    (of another quantity, or of an epoch that its model has not seen) is renamed before the first
    one is written, with one line that says so. Only a resumed run replaces what it wrote itself.

    Args:
        path: The `.keras` file.
        monitor: The name of a value in the logs, such as `"fid"` or `"val_loss"`.
        mode: `"min"` or `"max"`, what is better; known for the keys of `kgen.metrics.METRICS` and
            for losses.

    Attributes:
        best: The best value, or `None` before the first.
        best_epoch: After how many epochs the model had it.

    Raises:
        ValueError: For a path without `.keras`, or a value of which it is not known which way is
            better.
        MetricError: At the end of the first epoch, if the logs lack the value.

    Example:

        model.fit(data.train, epochs=20, callbacks=[
            Evaluate(data, "fd", folder="run"),
            BestCheckpoint("run/best.keras", "fd"),
        ])
        best = keras.models.load_model("run/best.keras")
    """

    def __init__(
        self,
        path: str | os.PathLike,
        monitor: str,
        mode: Literal["min", "max"] | None = None,
    ):
        super().__init__()
        self.path = Path(path)
        if self.path.suffix != ".keras":
            raise ValueError(f"a model's file name must end in .keras, not {self.path.name!r}")
        self.monitor = monitor
        self.mode = mode or _known_mode(monitor)
        if self.mode not in ("min", "max"):
            raise ValueError(f'mode={mode!r}: give "min" or "max", which of {monitor} is better')
        self.best: float | None = None
        self.best_epoch: int | None = None
        self._unknown = False

    def on_train_begin(self, logs=None):
        """Remembers the best of the model's past epochs, from its file."""
        self.best = self.best_epoch = None
        kept = self._read() if self.path.exists() else None
        self._unknown = kept is not None and (
            kept["monitor"] != self.monitor or kept["epoch"] > self.model.epochs_trained
        )
        if kept and not self._unknown:
            self.best, self.best_epoch = kept["value"], kept["epoch"]

    def on_epoch_end(self, epoch, logs=None):
        """Replaces the file where the value is the best so far."""
        if self.monitor not in (logs or {}):
            raise MetricError(
                f"the logs lack {self.monitor!r}: give BestCheckpoint after the callback that logs "
                f"it, or monitor one of {', '.join(logs or {})}"
            )
        value = float(logs[self.monitor])
        if not self._is_better(value):
            return
        if self._unknown:
            self._put_aside()
        self.best, self.best_epoch = value, self.model.epochs_trained
        record = json.dumps({"monitor": self.monitor, **self.get_run_state()})
        with replacing(self.path) as temporary:
            self.model.save(temporary)
            with zipfile.ZipFile(temporary, "a") as archive:
                archive.writestr(MEMBER, record)

    def on_train_end(self, logs=None):
        """Says where the best model is."""
        if self.best is not None:
            print(
                f"best {self.monitor}: {self.best:.5g} after epoch {self.best_epoch}, {self.path}"
            )

    def get_run_state(self) -> dict:
        """What a `Checkpoint` keeps of this callback."""
        return {"value": self.best, "epoch": self.best_epoch}

    def set_run_state(self, state: dict) -> None:
        """Takes the best value of the checkpoint, if the file is still the one it speaks of."""
        kept = self._read() if self.path.exists() else None
        if kept and kept["monitor"] != self.monitor:  # the run was made to choose by another value
            return
        # A run killed after a better epoch and before its checkpoint has replaced the file; that
        # epoch is trained again, and until then there is no best model to be better than.
        self._unknown = False
        same = kept is not None and kept["epoch"] == state["epoch"]
        self.best, self.best_epoch = (state["value"], state["epoch"]) if same else (None, None)

    def _is_better(self, value):
        if not math.isfinite(value):
            return False
        if self.best is None:
            return True
        return value < self.best if self.mode == "min" else value > self.best

    def _read(self):
        try:
            with zipfile.ZipFile(self.path) as archive:
                return json.loads(archive.read(MEMBER))
        except (KeyError, zipfile.BadZipFile, OSError, EOFError, ValueError):
            raise CheckpointError(
                f"{self.path} was not written by BestCheckpoint: choose another path, or move it "
                "away"
            ) from None

    def _put_aside(self):
        names = (f"{self.path.stem}.aside{i or ''}{self.path.suffix}" for i in itertools.count())
        aside = next(p for p in map(self.path.with_name, names) if not p.exists())
        os.replace(self.path, aside)
        print(f"{self.path} was of another training, and is now {aside.name}")
        self._unknown = False


def _known_mode(monitor):
    name = monitor.removeprefix("val_")
    if name == "loss" or name.endswith("_loss"):
        return "min"
    better = METRICS[name].better if name in METRICS else None
    return {"lower": "min", "higher": "max", None: None}[better]
