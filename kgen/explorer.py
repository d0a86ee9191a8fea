"""A trained model opened to be looked into: its images, their codes, and where a picture goes."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import keras
import numpy as np

from kgen import latent, plotting, run
from kgen.errors import DataError
from kgen.run_images import RunData, own_images, run_splits

if TYPE_CHECKING:
    from kgen.datasets import Splits

#: Training images that a direction is found from: with an encoder, and by gradient descent.
ENCODED, INVERTED = 2000, 100


@dataclasses.dataclass
class Explorer:
    """What the commands of `kgen explore` share.

    Attributes:
        place: A run folder or a `.keras` file.
        target: The picture to write.
        tell: Takes each line for the user.
    """

    place: Path
    target: Path
    tell: Callable[[str], object] = print
    _splits: dict[bool, Splits] = dataclasses.field(default_factory=dict, repr=False)

    @functools.cached_property
    def model(self) -> keras.Model:
        """The trained model."""
        return run.load(self.place)

    @functools.cached_property
    def space(self) -> latent.LatentSpace:
        """What its images are made of."""
        return latent.LatentSpace(self.model)

    def sees_by_class(self, space: str) -> bool:
        """Whether it needs the labels of images for a space of `kgen.latent.vectors`.

        Raises:
            DataError: If the space is that of the latents, and it has no encoder.
        """
        if space == "latents":
            latent.check_encoder(self.model)
        capability = {"latents": "encode", "features": "features"}.get(space)
        return "labels" in self.model.capabilities.get(capability, ())

    def draw(self, table: latent.Table) -> Path:
        """Writes the picture."""
        return plotting.save_image(table.picture(), self.target)

    def data(self, split: str, labelled: bool = False) -> RunData:
        """A split of the run's own data."""
        if labelled not in self._splits:
            self._splits[labelled] = run_splits(self.place, labelled, self.tell)
        return RunData(self._splits[labelled], split)

    def own(self, place: Path, n: int | None = None, shape=None) -> np.ndarray:
        """The user's images, of the model's size or another."""
        return own_images(place, shape or self.space.image_shape, n)

    def images(
        self, n: int, place: Path | None, label, split: str, seed: int, labelled: bool, shape=None
    ):
        """Real images, and their labels or `None`; in the size of the space or another."""
        if place is not None:
            return self.own(place, n, shape), label
        images, labels = self.data(split, labelled).some(n, seed)
        return images, labels if labelled else None

    def samples(self, n: int, label: int | None, seed: int):
        """Samples, and their classes: the one that is asked for, or each in turn, or `None`."""
        if "labels" not in self.model.capabilities["sample"]:
            return self.model.sample(n, seed=seed), None
        classes = self.model.signatures()["sample"].inputs["labels"].classes
        labels = np.arange(n) % classes if label is None else np.full(n, label)
        return self.model.sample(n, labels=labels, seed=seed), labels

    def codes(self, n: int, real: bool, place: Path | None, label, split: str, seed: int):
        """The real images asked for (or `None`), and their codes (or those of samples)."""
        if not real and place is None:
            return None, self.space.draw(n, seed, label)
        images, labels = self.images(n, place, label, split, seed, self.space.takes_labels)
        return images, self.codes_of(images, labels)

    def codes_of(self, images: np.ndarray, labels=None) -> latent.Codes:
        """The codes of images, by the encoder or by gradient descent."""
        if self.space.can_encode:
            return self.space.encode(images, labels)
        found = latent.invert(self.space, images, labels=labels)
        self.tell(
            f"no encoder: latents of {len(images)} images by gradient descent, RMS error of pixels "
            f"{found.errors.mean():.3f}"
        )
        return found.codes

    def class_names(self, split: str) -> tuple[str, ...] | None:
        """The names of the classes that its images have, where the run's data tell them."""
        if not self.space.takes_labels:
            return None
        names = self.data(split, labelled=True).data.class_names
        return names if len(names) == self.space.inputs["labels"].classes else None

    def latents(self, images: np.ndarray, labels=None) -> np.ndarray:
        """The first latents of images."""
        return self.codes_of(images, labels)[self.space.latents[0]]

    def direction(self, names: str, of: int | None, method: str) -> np.ndarray:
        """The direction towards classes of the run's training data.

        Args:
            names: The classes, with commas between.
            of: How many training images to find it from; by default 2,000, or 100 without encoder.
            method: See `kgen.latent.direction`.
        """
        data = self.data("train", labelled=True)
        known = list(data.data.class_names)
        asked = [name.strip() for name in names.split(",") if name.strip()]
        if unknown := [name for name in asked if name not in known]:
            raise DataError(
                f"{data.name} has no class {unknown[0]!r}: it has {', '.join(known[:20])}"
                f"{', ...' if len(known) > 20 else ''}"
            )
        of = of or (ENCODED if self.space.can_encode else INVERTED)
        images, labels = data.some(of, fewer=True)
        found = self.latents(images, labels if self.space.takes_labels else None)
        classes = [known.index(name) for name in asked]
        return latent.attribute_direction(found, labels, classes, method)
