"""How two sets of features overlap, by balls around their points."""

from __future__ import annotations

import numpy as np

from kgen.errors import MetricError
from kgen.metrics.feature_sets import check_pair
from kgen.metrics.pairwise import Points


def precision_recall(real, fake, k: int = 3) -> tuple[float, float]:
    """Improved precision and recall (Kynkäänniemi et al. 2019, eq. 1 and 2).

    A set's manifold is the union of balls around its points, each reaching to the point's k-th
    nearest neighbour in the set and including its surface. Memory is bounded: distances are taken
    block by block.

    Args:
        real: Features (n, dim) of real images, n > k.
        fake: Features (m, dim) of samples, m > k. Values compare only for equal n and m.
        k: Which neighbour.

    Returns:
        Precision: the share of samples within the real manifold. Recall: the share of real images
        within the samples' manifold. Both in [0, 1].

    Raises:
        MetricError: For sets of k points or fewer, or features that are not finite or of different
            dimensions.

    Example:

        >>> real = np.array([[0.0], [1.0], [2.0], [3.0], [4.0], [5.0]])
        >>> precision_recall(real, np.array([[0.5], [1.5], [9.0], [9.0]]), k=1)
        (0.5, 0.5)
    """
    real, fake = _points(real, fake, k)
    return (
        _share_within(fake, real, real.radii(k)),
        _share_within(real, fake, fake.radii(k)),
    )


def density_coverage(real, fake, k: int = 5) -> tuple[float, float]:
    """Density and coverage (Naeem et al. 2020, eq. 3 and 4).

    Balls are around real points only, and open: without their surface, as in the authors' code.
    Outliers among the samples count for little then.

    Args:
        real: Features (n, dim) of real images, n > k.
        fake: Features (m, dim) of samples.
        k: Which neighbour.

    Returns:
        Density: in how many balls a sample lies, divided by k; it may exceed 1, and is about 1 for
        a second set of real images. Coverage: the share of balls with a sample in them.

    Raises:
        MetricError: As `precision_recall`, but that one sample is enough.

    Example:

        >>> real = np.array([[0.0], [1.0], [2.0], [3.0]])
        >>> density_coverage(real, np.array([[0.5], [0.5], [1.5], [9.0]]), k=1)
        (1.5, 0.75)
    """
    real, fake = _points(real, fake, k, of_fake=1)
    inside, covered = 0, np.zeros(len(real), dtype=bool)
    for _, within in fake.within(real, real.radii(k), strict=True):
        inside += int(within.sum())
        covered |= within.any(axis=0)
    return inside / (k * len(fake)), float(covered.mean())


def _points(real, fake, k, of_fake=None) -> tuple[Points, Points]:
    if k < 1:
        raise MetricError(f"k must be at least 1, not {k}.")
    real, fake = check_pair(real, fake)
    wanted = {"real": (real, k + 1), "generated": (fake, of_fake or k + 1)}
    for kind, (features, least) in wanted.items():
        if len(features) < least:
            raise MetricError(
                f"the neighbour k={k} needs at least {least} {kind} images, and there are "
                f"{len(features)}: give more, or a smaller k."
            )
    return Points(real), Points(fake)


def _share_within(points: Points, centres: Points, radii: np.ndarray) -> float:
    inside = sum(
        int(within.any(axis=1).sum()) for _, within in points.within(centres, radii, strict=False)
    )
    return inside / len(points)
