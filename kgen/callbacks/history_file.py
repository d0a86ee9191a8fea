"""The history of a run as `history.csv`, with a plot at the end."""

from __future__ import annotations

import os
from pathlib import Path

import keras

from kgen import plotting
from kgen.history import read_history, write_history


class HistoryFile(keras.callbacks.Callback):
    """Writes one row an epoch to `history.csv`, and `history.png` when training ends.

    The file is replaced as a whole after each epoch. When a model already trained is trained on,
    the rows of its past epochs are kept: those of the `Checkpoint` it is restored with, or else
    those in the file.

    Args:
        folder: The folder of `history.csv` and `history.png`.

    Example:

        model.fit(data.train, epochs=20, callbacks=[HistoryFile("run")])
    """

    def __init__(self, folder: str | os.PathLike):
        super().__init__()
        self.path = Path(folder) / "history.csv"
        self.picture = Path(folder) / "history.png"
        self.rows: list[dict[str, float]] = []

    def on_train_begin(self, logs=None):
        """Keeps the rows of the model's past epochs."""
        past = self.model.epochs_trained
        self.rows = [row for row in read_history(self.path) if row["epoch"] <= past]

    def on_epoch_end(self, epoch, logs=None):
        """Adds the row of the epoch."""
        row = {name: float(value) for name, value in (logs or {}).items()}
        self.rows.append({"epoch": self.model.epochs_trained, **row})
        write_history(self.path, self.rows)

    def on_train_end(self, logs=None):
        """Draws the curves."""
        plotting.save_curves(self.rows, self.picture)

    def get_run_state(self) -> dict:
        """What a `Checkpoint` keeps of this callback: its rows."""
        return {"rows": self.rows}

    def set_run_state(self, state: dict) -> None:
        """Takes the rows of the checkpoint, and writes the file anew from them."""
        self.rows = state["rows"]
        write_history(self.path, self.rows)
