"""The Fréchet distance between two sets of features, and its limit for endless samples."""

from __future__ import annotations

import numpy as np

from kgen.errors import MetricError
from kgen.metrics.feature_sets import check_features, check_same_dim
from kgen.metrics.moments import Moments


def frechet_distance(a: Moments, b: Moments) -> float:
    """The squared Fréchet distance between the normal distributions of two sets of features.

    Heusel et al. 2017, eq. 6 (in the features of the 2015-12-05 Inception it is the FID):

        |mean_a - mean_b|^2 + Tr(A + B - 2 (A B)^1/2)

    With A = F F' and B = G G' the eigenvalues of A B are the squared singular values of F' G, so
    the trace of the root is the sum of these. No root of a product that is not symmetric is taken,
    no eigenvalue's sign is lost in rounding, and the distance is symmetric. Covariances that are
    singular (no more features than dimensions, constant features) have their exact distance too;
    with so few features it says more of their number than of the images.

    Args:
        a: The moments of the one set.
        b: The moments of the other.

    Returns:
        The distance, at least 0, in squared units of the features.

    Raises:
        MetricError: For features of different dimensions, or moments that are not finite.

    Example:

        >>> a = Moments(100, np.zeros(2), np.diag([1.0, 4.0]))
        >>> b = Moments(100, np.ones(2), np.diag([4.0, 9.0]))
        >>> frechet_distance(a, b)  # (1 + 1) + (1 - 2)^2 + (2 - 3)^2
        4.0
    """
    return _distance(a, _root(a), b)


def frechet_infinity(
    real: Moments,
    fake_features,
    points: int = 15,
    smallest: int | None = None,
    seed: int = 0,
) -> tuple[float, dict[str, float]]:
    """The Fréchet distance extrapolated to endless samples.

    The estimate from n samples is biased by a term in 1/n that depends on the generator, so that
    even ranks can turn with n. Chong & Forsyth 2020 draw subsets of several sizes, fit a line in
    1/n by least squares, and read it at 0. The bias of the real set's own size stays.

    The line holds where n is well above the dimension.

    Args:
        real: The moments of the real set.
        fake_features: Features (n, dim) of the samples.
        points: How many sizes, evenly spaced from `smallest` to n.
        smallest: The smallest subset; by default a tenth of n as in the paper, but twice the
            dimension where n allows it (n / 2 where not).
        seed: Of the subsets, each drawn without replacement.

    Returns:
        The distance, which may come out below 0 where the sets hardly differ, and the details: the
        line's `slope`, and the distance `at_<n>` of each size n.

    Raises:
        MetricError: As `frechet_distance`, or for fewer than 4 samples, or a `smallest` that
            leaves no two sizes.

    Example:

        >>> rng = np.random.default_rng(0)
        >>> real = Moments(10_000, np.zeros(4), np.eye(4))
        >>> value, details = frechet_infinity(real, rng.normal(size=(1000, 4)), points=3)
        >>> sorted(details)
        ['at_100', 'at_1000', 'at_550', 'slope']
    """
    fake = check_features(fake_features, "fake features", at_least=4)
    n, dim = fake.shape
    if smallest is None:
        smallest = max(n // 10, min(n // 2, 2 * dim))
    if not (2 <= smallest < n and points >= 2):
        raise MetricError(
            f"a line needs two sizes: choose smallest from 2 to {n - 1} (it is {smallest}) and "
            f"points of at least 2 (it is {points})."
        )
    sizes = np.unique(np.linspace(smallest, n, points).astype(int))
    root = _root(real)
    rng = np.random.default_rng(seed)
    values = [
        _distance(real, root, Moments.of(fake[rng.choice(n, size, replace=False)]))
        for size in sizes
    ]
    slope, limit = np.polyfit(1 / sizes, values, 1)
    at = {f"at_{size}": value for size, value in zip(sizes, values, strict=True)}
    return float(limit), {"slope": float(slope), **at}


def _distance(a: Moments, root_of_a: np.ndarray, b: Moments) -> float:
    check_same_dim(len(a.mean), len(b.mean))
    difference = a.mean - b.mean
    cross = np.linalg.svd(root_of_a.T @ _root(b), compute_uv=False).sum()
    value = difference @ difference + np.trace(a.cov) + np.trace(b.cov) - 2 * cross
    return max(float(value), 0.0)  # rounding alone can bring it below


def _root(moments: Moments) -> np.ndarray:
    """A matrix F (dim, rank) with F F' equal to the covariance."""
    if not (np.isfinite(moments.mean).all() and np.isfinite(moments.cov).all()):
        raise MetricError("the features' moments are not finite: are the features too large?")
    try:
        return np.linalg.cholesky(moments.cov)  # much the fastest root, where there is one
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(moments.cov)
    # What lies below is rounding of zeros, about half of it negative.
    kept = values > len(values) * np.finfo("float64").eps * values[-1]
    return vectors[:, kept] * np.sqrt(values[kept])
