"""Given images above their translations into every domain after every epoch."""

from __future__ import annotations

import os

import numpy as np

from kgen.callbacks.picture_each_epoch import PictureEachEpoch
from kgen.plotting import columns_of


class DomainTranslations(PictureEachEpoch):
    """Draws a row of given images, and below it one row of their translations for each domain.

    Args:
        folder: The run's folder: pictures are `<folder>/translations/epoch_0001.png` and so on,
            their animation `<folder>/translations.gif`.
        images: Source images `(n, height, width, channels)` in [-1, 1].
        labels: The labels to translate into, a row each.
        every: Draw after each `every`-th epoch.

    Example:

        images, _ = next(iter(data.validation))
        model.fit(data.train, callbacks=[DomainTranslations("run", images[:12], range(4))])
    """

    name = "translations"
    columns = 12

    def __init__(self, folder: str | os.PathLike, images: np.ndarray, labels, every: int = 1):
        super().__init__(folder, every)
        self.sources = np.asarray(images)
        self.labels = list(labels)
        self.columns = min(self.columns, len(self.sources))

    def images(self) -> np.ndarray:
        """A row of sources, a row for each domain, and so on."""
        translated = [self.model.translate(self.sources, labels=label) for label in self.labels]
        return columns_of(self.sources, *translated, per_row=self.columns)
