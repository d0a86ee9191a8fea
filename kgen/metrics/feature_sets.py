"""What every distance between sets of features asks of its input."""

from __future__ import annotations

import numpy as np

from kgen.errors import MetricError

_ROWS = 4096  # looked at together, so that a check needs no second copy of a large array


def check_features(features, name: str = "features", at_least: int = 1) -> np.ndarray:
    """The features as an array, if they can be measured.

    Args:
        features: Array (n, dim) of real numbers; its dtype is kept.
        name: What the error calls them.
        at_least: How many rows there must be.

    Raises:
        MetricError: For another shape or dtype, too few rows, or a row that is not finite.

    Example:

        >>> check_features([[1.0, 2.0]]).shape
        (1, 2)
        >>> check_features([[1.0, float("nan")]], "fake features")
        Traceback (most recent call last):
        kgen.errors.MetricError: fake features: 1 of 1 rows hold NaN or infinity; look at ...
    """
    features = np.asarray(features)
    if features.ndim != 2 or features.shape[1] == 0:
        raise MetricError(
            f"{name} must have the shape (n, dim), not {features.shape}: flatten or pool them."
        )
    if features.dtype.kind not in "fiub":
        raise MetricError(f"{name} must be real numbers, not {features.dtype}.")
    if len(features) < at_least:
        raise MetricError(f"{name}: {len(features)} rows are too few; give at least {at_least}.")
    starts = range(0, len(features), _ROWS)
    bad = sum(int((~np.isfinite(features[i : i + _ROWS]).all(axis=1)).sum()) for i in starts)
    if bad:
        raise MetricError(
            f"{name}: {bad} of {len(features)} rows hold NaN or infinity; look at the images they "
            "come from, and guard the training with NaNGuard."
        )
    return features


def check_pair(real, fake, at_least: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Both sets, if they can be compared.

    Raises:
        MetricError: As `check_features`, and where the dimensions differ.
    """
    real = check_features(real, "real features", at_least)
    fake = check_features(fake, "fake features", at_least)
    check_same_dim(real.shape[1], fake.shape[1])
    return real, fake


def check_same_dim(a: int, b: int) -> None:
    """Refuses features of different networks.

    Raises:
        MetricError: If the dimensions differ.
    """
    if a != b:
        raise MetricError(f"features of {a} and of {b} dimensions: use one network for both sets.")
