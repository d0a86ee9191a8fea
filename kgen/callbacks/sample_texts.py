"""Texts from the same random numbers after every epoch."""

from __future__ import annotations

import os
from pathlib import Path

import keras

from kgen.files import write_lines


class SampleTexts(keras.callbacks.Callback):
    """Writes `n` samples of the same seed before training and after each epoch, a text a line.

    For models that draw tokens; of those without words the lines are numbers. Files of an earlier
    run in the same folder are replaced as their epoch comes.

    Args:
        folder: The run's folder: texts are in `<folder>/samples/epoch_0001.txt` and so on,
            `epoch_0000.txt` being the untrained model's.
        n: Samples in a file.
        seed: Of the samples, the same every epoch.

    Raises:
        ValueError: At the start of training, if the model draws no tokens.

    Example:

        model.fit(data.train, epochs=20, callbacks=[SampleTexts("run")])
    """

    name = "samples"

    def __init__(self, folder: str | os.PathLike, n: int = 64, seed: int = 0):
        super().__init__()
        if n < 1:
            raise ValueError(f"n={n}: write at least one sample")
        self.folder = Path(folder)
        self.n = n
        self.seed = seed

    def path(self, epoch: int) -> Path:
        """The file of the model after `epoch` epochs."""
        return self.folder / self.name / f"epoch_{epoch:04d}.txt"

    def on_train_begin(self, logs=None):
        """Refuses a model that draws no tokens, and writes what the untrained one draws."""
        if not hasattr(self.model, "texts"):
            raise ValueError(
                f"{type(self.model).__name__} draws no tokens, so SampleTexts has nothing to write"
            )
        if self.model.epochs_trained == 0:
            self._write()

    def on_epoch_end(self, epoch, logs=None):
        """Writes what the model draws after the epoch."""
        self._write()

    def _write(self):
        texts = self.model.texts(self.model.sample(self.n, seed=self.seed))
        write_lines(self.path(self.model.epochs_trained), texts)
