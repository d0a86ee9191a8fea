"""Where a model of points in the plane puts its mass, after every epoch."""

from __future__ import annotations

import os

import numpy as np

from kgen.callbacks.picture_each_epoch import PictureEachEpoch


class Density(PictureEachEpoch):
    """Draws the density of given points and, to its right, that of the model's samples.

    For data such as `kgen.datasets.load("ring")`: one sees modes found, lost and chased. Darker is
    denser, on a scale of logarithms; samples outside the picture are not drawn.

    Args:
        folder: The run's folder: pictures are `<folder>/density/epoch_0001.png` and so on, their
            animation `<folder>/density.gif`.
        points: Real points `(n, 2)`; as many samples are drawn, always with the same seed.
        every: Draw after each `every`-th epoch.
        size: Side of either picture in pixels.
        seed: The seed of the samples.

    Raises:
        ValueError: If the points are not in the plane.

    Example:

        points = next(iter(data.validation))
        model.fit(data.train, callbacks=[Density("run", points)])
    """

    name = "density"
    columns = 2

    def __init__(
        self,
        folder: str | os.PathLike,
        points: np.ndarray,
        every: int = 1,
        size: int = 256,
        seed: int = 0,
    ):
        super().__init__(folder, every)
        self.points = np.asarray(points)
        if self.points.ndim != 2 or self.points.shape[1] != 2:
            raise ValueError(f"Density draws points (n, 2), not {self.points.shape}")
        self.size = size
        self.seed = seed
        self.reach = 1.25 * float(np.abs(self.points).max())

    def images(self) -> np.ndarray:
        """The two densities, `(2, size, size, 1)` in [-1, 1], 1 being paper."""
        samples = self.model.sample(len(self.points), seed=self.seed)
        pictures = [density(points, self.reach, self.size) for points in (self.points, samples)]
        return np.stack(pictures)[..., None]


def density(points: np.ndarray, reach: float, size: int = 256) -> np.ndarray:
    """The density of points over the square from `-reach` to `reach`, up being up.

    Args:
        points: `(n, 2)`.
        reach: Half the side of the square.
        size: Side of the picture in pixels.

    Returns:
        float32 `(size, size)`: 1 where there are none, -1 where they are densest.

    Example:

        >>> density(np.array([[-0.5, 0.5], [-0.5, 0.5]]), reach=1.0, size=2).tolist()
        [[-1.0, 1.0], [1.0, 1.0]]
    """
    edges = np.linspace(-reach, reach, size + 1)
    counts, _, _ = np.histogram2d(points[:, 1], points[:, 0], bins=[edges, edges])
    levels = np.log1p(counts[::-1])
    return (1 - 2 * levels / max(levels.max(), 1e-9)).astype(np.float32)
