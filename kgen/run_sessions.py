"""When, where and how fast a run is trained: `sessions.json`."""

from __future__ import annotations

import datetime
import time
from pathlib import Path
from typing import Any

import keras

from kgen import machine
from kgen.run_folder import RunFolder, versions, write_json

#: What `Throughput` logs. It differs from one training to the next, and the history must not.
SPEED = ("images_per_second", "data_wait")


class SessionClock(keras.callbacks.Callback):
    """Records each process that trains a run, its machine, and the time of each of its epochs.

    The speed that `Throughput` has put into the logs is moved from there to this record, so that
    `history.csv` is the same for the same training. An epoch that was cut off is not recorded; one
    that is trained again after a kill is recorded twice, since it took its time twice. Pictures
    and scores of an epoch are part of its time.

    Args:
        folder: The run's folder.
    """

    def __init__(self, folder: Path):
        super().__init__()
        self.folder = RunFolder(Path(folder))
        self._sessions: list[dict[str, Any]] = []
        self._since = 0.0

    def on_train_begin(self, logs=None):
        """Begins a session."""
        now = datetime.datetime.now().astimezone()
        self._sessions = [
            *self.folder.read_sessions(),
            {
                "started": now.isoformat(timespec="seconds"),
                "machine": machine.describe(),
                "versions": versions(),
                "epochs": [],
            },
        ]
        self._since = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        """Takes the speed out of the logs, and writes the record."""
        now = time.perf_counter()
        row = {"epoch": self.model.epochs_trained, "seconds": round(now - self._since, 3)}
        for name in SPEED:
            if logs and name in logs:
                row[name] = round(float(logs.pop(name)), 4)
        self._since = now
        self._sessions[-1]["epochs"].append(row)
        write_json(self.folder.sessions, {"sessions": self._sessions})
