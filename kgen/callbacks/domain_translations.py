"""Given images above their translations into every domain, and back, after every epoch."""

from __future__ import annotations

import os

import numpy as np

from kgen.callbacks.picture_each_epoch import PictureEachEpoch
from kgen.plotting import columns_of


class DomainTranslations(PictureEachEpoch):
    """Draws a row of given images, and below it one row of their translations for each domain.

    Below these, where the images' own domains are given, a row of reconstructions: the last
    translations, translated back.

    Args:
        folder: The run's folder: pictures are `<folder>/translations/epoch_0001.png` and so on,
            their animation `<folder>/translations.gif`.
        images: Source images `(n, height, width, channels)` in [-1, 1].
        labels: The labels to translate into, a row each.
        every: Draw after each `every`-th epoch.
        own: The labels of the images themselves.

    Example:

        images, own = (array[:12] for array in next(iter(data.validation)))
        rows = DomainTranslations("run", images, range(4), own=own)
        model.fit(data.train, callbacks=[rows])
    """

    name = "translations"
    columns = 12

    def __init__(
        self, folder: str | os.PathLike, images: np.ndarray, labels, every: int = 1, own=None
    ):
        super().__init__(folder, every)
        self.sources = np.asarray(images)
        self.labels = list(labels)
        self.own = None if own is None else np.asarray(own)
        self.columns = min(self.columns, len(self.sources))

    def images(self) -> np.ndarray:
        """A row of sources, a row for each domain, one back again; and so on."""
        rows = [self.model.translate(self.sources, labels=label) for label in self.labels]
        if self.own is not None:
            rows.append(self.model.translate(rows[-1], labels=self.own))
        return columns_of(self.sources, *rows, per_row=self.columns)
