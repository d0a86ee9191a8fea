"""The score of samples by a classifier: sure of each, and of all classes together."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy.special import rel_entr

from kgen.errors import MetricError
from kgen.metrics.feature_sets import check_features

_TOLERANCE = 1e-3  # of a row's sum; a softmax in float16 keeps it


def classifier_score(
    probabilities, splits: int = 10, seed: int | None = None
) -> tuple[float, float]:
    """exp of the mean KL divergence of a sample's class probabilities from those of all samples.

    Salimans et al. 2016, sec. 4 (by the 2015-12-05 Inception it is the Inception score): from 1,
    where all samples get the same probabilities, to the number of classes, where each sample is
    surely of one class and all classes are as frequent. Nothing is compared with real images.

    Args:
        probabilities: The classifier's softmax (n, classes).
        splits: Into how many consecutive parts the samples are cut; each has its own score.
        seed: Shuffles the samples first, as torch-fidelity does with its `rng_seed`; `None` leaves
            them in order. Shuffle where their order tells something, such as classes one by one.

    Returns:
        Mean and standard deviation over the splits.

    Raises:
        MetricError: For fewer samples than splits, or rows that are no probabilities.

    Example:

        >>> sure = np.tile(np.eye(4), (20, 1))
        >>> classifier_score(sure)
        (4.0, 0.0)
        >>> classifier_score(np.full((80, 4), 0.25))
        (1.0, 0.0)
    """
    if splits < 1:
        raise MetricError(f"give at least 1 split, not {splits}.")
    p = check_features(probabilities, "probabilities", at_least=splits).astype("float64")
    if p.min() < 0 or np.abs(p.sum(axis=1) - 1).max() > _TOLERANCE:
        raise MetricError(
            "probabilities must be at least 0 with rows that sum to 1: are these logits? "
            "Take their softmax."
        )
    if seed is not None:
        rng = np.random.RandomState(seed)  # the generator of torch-fidelity
        p = p[rng.permutation(len(p))]
    bounds = [i * len(p) // splits for i in range(splits + 1)]
    scores = [_score(p[a:b]) for a, b in pairwise(bounds)]
    return float(np.mean(scores)), float(np.std(scores))


def _score(p: np.ndarray) -> float:
    return float(np.exp(rel_entr(p, p.mean(axis=0)).sum(axis=1).mean()))
