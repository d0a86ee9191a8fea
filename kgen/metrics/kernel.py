"""The kernel distance: an unbiased squared maximum mean discrepancy, by blocks."""

from __future__ import annotations

import numpy as np

from kgen.errors import MetricError
from kgen.metrics.feature_sets import check_pair


def kernel_distance(
    real, fake, subsets: int = 100, subset_size: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """The squared MMD under the kernel (x'y / dim + 1)^3, as the mean over random subsets.

    Binkowski et al. 2018, sec. 4 (in the features of the 2015-12-05 Inception it is the KID). The
    estimate is unbiased: its mean is the distance of the distributions whatever the number of
    images, and it can be below 0 where they hardly differ. The subsets are those of torch-fidelity
    for an equal seed, with the samples as its first input and the real images as its second.

    Args:
        real: Features (n, dim) of real images.
        fake: Features (m, dim) of samples.
        subsets: How many subsets of each set are compared.
        subset_size: How many features a subset has, drawn without replacement.
        seed: Of the subsets.

    Returns:
        Mean and standard deviation over the subsets. The deviation says how much one subset tells,
        and is no error of the mean: subsets overlap.

    Raises:
        MetricError: For sets smaller than `subset_size`, a `subset_size` below 2, or features that
            are not finite or of different dimensions.

    Example:

        >>> rng = np.random.default_rng(0)
        >>> real, same, other = rng.normal(size=(3, 200, 4)) + [[[0]], [[0]], [[1]]]
        >>> kernel_distance(real, same, subset_size=100)[0] < 0.1
        True
        >>> kernel_distance(real, other, subset_size=100)[0] > 2
        True
    """
    if subset_size < 2 or subsets < 1:
        raise MetricError(
            f"give at least 1 subset (not {subsets}) of at least 2 features (not {subset_size})."
        )
    real, fake = check_pair(real, fake)
    smaller = min(len(real), len(fake))
    if smaller < subset_size:
        fitting = f", or subset_size={smaller}" if smaller > 1 else ""
        raise MetricError(
            f"subsets of {subset_size} need as many images of each kind, and there are "
            f"{len(real)} real and {len(fake)} generated: give more{fitting}."
        )
    rng = np.random.RandomState(seed)  # the generator of torch-fidelity
    values = []
    for _ in range(subsets):
        x, y = (
            np.asarray(features[rng.choice(len(features), subset_size, replace=False)], "float64")
            for features in (fake, real)
        )
        values.append(unbiased_mmd2(x, y))
    return float(np.mean(values)), float(np.std(values))


def unbiased_mmd2(x: np.ndarray, y: np.ndarray) -> float:
    """The unbiased estimate of the squared MMD, under the same kernel, from all of two sets.

    Gretton et al. 2012, eq. 3: no feature is paired with itself.

    Args:
        x: Features (n, dim), float64, n at least 2.
        y: Features (m, dim), m at least 2.

    Example:

        >>> one, two = np.ones((2, 1)), np.full((2, 1), 2.0)
        >>> float(unbiased_mmd2(one, two))  # 2^3 + 5^3 - 2 * 3^3
        79.0
    """
    return (
        _mean_off_diagonal(_kernel(x, x))
        + _mean_off_diagonal(_kernel(y, y))
        - 2 * np.mean(_kernel(x, y))
    )


def _kernel(x, y):
    return (x @ y.T / x.shape[1] + 1) ** 3


def _mean_off_diagonal(matrix):
    n = len(matrix)
    return (matrix.sum() - np.trace(matrix)) / (n * (n - 1))
