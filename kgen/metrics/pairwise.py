"""Distances between all points of two sets, block by block, with exact comparisons.

|x|^2 + |y|^2 - 2 x'y is the fast way to many distances, and loses digits where points are close
beside their distance from the origin. So it only sorts out what is clear; whatever lies within its
rounding error is computed anew from the difference. Ties are then ties, and a copy has distance 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b

import numpy as np

_NUMBERS = 2**22  # of float64 in the largest block (32 MiB), whatever the number of points


class Points:
    """A set of features, ready for blockwise distances; float64 only ever by the block.

    Args:
        features: Finite array (n, dim).

    Example:

        >>> points = Points(np.array([[0.0], [1.0], [3.0]]))
        >>> points.radii(1)
        array([1., 1., 4.])
    """

    def __init__(self, features: np.ndarray):
        self.features = features
        # Copies are known by their digest: a collapsed generator makes n^2 pairs of them.
        kind = features.dtype.str.encode()
        digests = b"".join(
            blake2b(row.tobytes(), digest_size=16, person=kind).digest() for row in features
        )
        self._keys = np.frombuffer(digests, dtype="uint64").reshape(-1, 2)

    def __len__(self) -> int:
        return len(self.features)

    def radii(self, k: int) -> np.ndarray:
        """The squared distance (n,) of each point to its k-th nearest other, k < n.

        Example:

            >>> Points(np.array([[0.0, 0.0], [0.0, 0.0], [3.0, 4.0]])).radii(2)
            array([25., 25., 25.])
        """
        radii = np.empty(len(self))
        for rows, squared, slack in self._blocks(self):
            squared[np.arange(len(squared)), np.arange(rows.start, rows.stop)] = np.inf
            limit = np.partition(squared, k - 1, axis=1)[:, k - 1 : k] + 2 * slack
            near, column = np.nonzero(squared <= limit)  # the k nearest and all that may be
            exact = self._exact(self, near + rows.start, column)
            order = np.lexsort((exact, near))
            first = np.searchsorted(near, np.arange(len(squared)))  # `near` is sorted
            radii[rows] = exact[order][first + k - 1]
        return radii

    def within(
        self, centres: Points, radii: np.ndarray, *, strict: bool
    ) -> Iterator[tuple[slice, np.ndarray]]:
        """Which points lie in the ball around which centre.

        Args:
            centres: The balls' centres.
            radii: The balls' squared radii (len(centres),).
            strict: Whether the balls are open, without their surface.

        Yields:
            A slice of the points, and for these a boolean matrix (points, centres).
        """
        for rows, squared, slack in self._blocks(centres):
            squared -= radii
            inside = squared < 0
            point, centre = np.nonzero(np.abs(squared) <= slack)
            exact = self._exact(centres, point + rows.start, centre)
            compare = np.less if strict else np.less_equal
            inside[point, centre] = compare(exact, radii[centre])
            yield rows, inside

    def _blocks(self, others: Points):
        """Rows, their squared distances to all others, and a bound (rows, 1) of the error."""
        dim = self.features.shape[1]
        # Any origin is right; one amid the points keeps the numbers and so their error small.
        origin = others.features.mean(axis=0, dtype="float64")
        step = max(1, _NUMBERS // max(len(others), dim))
        for start in range(0, len(self), step):
            rows = slice(start, min(start + step, len(self)))
            left = self.features[rows] - origin
            left_norms = np.square(left).sum(axis=1, keepdims=True)
            squared = np.empty((len(left), len(others)))
            largest = 0.0
            width = max(1, _NUMBERS // dim)
            for column in range(0, len(others), width):
                right = others.features[column : column + width] - origin
                norms = np.square(right).sum(axis=1)
                block = squared[:, column : column + width]
                np.matmul(left, right.T, out=block)
                block *= -2
                block += left_norms
                block += norms
                largest = max(largest, norms.max())
            # The error of a product of dim terms is below dim eps |x| |y|; those of the norms, of
            # the shift by the origin and of the sums fit in the rest.
            slack = 4 * (dim + 8) * np.finfo("float64").eps * (left_norms + largest)
            yield rows, squared, slack

    def _exact(self, others: Points, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """The squared distances of the pairs (i, j), each by its difference."""
        distances = np.zeros(len(i))
        differ = np.flatnonzero((self._keys[i] != others._keys[j]).any(axis=1))
        step = max(1, _NUMBERS // self.features.shape[1])
        for start in range(0, len(differ), step):
            chosen = differ[start : start + step]
            x = np.asarray(self.features[i[chosen]], dtype="float64")
            x -= others.features[j[chosen]]
            distances[chosen] = np.square(x).sum(axis=1)
        return distances
