"""Mean and covariance of features, gathered batch by batch."""

from __future__ import annotations

import dataclasses

import numpy as np

from kgen.errors import MetricError
from kgen.metrics.feature_sets import check_features, check_same_dim

_ROWS = 1024  # in float64 at once


@dataclasses.dataclass(frozen=True, eq=False)
class Moments:
    """The moments of a set of features.

    Attributes:
        n: How many features.
        mean: Their mean, float64 (dim,).
        cov: Their covariance with n - 1 in its denominator, as `np.cov`; float64 (dim, dim).
    """

    n: int
    mean: np.ndarray
    cov: np.ndarray

    @classmethod
    def of(cls, features) -> Moments:
        """The moments of an array (n, dim) of real numbers.

        Raises:
            MetricError: As `RunningMoments`.

        Example:

            >>> moments = Moments.of([[0.0, 1.0], [2.0, 1.0]])
            >>> moments.mean, moments.cov
            (array([1., 1.]), array([[2., 0.], [0., 0.]]))
        """
        features = check_features(features)
        running = RunningMoments(features.shape[1])
        running.update(features)
        return running.result()


class RunningMoments:
    """Gathers moments in float64, holding only a (dim, dim) matrix however many features come.

    Each batch is centred by its own mean before it is merged (Chan, Golub & LeVeque 1979), so a
    mean that is large beside the spread costs no digits.

    Args:
        dim: How many dimensions the features have.

    Example:

        >>> running = RunningMoments(2)
        >>> running.update([[0.0, 1.0]])
        >>> running.update([[2.0, 1.0], [4.0, 1.0]])
        >>> running.result().n, running.result().cov[0, 0]
        (3, np.float64(4.0))
    """

    def __init__(self, dim: int):
        self.dim = dim
        self.n = 0
        self._mean = np.zeros(dim)
        self._scatter = np.zeros((dim, dim))

    def update(self, features) -> None:
        """Adds features (n, dim).

        Raises:
            MetricError: If they are not finite or have another dimension. Nothing is added then.
        """
        features = check_features(features, at_least=0)
        check_same_dim(self.dim, features.shape[1])
        for start in range(0, len(features), _ROWS):
            self._merge(np.asarray(features[start : start + _ROWS], dtype="float64"))

    def _merge(self, batch: np.ndarray) -> None:
        total = self.n + len(batch)
        mean = batch.mean(axis=0)
        centred = batch - mean
        step = mean - self._mean
        self._scatter += centred.T @ centred
        self._scatter += np.outer(step, step * (self.n * len(batch) / total))
        self._mean += step * (len(batch) / total)
        self.n = total

    def result(self) -> Moments:
        """The moments of all that came so far.

        Raises:
            MetricError: For fewer than two features, which have no covariance.
        """
        if self.n < 2:
            raise MetricError(f"{self.n} features have no covariance: give at least 2 images.")
        return Moments(self.n, self._mean.copy(), self._scatter / (self.n - 1))
