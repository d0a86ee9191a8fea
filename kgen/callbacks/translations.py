"""Given images above their translations, and what else belongs there, after every epoch."""

from __future__ import annotations

import inspect
import os
from collections.abc import Hashable, Mapping

import numpy as np

from kgen.callbacks.picture_each_epoch import PictureEachEpoch
from kgen.plotting import columns_of


class Translations(PictureEachEpoch):
    """Draws rows of given images with their translation in the row below, and what is made of it.

    Below a translation stands what it becomes when it is translated back, and the truth, where
    they are asked for.

    A model whose `translate` takes a seed draws its noise from the same one in every picture.

    Args:
        folder: The run's folder: pictures are `<folder>/translations/epoch_0001.png` and so on,
            their animation `<folder>/translations.gif`.
        sources: For each domain to translate *into*, source images
            `(n, height, width, channels)` in [-1, 1].
        every: Draw after each `every`-th epoch.
        targets: For some of these domains, the true images of the sources, where they are known.
        back: For some of these domains, that of the sources, into which a translation is translated
            back.

    Example:

        sans, serif = next(iter(data.validation))
        rows = Translations("run", {"b": sans, "a": serif}, back={"b": "a", "a": "b"})
        model.fit(data.train, callbacks=[rows])
    """

    name = "translations"
    columns = 8

    def __init__(
        self,
        folder: str | os.PathLike,
        sources: Mapping[Hashable, np.ndarray],
        every: int = 1,
        targets: Mapping[Hashable, np.ndarray] | None = None,
        back: Mapping[Hashable, Hashable] | None = None,
    ):
        super().__init__(folder, every)
        self.sources = {domain: np.asarray(images) for domain, images in sources.items()}
        self.targets = {domain: np.asarray(images) for domain, images in (targets or {}).items()}
        self.back = dict(back or {})
        self.columns = min(self.columns, max(map(len, self.sources.values())))

    def images(self) -> np.ndarray:
        """For each domain in turn: a row of sources, the row of their translations, and so on."""
        stacks = [self._below(domain, images) for domain, images in self.sources.items()]
        colour = max(images.shape[-1] for stack in stacks for images in stack)
        return np.concatenate(
            [
                columns_of(*(_in_colour(images, colour) for images in stack), per_row=self.columns)
                for stack in stacks
            ]
        )

    def _below(self, domain: Hashable, images: np.ndarray) -> list[np.ndarray]:
        """Images and what stands below them."""
        seeded = "seed" in inspect.signature(self.model.translate).parameters
        seed = {"seed": 0} if seeded else {}
        stacks = [images, self.model.translate(images, domain=domain, **seed)]
        if domain in self.back:
            stacks.append(self.model.translate(stacks[-1], domain=self.back[domain], **seed))
        if domain in self.targets:
            stacks.append(self.targets[domain])
        return stacks


def _in_colour(images: np.ndarray, channels: int) -> np.ndarray:
    """Grey images beside coloured ones."""
    return images if images.shape[-1] == channels else np.repeat(images, channels, axis=-1)
