"""Modes: how many of a known mixture, or of a classifier's classes, the samples reach."""

from __future__ import annotations

import numpy as np

from kgen.datasets.mixture import Mixture
from kgen.errors import MetricError

#: A mode counts from 20 of 2,500 samples on; papers vary in the number and in the radius.
MINIMUM_SHARE = 20 / 2500
RADIUS_STDS = 4.0


def modes_covered(
    points: np.ndarray,
    mixture: Mixture,
    radius_stds: float = RADIUS_STDS,
    minimum_share: float = MINIMUM_SHARE,
) -> tuple[int, float]:
    """The modes that samples reach, and the share of samples that lie near a centre.

    A sample is of high quality if the nearest centre is within `radius_stds` deviations of it, and
    a mode is covered if at least `minimum_share` of all samples are such samples of this centre.

    Args:
        points: (n, d).
        mixture: The components.
        radius_stds: Radius around a centre, in deviations.
        minimum_share: The share of all samples that a mode needs; 20 of 2,500 by default, and
            at least one sample.

    Returns:
        The number of modes covered, and the share of high-quality samples.

    Raises:
        MetricError: If the points have another dimension than the centres, or are no numbers.

    Example:

        >>> mixture = Mixture([[0.0, 0.0], [5.0, 0.0]], std=1.0)
        >>> modes_covered(np.array([[0.0, 3.9], [0.0, 4.1]]), mixture)
        (1, 0.5)
    """
    points = np.asarray(points, np.float64)
    if points.ndim != 2 or points.shape[1] != mixture.centres.shape[1] or not len(points):
        raise MetricError(
            f"points of shape {points.shape}: the mixture wants (n, {mixture.centres.shape[1]})."
        )
    if not np.isfinite(points).all():
        raise MetricError("the points hold NaN or infinite numbers: the model has diverged.")
    counts = np.zeros(len(mixture.centres), int)
    for start in range(0, len(points), 4096):
        block = points[start : start + 4096]
        distances = np.linalg.norm(block[:, None] - mixture.centres, axis=-1)
        nearest = distances.argmin(axis=1)
        near = distances.min(axis=1) <= radius_stds * mixture.std
        counts += np.bincount(nearest[near], minlength=len(counts))
    enough = max(minimum_share * len(points), 1)
    # The share is no exact binary fraction: 20 of 2,500 must not miss by rounding.
    return int((counts >= enough * (1 - 1e-9)).sum()), float(counts.sum() / len(points))


def class_modes(classes: np.ndarray, number: int) -> tuple[int, float]:
    """The classes that appear among samples, and the divergence of their shares from uniform.

    Args:
        classes: (n,) the class that a classifier gives each sample.
        number: How many classes there are.

    Returns:
        How many appear at least once, and `KL(shares || uniform)` in nats: 0 where all are equally
        frequent, `log(number)` where there is only one.

    Raises:
        MetricError: If a class is not within 0 .. number - 1, or there are no samples.

    Example:

        >>> modes, divergence = class_modes([0, 0, 2, 2], number=4)
        >>> modes, round(divergence, 4)  # log 2
        (2, 0.6931)
    """
    classes = np.asarray(classes)
    if classes.ndim != 1 or not len(classes):
        raise MetricError(f"classes of shape {classes.shape}: pass one for each sample.")
    if classes.min() < 0 or classes.max() >= number:
        raise MetricError(f"classes from {classes.min()} to {classes.max()}: there are {number}.")
    shares = np.bincount(classes, minlength=number) / len(classes)
    present = shares[shares > 0]
    return len(present), float(max((present * np.log(present * number)).sum(), 0.0))
