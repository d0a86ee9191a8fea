"""The Parzen-window estimate of a likelihood: legacy, for the tables of early papers only."""

from __future__ import annotations

import math

import numpy as np

from kgen.errors import MetricError

#: The bandwidths that Goodfellow et al. 2014 choose from, of pixels in [0, 1].
SIGMAS = tuple(np.logspace(-1, 0, 10))


def parzen_log_likelihood(
    samples: np.ndarray, images: np.ndarray, sigma: float, block: int = 256
) -> np.ndarray:
    """`log p(x)` under a mixture of round Gaussians, one at each sample.

    The scale is that of the literature, pixels in [0, 1]. The estimate is poor in high dimensions
    and can rank models wrongly (Theis et al. 2016).

    Args:
        samples: (m, height, width, channels) in [-1, 1].
        images: (n, height, width, channels) in [-1, 1].
        sigma: The Gaussians' deviation, of pixels in [0, 1].
        block: Images in memory at once.

    Returns:
        (n,) in nats.

    Raises:
        MetricError: If there are none, or of different shapes, or sigma is not positive.

    Example:

        >>> one = np.zeros((1, 8, 8, 1))
        >>> parzen_log_likelihood(one, one, sigma=1.0).round(3)  # -32 log(2 pi)
        array([-58.812])
    """
    samples, images = _flat(samples), _flat(images)
    if not len(samples) or not len(images) or samples.shape[1] != images.shape[1]:
        raise MetricError(
            f"{len(samples)} samples of {samples.shape[1]} pixels and {len(images)} images of "
            f"{images.shape[1]}: pass some of equal size."
        )
    if not sigma > 0:
        raise MetricError(f"sigma={sigma}: pass a positive bandwidth.")
    return _log_densities(samples, images, (sigma,), block)[0]


def choose_sigma(samples: np.ndarray, held_out: np.ndarray, sigmas=SIGMAS) -> float:
    """The bandwidth under which held-out images are most likely on average.

    Args:
        samples: (m, height, width, channels) in [-1, 1].
        held_out: Real images that are not those to be scored.
        sigmas: The choice.

    Example:

        >>> images = np.random.default_rng(0).uniform(-1, 1, (40, 8, 8, 1))
        >>> round(choose_sigma(images[:20], images[20:]), 2)  # of 0.10, 0.13, 0.17, 0.22, ...
        0.36
    """
    densities = _log_densities(_flat(samples), _flat(held_out), sigmas)
    return float(sigmas[int(densities.mean(axis=1).argmax())])


def _flat(images) -> np.ndarray:
    """Pixels in [0, 1], (n, d), in float64."""
    images = np.asarray(images, np.float64)
    return (images.reshape(len(images), math.prod(images.shape[1:])) + 1) / 2


def _log_densities(samples, images, sigmas, block: int = 256) -> np.ndarray:
    """(sigmas, n): the distances are the same for all bandwidths."""
    from scipy.special import logsumexp

    m, d = samples.shape
    lengths = (samples**2).sum(axis=1)
    result = np.empty((len(sigmas), len(images)))
    for start in range(0, len(images), block):
        part = images[start : start + block]
        squares = (part**2).sum(axis=1)[:, None] + lengths - 2 * part @ samples.T
        for row, sigma in zip(result, sigmas, strict=True):
            row[start : start + block] = logsumexp(-np.maximum(squares, 0) / (2 * sigma**2), axis=1)
    logs = np.log(sigmas)[:, None]
    return result - np.log(m) - d * (0.5 * np.log(2 * np.pi) + logs)
