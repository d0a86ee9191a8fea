"""Given images above their reconstructions after every epoch."""

from __future__ import annotations

import os

import numpy as np

from kgen.callbacks.picture_each_epoch import PictureEachEpoch
from kgen.plotting import columns_of


class Reconstructions(PictureEachEpoch):
    """Draws rows of given images with what the model makes of them in the row below.

    Args:
        folder: The run's folder: pictures are `<folder>/reconstructions/epoch_0001.png` and so on,
            their animation `<folder>/reconstructions.gif`.
        images: Images `(n, height, width, channels)` in [-1, 1], best not those trained on.
        every: Draw after each `every`-th epoch.
        labels: For conditional models, the class of each image.

    Example:

        held_out = next(iter(data.validation))[:32].numpy()
        model.fit(data.train, epochs=20, callbacks=[Reconstructions("run", held_out)])
    """

    name = "reconstructions"
    columns = 8

    def __init__(
        self,
        folder: str | os.PathLike,
        images: np.ndarray,
        every: int = 1,
        labels: np.ndarray | None = None,
    ):
        super().__init__(folder, every)
        self.sources = np.asarray(images)
        self.columns = min(self.columns, len(self.sources))
        self.labels = {} if labels is None else {"labels": np.asarray(labels, "int32")}

    def images(self) -> np.ndarray:
        """A row of images, the row of their reconstructions, and so on."""
        rebuilt = self.model.reconstruct(self.sources, **self.labels)
        return columns_of(self.sources, rebuilt, per_row=self.columns)
