"""Whether conditional samples show what they were asked to show."""

from __future__ import annotations

import numpy as np

from kgen.errors import MetricError


def label_accuracy(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """The share of images to which a classifier gives the class that was asked for.

    The classifier must not have been trained with the model; its accuracy on real test images is
    the most that one can expect of good samples.

    Args:
        probabilities: (n, classes).
        labels: (n,) the classes asked for.

    Returns:
        A share in [0, 1].

    Raises:
        MetricError: If there is not one label for each row, or a label that is no class.

    Example:

        >>> label_accuracy([[0.9, 0.1], [0.8, 0.2]], [0, 1])
        0.5
    """
    probabilities, labels = np.asarray(probabilities), np.asarray(labels)
    if probabilities.ndim != 2 or labels.shape != probabilities.shape[:1] or not len(labels):
        raise MetricError(
            f"{probabilities.shape} probabilities and {labels.shape} labels: "
            "pass (n, classes) and (n,)."
        )
    if labels.min() < 0 or labels.max() >= probabilities.shape[1]:
        raise MetricError(
            f"labels from {labels.min()} to {labels.max()}, but the classifier knows "
            f"{probabilities.shape[1]} classes: take one trained on the same labels."
        )
    return float((probabilities.argmax(axis=1) == labels).mean())
