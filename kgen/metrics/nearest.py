"""How near samples come to training images: what memorising does to every other score."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from kgen.errors import MetricError

#: Pixels are compared at this size at most.
_SIDE = 32


def nearest_distances(
    queries: np.ndarray, references: np.ndarray | Iterable[np.ndarray], block: int = 1024
) -> np.ndarray:
    """The Euclidean distance of each vector to the nearest reference vector.

    Args:
        queries: (n, d).
        references: (m, d), or an iterable of such arrays, gone through once.
        block: Vectors of either side compared at once, which bounds the memory.

    Returns:
        (n,), float64.

    Raises:
        MetricError: If there are no queries or no references, a dimension differs, or numbers are
            not finite.

    Example:

        >>> nearest_distances([[0.0, 0.0], [1.0, 1.0]], [[0.0, 3.0], [1.0, 1.0]]).round(3)
        array([1.414, 0.   ])
    """
    queries = np.asarray(queries)
    best = np.full(len(queries), np.inf)
    tables = [references] if isinstance(references, np.ndarray | list) else references
    for table in tables:
        for start in range(0, len(table), block):
            part = _vectors(table[start : start + block], "references")
            for first in range(0, len(queries), block):
                rows = slice(first, first + block)
                nearest = _nearest_squares(_vectors(queries[rows], "queries"), part)
                np.minimum(best[rows], nearest, out=best[rows])
    if not len(queries) or not np.isfinite(best).all():
        raise MetricError("nearest neighbours need at least one image on each side.")
    return np.sqrt(best)


def _nearest_squares(queries: np.ndarray, references: np.ndarray) -> np.ndarray:
    """The squared distance of each query to the nearest reference, all in float64."""
    if references.shape[1] != queries.shape[1]:
        raise MetricError(
            f"vectors of {queries.shape[1]} and of {references.shape[1]} numbers have no "
            "distance: take both from one feature network."
        )
    # The queries' own lengths change no order.
    rows = ((references**2).sum(axis=1) - 2 * queries @ references.T).argmin(axis=1)
    # The expanded square loses the digits of a small distance; the chosen pair's does not.
    return ((queries - references[rows]) ** 2).sum(axis=1)


def pixels(images: np.ndarray) -> np.ndarray:
    """Vectors whose Euclidean distance is the root mean square difference of pixels.

    Images with a side above 32 are averaged down first, which a nearest neighbour survives.

    Args:
        images: (n, height, width, channels) in [-1, 1].

    Returns:
        float32 (n, d).

    Example:

        >>> white, grey = pixels(np.ones((1, 64, 64, 3))), pixels(np.zeros((1, 64, 64, 3)))
        >>> white.shape, nearest_distances(white, grey).round(4)
        ((1, 3072), array([1.]))
    """
    images = np.asarray(images, np.float32)
    for axis in (1, 2):
        side = images.shape[axis]
        if side > _SIDE:
            starts = (np.arange(_SIDE) * side) // _SIDE
            counts = np.diff([*starts, side]).astype(np.float32)
            shape = [1] * images.ndim
            shape[axis] = _SIDE
            images = np.add.reduceat(images, starts, axis=axis) / counts.reshape(shape)
    flat = images.reshape(len(images), -1)
    return flat / np.float32(np.sqrt(flat.shape[1]))


def nearest_ratio(fake: np.ndarray, real: np.ndarray) -> tuple[float, dict[str, float]]:
    """How much nearer to the training images samples are than real images never trained on.

    Args:
        fake: (n,) distances of samples to their nearest training image.
        real: (m,) the same of held-out real images.

    Returns:
        The ratio of the medians: 1 for samples like unseen real data, near 0 for copies, above 1
        for samples off the data. Details: both medians, and the share of samples nearer than the
        nearest 1 % of held-out images (`share_closer`, about 0.01 without memorising).

    Raises:
        MetricError: If half of the held-out images are training images themselves.

    Example:

        >>> ratio, details = nearest_ratio(np.array([0.0, 1.0, 1.0]), np.array([2.0, 2.0, 2.0]))
        >>> ratio, details["share_closer"]
        (0.5, 1.0)
    """
    fake, real = np.asarray(fake, np.float64), np.asarray(real, np.float64)
    middle = float(np.median(real))
    if not middle > 0:
        raise MetricError(
            "half of the held-out images or more are training images: nearest_train says nothing "
            "of such a split."
        )
    details = {
        "median_distance": float(np.median(fake)),
        "median_distance_real": middle,
        "share_closer": float((fake < np.quantile(real, 0.01)).mean()),
    }
    return details["median_distance"] / middle, details


def _vectors(array, name: str) -> np.ndarray:
    array = np.asarray(array, np.float64)
    if array.ndim != 2:
        raise MetricError(f"{name} of shape {array.shape}: pass (n, dimensions).")
    if not np.isfinite(array).all():
        raise MetricError(f"{name} hold NaN or infinite numbers: look at the images.")
    return array
