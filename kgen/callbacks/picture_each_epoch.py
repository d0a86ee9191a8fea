"""The base of the callbacks that draw one picture an epoch."""

from __future__ import annotations

import os
from pathlib import Path

import keras
import numpy as np

from kgen import plotting


class PictureEachEpoch(keras.callbacks.Callback):
    """Draws a picture before training and after each epoch, and joins them into a GIF at the end.

    A subclass says by `images()` what is drawn, and by `name` how it is called: the pictures are
    `<folder>/<name>/epoch_0001.png` and so on, `epoch_0000.png` being the untrained model, and the
    animation is `<folder>/<name>.gif`. They are numbered by the epochs the model has been trained
    for, so a resumed run goes on where it stopped and the animation, made from the files, covers
    both parts. Pictures of an earlier run in the same folder are replaced as their epoch comes.

    Args:
        folder: The run's folder.
        every: Draw after each `every`-th epoch (the last epoch is always drawn).

    Example:

        class Means(PictureEachEpoch):
            name = "means"

            def images(self):
                return self.model.sample(256, seed=0).mean(axis=0, keepdims=True)
    """

    name = "pictures"
    columns: int | None = None

    def __init__(self, folder: str | os.PathLike, every: int = 1):
        super().__init__()
        if every < 1:
            raise ValueError(f"every={every}: draw every 1st, 2nd, ... epoch")
        self.folder = Path(folder)
        self.every = every

    def images(self) -> np.ndarray:
        """The images of the picture: float `(n, height, width, channels)` in [-1, 1]."""
        raise NotImplementedError

    def path(self, epoch: int) -> Path:
        """The picture file of the model after `epoch` epochs."""
        return self.folder / self.name / f"epoch_{epoch:04d}.png"

    @property
    def animation(self) -> Path:
        """The GIF written when training ends."""
        return self.folder / f"{self.name}.gif"

    def on_train_begin(self, logs=None):
        """Draws the untrained model."""
        if self.model.epochs_trained == 0:
            self._draw()

    def on_epoch_end(self, epoch, logs=None):
        """Draws the model after the epoch."""
        if self.model.epochs_trained % self.every == 0:
            self._draw()

    def on_train_end(self, logs=None):
        """Joins the pictures."""
        last = self.model.epochs_trained
        if not self.path(last).exists():
            self._draw()
        frames = [path for path in map(self.path, range(last + 1)) if path.exists()]
        plotting.save_animation(frames, self.animation)

    def _draw(self):
        picture = plotting.grid(self.images(), columns=self.columns)
        plotting.save_image(picture, self.path(self.model.epochs_trained))
