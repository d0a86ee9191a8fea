"""Points in the plane whose distribution is known: the toys on which GANs lose modes.

`ring` and `grid` are mixtures of equally likely, round Gaussians, as in the papers on mode collapse
(Metz et al. 2017, Gulrajani et al. 2017). Their points are no images and are not scaled to [-1, 1].
"""

import dataclasses

import numpy as np

from kgen.datasets.assembly import Options, assemble, chosen_layout
from kgen.datasets.splits import Splits
from kgen.datasets.strands import Memory
from kgen.errors import DataError

_SIZES = {"train": 100_000, "validation": 10_000, "test": 10_000}


@dataclasses.dataclass(frozen=True)
class Mixture:
    """Equally likely round Gaussians.

    Attributes:
        centres: Their means, float32 `(modes, 2)`.
        std: Their common standard deviation along each axis.
        about: One line that describes them.
    """

    centres: np.ndarray
    std: float
    about: str

    def draw(self, n: int, generator: np.random.Generator) -> np.ndarray:
        """`n` points, float32 `(n, 2)`."""
        modes = generator.integers(len(self.centres), size=n)
        noise = generator.standard_normal((n, 2)) * self.std
        return (self.centres[modes] + noise).astype(np.float32)


def ring(modes: int = 8, radius: float = 2.0) -> np.ndarray:
    """Points evenly spread on a circle, float32 `(modes, 2)`; the last is no copy of the first.

    Example:

        >>> ring(4, 1.0).round(3).tolist()
        [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [-0.0, -1.0]]
    """
    angles = 2 * np.pi * np.arange(modes) / modes
    return (radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)).astype(np.float32)


def grid(side: int = 5, step: float = 2.0) -> np.ndarray:
    """A square lattice around the origin, float32 `(side * side, 2)`.

    Example:

        >>> grid(2, 2.0).tolist()
        [[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]]
    """
    axis = step * (np.arange(side) - (side - 1) / 2)
    return (
        np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2).astype("float32")
    )


MIXTURES: dict[str, Mixture] = {
    "ring": Mixture(ring(), 0.02, "8 Gaussians on a circle of radius 2"),
    "grid": Mixture(grid(), 0.05, "25 Gaussians, 5 x 5, at distance 2"),
}


def load(name: str, layout: str | None, limit: int | None, options: Options, **no_images) -> Splits:
    """The splits of a mixture: drawn once from a fixed seed for each split.

    Args:
        name: A key of `MIXTURES`.
        layout: `"points"` or `None`.
        limit: At most so many points in each split.
        options: How the training pipeline runs.
        **no_images: Arguments of `kgen.datasets.load` that only images have: all must be `None`.

    Raises:
        DataError: If one of them was given, or another layout.
    """
    chosen_layout(layout, "points", name)
    for argument, value in {**no_images, "flip": options.flip or None}.items():
        if value is not None:
            raise DataError(f"{name} is points in the plane: leave {argument}={value!r} out.")
    mixture = MIXTURES[name]

    def strands(split: str) -> list[Memory]:
        generator = np.random.default_rng(list(_SIZES).index(split))
        points = mixture.draw(_SIZES[split], generator)
        return [Memory([points[:limit]])]

    return assemble(name, "points", strands, (2,), None, options)


def mixture_of(name: str) -> Mixture:
    """The mixture that a data set of this name was drawn from.

    Raises:
        DataError: If the name is no mixture's.
    """
    if name not in MIXTURES:
        raise DataError(f"{name} is no known mixture: choose from {', '.join(MIXTURES)}.")
    return MIXTURES[name]
