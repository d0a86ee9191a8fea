"""Samples from the same latents after every epoch."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from kgen import plotting
from kgen.callbacks.picture_each_epoch import PictureEachEpoch


class SampleGrid(PictureEachEpoch):
    """Draws `n` samples of the same seed after every epoch, so that one sees each image develop.

    Args:
        folder: The run's folder: grids are `<folder>/samples/epoch_0001.png` and so on, their
            animation `<folder>/samples.gif`.
        n: Samples in a grid.
        seed: The seed the latents are drawn with, the same every epoch.
        every: Draw after each `every`-th epoch.
        labels: For conditional models, `n` class indices.
        features: For models of sound that are conditioned on features, `n` sequences of them,
            `(n, frames, channels)`.

    Raises:
        ValueError: At the start of training, if the model cannot sample.

    Example:

        model.fit(data.train, epochs=20, callbacks=[SampleGrid("run")])
    """

    name = "samples"

    def __init__(
        self,
        folder: str | os.PathLike,
        n: int = 64,
        seed: int = 0,
        every: int = 1,
        labels: Sequence[int] | None = None,
        features: np.ndarray | None = None,
    ):
        super().__init__(folder, every)
        if n < 1:
            raise ValueError(f"n={n}: a grid needs at least one sample")
        for name, given in {"labels": labels, "features": features}.items():
            if given is not None and len(given) != n:
                raise ValueError(f"{len(given)} {name} for n={n} samples: give one for each")
        self.n = n
        self.seed = seed
        self.labels = labels
        self.features = features

    def on_train_begin(self, logs=None):
        """Refuses a model that cannot sample, and draws the untrained one."""
        if "sample" not in self.model.capabilities:
            raise ValueError(
                f"{type(self.model).__name__} cannot sample, so SampleGrid has nothing to draw; "
                f"it can {', '.join(self.model.capabilities)}"
            )
        super().on_train_begin(logs)

    def images(self) -> np.ndarray:
        """The samples, `(n, height, width, channels)` in [-1, 1]; of sounds their pictures."""
        given = {} if self.labels is None else {"labels": np.asarray(self.labels, "int32")}
        given |= {} if self.features is None else {"features": self.features}
        samples = self.model.sample(self.n, seed=self.seed, **given)
        return plotting.wave_pictures(samples) if samples.ndim == 3 else samples
