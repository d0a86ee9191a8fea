"""The distributions of latents, by the names that signatures give them."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

from kgen.errors import DataError


def draw(rng: np.random.Generator, shape: tuple[int, ...], distribution: str) -> np.ndarray:
    """Latents of a distribution: `"N(0, 1)"`, `"U(-1, 1)"`, or `"sphere"`.

    The last is uniform on the sphere whose radius is the root of the dimension, so that each
    coordinate has variance 1. `"N(0, 1) in [-2, 2]"` is cut off, as truncated samplers say it.

    Raises:
        DataError: For any other one.
    """
    if distribution == "U(-1, 1)":
        return rng.uniform(-1, 1, shape).astype("float32")
    kind, bound = family(distribution)
    if kind == "N(0, 1)" and bound < np.inf:
        return truncated(rng.uniform(1e-7, 1 - 1e-7, shape), bound).astype("float32")
    normal = rng.standard_normal(shape)
    if kind == "sphere":
        normal = onto_sphere(normal)
    elif kind != "N(0, 1)":
        raise DataError(f"latents of distribution {distribution!r} are not known.")
    return normal.astype("float32")


def family(distribution: str | None) -> tuple[str | None, float]:
    """A distribution without its bound, and the bound.

    Example:

        >>> family("N(0, 1) in [-0.5, 0.5]"), family("N(0, 1)"), family(None)
        (('N(0, 1)', 0.5), ('N(0, 1)', inf), (None, inf))
    """
    kind, cut, interval = (distribution or "").partition(" in [-")
    return kind or None, float(interval.partition(",")[0]) if cut else np.inf


def truncated(quantiles: np.ndarray, bound: float) -> np.ndarray:
    """The quantiles, in (0, 1), of N(0, 1) cut off beyond `bound`.

    That is the distribution of numbers drawn again until they lie within.

    Example:

        >>> truncated(np.array([0.5, 0.999999]), 2.0).round(3)
        array([0., 2.])
    """
    low, high = ndtr(-bound), ndtr(bound)
    return ndtri(low + quantiles * (high - low))


def onto_sphere(latents: np.ndarray) -> np.ndarray:
    """Latents (n, ...) scaled to a mean square of 1 each.

    Example:

        >>> onto_sphere(np.array([[3.0, 4.0]])).round(4)
        array([[0.8485, 1.1314]])
    """
    axes = tuple(range(1, latents.ndim))
    return latents / np.sqrt(np.mean(np.square(latents), axis=axes, keepdims=True))
