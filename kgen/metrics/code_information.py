"""How much of a code a model's own images tell: the bound of InfoGAN as a metric."""

from __future__ import annotations

import numpy as np

from kgen.errors import MetricError


def code_information(probabilities: np.ndarray, codes: np.ndarray) -> float:
    """`ln K + E log Q(c | x)` in nats: a lower bound of `I(c; x)` (Chen et al. 2016, eq. 4).

    At most `ln K`, and that where Q is always right; below 0 where it is worse than saying nothing.

    Args:
        probabilities: (n, K), what Q says of the images that were drawn with `codes`.
        codes: (n,), evenly drawn from 0 to K - 1.

    Raises:
        MetricError: If there is not one code for each row, or one that is no class.

    Example:

        >>> round(code_information([[1.0, 0.0], [0.5, 0.5]], [0, 1]), 4)  # ln 2 - ln 2 / 2
        0.3466
    """
    probabilities, codes = np.asarray(probabilities, np.float64), np.asarray(codes)
    if probabilities.ndim != 2 or codes.shape != probabilities.shape[:1] or not len(codes):
        raise MetricError(
            f"{probabilities.shape} probabilities and {codes.shape} codes: pass (n, classes), (n,)."
        )
    classes = probabilities.shape[1]
    if codes.min() < 0 or codes.max() >= classes:
        raise MetricError(f"codes from {codes.min()} to {codes.max()}, of {classes} classes.")
    of_right = probabilities[np.arange(len(codes)), codes]
    # A float32 softmax may give 0 to what is merely improbable.
    return float(np.log(classes) + np.log(np.maximum(of_right, 1e-38)).mean())
