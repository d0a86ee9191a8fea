"""Given images above their translations, and what these should be, after every epoch."""

from __future__ import annotations

import inspect
import os
from collections.abc import Hashable, Mapping

import numpy as np

from kgen.callbacks.picture_each_epoch import PictureEachEpoch
from kgen.plotting import columns_of


class Translations(PictureEachEpoch):
    """Draws rows of given images with their translation in the row below, and below it the truth.

    A model whose `translate` takes a seed draws its noise from the same one in every picture.

    Args:
        folder: The run's folder: pictures are `<folder>/translations/epoch_0001.png` and so on,
            their animation `<folder>/translations.gif`.
        sources: For each domain to translate *into*, source images
            `(n, height, width, channels)` in [-1, 1].
        every: Draw after each `every`-th epoch.
        targets: For some of these domains, the true images of the sources, where they are known.

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
        targets: Mapping[Hashable, np.ndarray] | None = None,
    ):
        super().__init__(folder, every)
        self.sources = {domain: np.asarray(images) for domain, images in sources.items()}
        self.targets = {domain: np.asarray(images) for domain, images in (targets or {}).items()}

    def images(self) -> np.ndarray:
        """For each domain in turn: a row of sources, the row of their translations, and so on."""
        seeded = "seed" in inspect.signature(self.model.translate).parameters
        seed = {"seed": 0} if seeded else {}
        stacks = [
            [
                images,
                self.model.translate(images, domain=domain, **seed),
                *([self.targets[domain]] if domain in self.targets else []),
            ]
            for domain, images in self.sources.items()
        ]
        colour = max(images.shape[-1] for stack in stacks for images in stack)
        return np.concatenate(
            [
                columns_of(*(_in_colour(images, colour) for images in stack), per_row=self.columns)
                for stack in stacks
            ]
        )


def _in_colour(images: np.ndarray, channels: int) -> np.ndarray:
    """Grey images beside coloured ones."""
    return images if images.shape[-1] == channels else np.repeat(images, channels, axis=-1)
