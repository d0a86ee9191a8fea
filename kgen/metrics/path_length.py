"""Perceptual path length: how evenly images change along paths between latents."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from kgen.errors import MetricError
from kgen.latent.paths import PATHS, slerp
from kgen.latent.priors import onto_sphere

_CHUNK = 250


def path_length(
    render: Callable[[np.ndarray], np.ndarray],
    features: Callable[[np.ndarray], np.ndarray],
    shape: tuple[int, ...],
    distribution: str,
    *,
    pairs: int = 1000,
    epsilon: float = 1e-4,
    trim: tuple[float, float] = (1, 99),
    seed: int = 0,
) -> tuple[float, dict[str, float]]:
    """Mean squared feature distance of two near points of a path, over `epsilon` squared.

    Karras et al. 2019, section 4.1, in the generator's input space and over full paths: between
    two random latents at a random place `t`, and at `t + epsilon`. The distance is that of the
    features given, so values of different features do not compare (the paper's are in VGG).

    Args:
        render: Takes latents (n, *shape) to images; the same latents give the same images.
        features: Takes images to (n, d), and must not round them to 8 bits.
        shape: Of one latent.
        distribution: `"N(0, 1)"` or `"sphere"`, whose paths are spherical, or `"U(-1, 1)"`, whose
            paths are straight.
        pairs: How many paths.
        epsilon: The step along the path.
        trim: Distances below and above these percentiles are left out of the mean.
        seed: Of the latents and places.

    Returns:
        The mean, and details: its standard error, the median, and the settings.

    Raises:
        MetricError: For another distribution, features that round images, or NaN.

    Example:

        >>> value, details = path_length(lambda z: z, lambda x: 3 * x, (2,), "U(-1, 1)", pairs=4000)
        >>> 0.9 < value / (9 * 2 * 2 / 3) < 1.1  # 9 E|b - a|^2, trimmed
        True
    """
    path = PATHS.get(distribution)
    if path is None:
        known = ", ".join(PATHS)
        raise MetricError(f"path_length knows paths of latents {known}, not of {distribution!r}.")
    rng = np.random.default_rng(seed)
    values = []
    for start in range(0, pairs, _CHUNK):
        n = min(_CHUNK, pairs - start)
        draw = rng.standard_normal if path is slerp else lambda size: rng.uniform(-1, 1, size)
        first, second = draw((n, *shape)), draw((n, *shape))
        if distribution == "sphere":
            first, second = onto_sphere(first), onto_sphere(second)
        t = rng.uniform(0, 1, (n,) + (1,) * len(shape))
        ends = path(first, second, t), path(first, second, t + epsilon)
        images = np.asarray(render(np.concatenate(ends).astype(np.float32)))
        seen = np.asarray(features(images), np.float64).reshape(2 * n, -1)
        values.append(((seen[:n] - seen[n:]) ** 2).sum(axis=1) / epsilon**2)
        if start == 0:
            _refuse_rounding(features, images[:n], seen[:n])
    values = np.concatenate(values)
    if not np.isfinite(values).all():
        raise MetricError("path_length is not finite: samples or features hold NaN.")
    low, high = np.percentile(values, trim)
    kept = values[(values >= low) & (values <= high)]
    details = {
        "standard_error": float(kept.std() / np.sqrt(len(kept))),
        "median": float(np.median(values)),
        "pairs": pairs,
        "epsilon": epsilon,
    }
    return float(kept.mean()), details


def _refuse_rounding(features, images, seen) -> None:
    """A network that rounds to 8 bits sees jumps where images change by less than a level."""
    levels = np.round((images + 1) * 127.5).astype(np.float32) / np.float32(127.5) - 1
    change = np.abs(np.asarray(features(levels)).reshape(seen.shape) - seen).max()
    if np.abs(levels - images).max() > 1e-3 and change <= 1e-5 * np.abs(seen).max():
        raise MetricError(
            "these features round images to 256 levels and cannot see the small steps of "
            "path_length: take others, such as a Keras model."
        )
