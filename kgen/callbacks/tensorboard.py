"""A run in TensorBoard."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import keras
import numpy as np

from kgen.callbacks.picture_each_epoch import PictureEachEpoch
from kgen.callbacks.sample_texts import SampleTexts
from kgen.errors import KgenError


class TensorBoard(keras.callbacks.Callback):
    """Writes the logs, the pictures and the hyperparameters of a run for TensorBoard.

    Everything stands against the model's epochs, so a resumed run goes on where it stopped. A
    quantity and its `val_` twin share a chart. Look at it with `tensorboard --logdir run`. It
    works on every backend, by the summaries of TensorFlow.

    Keras's own `TensorBoard` draws the same curves; it also profiles, and writes histograms of
    weights. It reads the losses after every batch, and knows neither pictures nor
    hyperparameters. Both can be used together, in different folders.

    Args:
        folder: The run's folder: the event files are in `<folder>/tensorboard`.
        pictures: Callbacks such as `SampleGrid` or `SampleTexts`, also given to `fit` and before
            this one: what they have drawn at an epoch is shown.
        hparams: Names and values (numbers, texts or truth values; others as their text) for the
            table of runs.

    Raises:
        KgenError: If the package `tensorboard` is not installed.

    Example:

        grids = SampleGrid("run")
        board = TensorBoard("run", pictures=[grids], hparams={"width": 64})
        model.fit(data.train, epochs=20, callbacks=[grids, board])
    """

    def __init__(
        self,
        folder: str | os.PathLike,
        pictures: Sequence[PictureEachEpoch | SampleTexts] = (),
        hparams: Mapping[str, object] | None = None,
    ):
        super().__init__()
        if importlib.util.find_spec("tensorboard") is None:
            raise KgenError(
                "TensorBoard is not installed: pip install tensorboard, or leave the callback out"
            )
        self.folder = Path(folder) / "tensorboard"
        self.pictures = list(pictures)
        self.hparams = dict(hparams or {})
        self._writers = {}

    def on_train_begin(self, logs=None):
        """Writes the hyperparameters and the pictures of the untrained model."""
        if self.model.epochs_trained == 0:
            self._show_pictures()
        if self.hparams:
            from tensorboard.plugins.hparams import api

            plain = {
                name: value if isinstance(value, bool | int | float | str) else str(value)
                for name, value in self.hparams.items()
            }
            with self._writer("train").as_default():
                api.hparams(plain)

    def on_epoch_end(self, epoch, logs=None):
        """Writes the logs and what was drawn."""
        import tensorflow as tf

        for name, value in (logs or {}).items():
            held_out = name.startswith("val_")
            with self._writer("validation" if held_out else "train").as_default():
                step = self.model.epochs_trained
                tf.summary.scalar(name.removeprefix("val_"), float(value), step=step)
        self._show_pictures()
        for writer in self._writers.values():
            writer.flush()

    def on_train_end(self, logs=None):
        """Closes the files."""
        for writer in self._writers.values():
            writer.close()
        self._writers = {}

    def _show_pictures(self):
        import tensorflow as tf
        from PIL import Image

        step = self.model.epochs_trained
        for callback in self.pictures:
            if not callback.path(step).exists():
                continue
            if isinstance(callback, SampleTexts):
                lines = callback.path(step).read_text(encoding="utf-8").splitlines()
                block = "\n".join(f"    {line}" for line in lines)  # Markdown, shown as it is
                with self._writer("train").as_default():
                    tf.summary.text(callback.name, block, step=step)
                continue
            with Image.open(callback.path(step)) as picture:
                pixels = np.asarray(picture.convert("RGB"))
            with self._writer("train").as_default():
                tf.summary.image(callback.name, pixels[None], step=step)

    def _writer(self, name):
        """The writer of a kind, which opens its file when it is first needed."""
        import tensorflow as tf

        if name not in self._writers:
            self._writers[name] = tf.summary.create_file_writer(str(self.folder / name))
        return self._writers[name]
