"""A classifier of grey images for images that carry one picture in each channel."""

from __future__ import annotations

from typing import Any

import numpy as np

from kgen.errors import MetricError
from kgen.metrics.features.network import FeatureNetwork

#: More classes than that make no table of probabilities.
MOST_CLASSES = 4096


class Stacked(FeatureNetwork):
    """Features and classes of stacked images, such as stacked MNIST (Metz et al. 2017, 3.3.1).

    The classifier looks at each channel alone. Its `k` classes become `k ** channels`: those of the
    channels as digits, the first channel's first. A probability is the product of the channels'. So
    `modes` counts the classes that appear, of 1,000 for three digits.

    Args:
        image_shape: `(height, width, channels)` of the images.
        of: The features of one channel, what `kgen.metrics.features.find` takes.
        **options: Options of these.

    Raises:
        MetricError: For images of one channel, features that give no probabilities, or too many
            classes.

    Example:

        Evaluator(data, "modes", n=25_600, features="stacked:classifier:mnist")
    """

    def __init__(self, image_shape: tuple[int, int, int], of: Any = "classifier", **options: Any):
        from kgen.metrics.features.finding import find

        *size, channels = image_shape
        if channels < 2:
            raise MetricError("stacked features are of images with several channels: leave it out.")
        self._one = find(of, (*size, 1), **options)
        self._channels = channels
        if not self._one.classes:
            raise MetricError(f"stacked needs a classifier, and {self._one.name} is none.")
        self.classes = self._one.classes**channels
        if self.classes > MOST_CLASSES:
            raise MetricError(
                f"{self._one.name} has {self._one.classes} classes, stacked {self.classes:,}: take "
                f"a classifier with so few that they make {MOST_CLASSES:,} at most."
            )
        self.dim = self._one.dim * channels
        super().__init__(
            image_shape,
            name=f"stacked {self._one.name}",
            checksum=self._one.checksum,
            resize=self._one.resize,
            notes=self._one.notes,
        )

    def _batch(self, images: np.ndarray, rounded: bool) -> np.ndarray:
        one = self._one if rounded else self._one.features
        channels = range(self._channels)
        return np.concatenate([one(images[..., c : c + 1]) for c in channels], axis=1)

    def probabilities(self, images: Any) -> np.ndarray:
        """Class probabilities of images: float32 of shape `(n, classes)`."""
        table = np.ones((len(images), 1), np.float32)
        for channel in range(self._channels):
            digit = self._one.probabilities(images[..., channel : channel + 1])
            table = (table[:, :, None] * digit[:, None, :]).reshape(len(images), -1)
        return table
