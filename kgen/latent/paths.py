"""Paths between latents: straight ones, and along great circles."""

import numpy as np


def lerp(a: np.ndarray, b: np.ndarray, t: np.ndarray) -> np.ndarray:
    """The straight path from `a` to `b`, at `t` in [0, 1]."""
    return (1 - t) * a + t * b


def slerp(a: np.ndarray, b: np.ndarray, t: np.ndarray) -> np.ndarray:
    """The path along the great circle (Shoemake 1985), for latents of any length.

    Args:
        a: (n, ...).
        b: (n, ...).
        t: In [0, 1], broadcasting with them.

    Example:

        >>> slerp(np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]]), np.array([[0.5]])).round(4)
        array([[0.7071, 0.7071]])
    """
    axes = tuple(range(1, a.ndim))

    def dot(x, y):
        return (x * y).sum(axis=axes, keepdims=True)

    lengths = np.sqrt(dot(a, a) * dot(b, b))
    cosine = dot(a, b) / np.where(lengths == 0, 1.0, lengths)
    angle = np.arccos(np.clip(cosine, -1, 1))
    sine = np.sin(angle)
    # Parallel latents span no circle; the straight path is the limit. Nor does the origin.
    flat = (sine < 1e-7) | (lengths == 0)
    sine = np.where(flat, 1.0, sine)
    arc = np.sin((1 - t) * angle) / sine * a + np.sin(t * angle) / sine * b
    return np.where(flat, lerp(a, b, t), arc)


#: How a path between two latents stays where a prior has its mass (White 2016): Gaussian latents
#: lie near a sphere, uniform ones in a box, which is convex, and those of a sphere on it.
PATHS = {"N(0, 1)": slerp, "U(-1, 1)": lerp, "sphere": slerp}
