"""What every feature network shares: checked images in, whole batches through, float32 rows out."""

from __future__ import annotations

import abc
from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import numpy as np

from kgen.errors import MetricError
from kgen.metrics.features import checksums, pixels

#: Images in a batch, fewer where they are large: a batch has at most so many pixels.
_BATCH = 64
_PIXELS = 2**21


@runtime_checkable
class Features(Protocol):
    """What a metric asks of a feature network. `find` returns one.

    Attributes:
        name: What a score says, such as `"efficientnet-lite0"`.
        checksum: SHA-256 of the weights (of a function: of its code), the first 12 digits; empty
            where there is nothing to check.
        resize: How images come to the network's size.
        dim: Length of a feature vector.
        notes: What a reader of a score must know.
        classes: How many classes `probabilities` has; `None` where there is no such method.
    """

    name: str
    checksum: str
    resize: str
    dim: int
    notes: tuple[str, ...]
    classes: int | None

    def __call__(self, images: Any) -> np.ndarray:
        """Features `(n, dim)`, float32, of images `(n, height, width, channels)` in [-1, 1]."""


_NETWORKS: dict[tuple, Any] = {}


def once(key: tuple, build: Callable[[], Any]) -> Any:
    """The Keras model of a key, built once in a process.

    Each model is traced when it is first called, and TensorFlow warns where that happens often, as
    with a new evaluator in each cell of a notebook.

    Args:
        key: What the model is, its weights included.
        build: Makes it.

    Example:

        >>> once(("example", 1), list) is once(("example", 1), list)
        True
    """
    if key not in _NETWORKS:
        _NETWORKS[key] = build()
    return _NETWORKS[key]


class FeatureNetwork(abc.ABC):
    """Runs images through a network in batches of one size, so that it is compiled once.

    Args:
        image_shape: `(height, width, channels)` of the images it is for.
        name: See `Features`.
        checksum: See `Features`; any number of digits.
        resize: See `Features`.
        notes: See `Features`.
        input_size: Height and width at which the network sees the images.
    """

    dim: int
    classes: int | None = None
    #: Whether equal checksums mean equal weights, so that a difference can only be rounding.
    of_weights: bool = True

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        *,
        name: str,
        checksum: str,
        resize: str,
        notes: tuple[str, ...] = (),
        input_size: tuple[int, int] | None = None,
    ):
        self.image_shape = tuple(image_shape)
        self.name = name
        self.checksum = checksum[: checksums.DIGITS]
        self.resize = resize
        self.notes = notes
        height, width = input_size or self.image_shape[:2]
        self.batch_size = max(1, min(_BATCH, _PIXELS // (height * width)))

    @abc.abstractmethod
    def _batch(self, images: np.ndarray, rounded: bool) -> np.ndarray:
        """Features of one whole batch as `pixels.checked` returns it, in whole levels or not."""

    def __call__(self, images: Any) -> np.ndarray:
        """Features of images.

        Args:
            images: `(n, height, width, channels)`, floats in [-1, 1] or uint8.

        Returns:
            float32 of shape `(n, dim)`.

        Raises:
            MetricError: The images are of another shape, type or range, or the features are not
                finite.
        """
        return self._in_batches(images, rounded=True)

    def features(self, images: Any) -> np.ndarray:
        """Features of images as they are, not rounded to 8 bits.

        For derivatives, such as perceptual path length, whose steps are smaller than a grey level;
        scores of sets of images take the rounded ones. A network that is given [-1, 1] as it is
        (a Keras model, a function) has no difference between them.
        """
        return self._in_batches(images, rounded=False)

    def _in_batches(self, images: Any, rounded: bool) -> np.ndarray:
        images = pixels.checked(images, self.image_shape)
        features = np.empty((len(images), self.dim), np.float32)
        for start in range(0, len(images), self.batch_size):
            part = images[start : start + self.batch_size]
            # A last batch of another size would be compiled for itself.
            spare = self.batch_size - len(part)
            whole = np.concatenate([part, np.repeat(part[-1:], spare, axis=0)]) if spare else part
            features[start : start + len(part)] = self._batch(whole, rounded)[: len(part)]
        if not np.isfinite(features).all():
            raise MetricError(f"{self.name} gives NaN or infinity for these images.")
        return features


class ClassifierNetwork(FeatureNetwork):
    """A feature network whose features are the input of a linear classifier.

    Args:
        image_shape: See `FeatureNetwork`.
        kernel: Weights `(dim, classes)` of the classifier.
        bias: Its biases `(classes,)`, or `None`.
        **description: See `FeatureNetwork`.
    """

    classes: int

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        *,
        kernel: np.ndarray,
        bias: np.ndarray | None,
        **description: Any,
    ):
        super().__init__(image_shape, **description)
        self._kernel = kernel
        self._bias = 0.0 if bias is None else bias
        self.dim, self.classes = kernel.shape

    def classify(self, features: np.ndarray) -> np.ndarray:
        """Class probabilities of features that are already there.

        Args:
            features: `(n, dim)`, from calling this object.

        Returns:
            float32 of shape `(n, classes)`; rows sum to 1.
        """
        logits = features @ self._kernel + self._bias
        exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
        return exponentials / exponentials.sum(axis=1, keepdims=True)

    def probabilities(self, images: Any) -> np.ndarray:
        """Class probabilities of images: float32 of shape `(n, classes)`."""
        return self.classify(self(images))
