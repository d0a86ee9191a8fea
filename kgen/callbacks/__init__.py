"""Callbacks: what happens around `fit`. They know a model only through its capabilities.

Each is an ordinary `keras.callbacks.Callback` and works beside Keras's own.

Order matters a little: what logs a value comes before what reads it, what takes long at the end of
an epoch after `Throughput`, and `Checkpoint` last.

Example:

    others = [
        speed := kgen.callbacks.Throughput(),
        kgen.callbacks.NaNGuard(),
        kgen.callbacks.Evaluate(data, ["fd"], every=5, folder="run"),
        kgen.callbacks.SampleGrid("run"),
        kgen.callbacks.BestCheckpoint("run/best.keras", "fd"),
        kgen.callbacks.HistoryFile("run"),
    ]
    checkpoint = kgen.callbacks.Checkpoint("run/checkpoint.keras", others=others)
    model.fit(speed.watch(data.train), epochs=20, callbacks=[*others, checkpoint])
"""

from kgen.callbacks.best_checkpoint import BestCheckpoint
from kgen.callbacks.checkpoint import Checkpoint, load_checkpoint, read_run_state
from kgen.callbacks.collapse_monitor import CollapseMonitor, CollapseWarning
from kgen.callbacks.density import Density
from kgen.callbacks.domain_translations import DomainTranslations
from kgen.callbacks.evaluate import Evaluate
from kgen.callbacks.history_file import HistoryFile
from kgen.callbacks.latent_walk import LatentWalk
from kgen.callbacks.learning_rates import LearningRates
from kgen.callbacks.nan_guard import NaNGuard
from kgen.callbacks.picture_each_epoch import PictureEachEpoch
from kgen.callbacks.reconstructions import Reconstructions
from kgen.callbacks.sample_grid import SampleGrid
from kgen.callbacks.sample_texts import SampleTexts
from kgen.callbacks.swap_ema import SwapEMA, averaged_weights
from kgen.callbacks.tensorboard import TensorBoard
from kgen.callbacks.throughput import Throughput
from kgen.callbacks.translations import Translations

__all__ = [
    "BestCheckpoint",
    "Checkpoint",
    "CollapseMonitor",
    "CollapseWarning",
    "Density",
    "DomainTranslations",
    "Evaluate",
    "HistoryFile",
    "LatentWalk",
    "LearningRates",
    "NaNGuard",
    "PictureEachEpoch",
    "Reconstructions",
    "SampleGrid",
    "SampleTexts",
    "SwapEMA",
    "TensorBoard",
    "Throughput",
    "Translations",
    "averaged_weights",
    "load_checkpoint",
    "read_run_state",
]
