"""Given images above their translations after every epoch."""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping

import numpy as np

from kgen.callbacks.picture_each_epoch import PictureEachEpoch
from kgen.plotting import columns_of


class Translations(PictureEachEpoch):
    """Draws rows of given images with their translation in the row below.

    Args:
        folder: The run's folder: pictures are `<folder>/translations/epoch_0001.png` and so on,
            their animation `<folder>/translations.gif`.
        sources: For each domain to translate *into*, source images
            `(n, height, width, channels)` in [-1, 1].
        every: Draw after each `every`-th epoch.

    Example:

        serif, sans = next(iter(data.validation))
        model.fit(data.train, callbacks=[Translations("run", {"b": serif, "a": sans})])
    """

    name = "translations"
    columns = 8

    def __init__(
        self,
        folder: str | os.PathLike,
        sources: Mapping[Hashable, np.ndarray],
        every: int = 1,
    ):
        super().__init__(folder, every)
        self.sources = {domain: np.asarray(images) for domain, images in sources.items()}

    def images(self) -> np.ndarray:
        """For each domain in turn: a row of sources, the row of their translations, and so on."""
        return np.concatenate(
            [
                columns_of(
                    images, self.model.translate(images, domain=domain), per_row=self.columns
                )
                for domain, images in self.sources.items()
            ]
        )
