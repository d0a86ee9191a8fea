"""Mixtures of Gaussians, whose modes are known: the toys on which GANs lose modes."""

from __future__ import annotations

import dataclasses

import numpy as np

from kgen.errors import DataError


@dataclasses.dataclass(frozen=True)
class Mixture:
    """Equally likely round Gaussians.

    Attributes:
        centres: Their means, `(modes, dimensions)`.
        std: Their common standard deviation along each axis.
        about: One line that describes them.

    Raises:
        DataError: If `centres` is no table, holds one centre twice, or `std` is not positive.

    Example:

        >>> Mixture(ring(3), std=0.02).draw(5, np.random.default_rng(0)).shape
        (5, 2)
    """

    centres: np.ndarray
    std: float
    about: str = ""

    def __post_init__(self):
        centres = np.asarray(self.centres, np.float64)
        if centres.ndim != 2 or not len(centres):
            raise DataError(f"centres of shape {centres.shape}: pass (modes, dimensions).")
        if not self.std > 0:
            raise DataError(f"std={self.std}: pass the components' positive deviation.")
        twice = len(centres) - len(np.unique(centres.round(9), axis=0))
        if twice:
            raise DataError(f"{twice} of {len(centres)} centres is there twice: leave it out.")
        object.__setattr__(self, "centres", centres)

    def draw(self, n: int, generator: np.random.Generator) -> np.ndarray:
        """`n` points, float32 `(n, dimensions)`."""
        modes = generator.integers(len(self.centres), size=n)
        noise = generator.standard_normal((n, self.centres.shape[1])) * self.std
        return (self.centres[modes] + noise).astype(np.float32)


def ring(modes: int = 8, radius: float = 2.0) -> np.ndarray:
    """Points evenly spread on a circle, `(modes, 2)`; the last is no copy of the first.

    Example:

        >>> ring(4, 1.0).round(3).tolist()
        [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [-0.0, -1.0]]
    """
    angles = 2 * np.pi * np.arange(modes) / modes
    return radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def grid(side: int = 5, step: float = 2.0) -> np.ndarray:
    """A square lattice around the origin, `(side * side, 2)`.

    Example:

        >>> grid(2, 2.0).tolist()
        [[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]]
    """
    axis = step * (np.arange(side) - (side - 1) / 2)
    return np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)


MIXTURES: dict[str, Mixture] = {
    "ring": Mixture(ring(), 0.02, "8 Gaussians on a circle of radius 2"),
    "grid": Mixture(grid(), 0.05, "25 Gaussians, 5 x 5, at distance 2"),
}
