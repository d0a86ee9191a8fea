"""Callbacks: what happens around `fit`. They know a model only through its capabilities.

Each is an ordinary `keras.callbacks.Callback` and works beside Keras's own.

Example:

    model.fit(data.train, epochs=20, callbacks=[
        guard := kgen.callbacks.NaNGuard(),
        grids := kgen.callbacks.SampleGrid("run"),
        history := kgen.callbacks.HistoryFile("run"),
        kgen.callbacks.Checkpoint("run/checkpoint.keras", others=[guard, grids, history]),
    ])
"""

from kgen.callbacks.checkpoint import Checkpoint, load_checkpoint, read_run_state
from kgen.callbacks.history_file import HistoryFile
from kgen.callbacks.nan_guard import NaNGuard
from kgen.callbacks.picture_each_epoch import PictureEachEpoch
from kgen.callbacks.reconstructions import Reconstructions
from kgen.callbacks.sample_grid import SampleGrid
from kgen.callbacks.translations import Translations

__all__ = [
    "Checkpoint",
    "HistoryFile",
    "NaNGuard",
    "PictureEachEpoch",
    "Reconstructions",
    "SampleGrid",
    "Translations",
    "load_checkpoint",
    "read_run_state",
]
