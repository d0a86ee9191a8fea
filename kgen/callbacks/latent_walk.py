"""A walk through the latent space after every epoch."""

from __future__ import annotations

import os

import numpy as np

from kgen.callbacks.picture_each_epoch import PictureEachEpoch
from kgen.latent.paths import PATHS
from kgen.latent.priors import draw, family


class LatentWalk(PictureEachEpoch):
    """Draws what lies between fixed latents: in each row the way from one to the next, and back.

    The latents are drawn once from the seed, so that one sees the same way at each epoch. Small
    even steps speak for a smooth model, jumps between a few images for one that has learned its
    images by heart. Gaussian latents are joined along great circles, uniform ones by straight
    lines.

    Args:
        folder: The run's folder: pictures are `<folder>/latent_walk/epoch_0001.png` and so on,
            their animation `<folder>/latent_walk.gif`.
        stops: How many latents; the last row leads back to the first.
        steps: Images in a row. A row starts at its latent and ends one step before the next.
        seed: The seed of the latents, and of the noise that a model takes besides.
        every: Draw after each `every`-th epoch.

    Of a conditional model, row `i` shows class `i` (counting from 0 again after the last class).

    Raises:
        ValueError: At the start of training, if the model's samples are no function of latents of
            a known distribution.

    Example:

        model.fit(data.train, epochs=20, callbacks=[LatentWalk("run")])
    """

    name = "latent_walk"

    def __init__(
        self,
        folder: str | os.PathLike,
        stops: int = 6,
        steps: int = 8,
        seed: int = 0,
        every: int = 1,
    ):
        super().__init__(folder, every)
        if stops < 2 or steps < 1:
            raise ValueError(f"stops={stops}, steps={steps}: walk between at least two latents")
        self.stops = stops
        self.columns = steps
        self.seed = seed

    def on_train_begin(self, logs=None):
        """Refuses a model without latents, and draws the untrained one."""
        inputs = self._inputs()
        others = {spec.role for spec in inputs.values()} - {"latent", "label", "noise"}
        priors = [family(spec.distribution) for spec in inputs.values() if spec.role == "latent"]
        if others or len(priors) != 1 or priors[0][0] not in PATHS:
            raise ValueError(
                f"LatentWalk needs a model that samples from one latent of {', '.join(PATHS)}; "
                f"{type(self.model).__name__} samples from {', '.join(inputs) or 'nothing'}"
            )
        super().on_train_begin(logs)

    def images(self) -> np.ndarray:
        """`stops` rows of `steps` images each."""
        n = self.stops * self.columns
        rng = np.random.default_rng(self.seed)
        values = {}
        for name, spec in self._inputs().items():
            size = [1 if side is None else side for side in spec.shape[1:]]
            if spec.role == "latent":
                values[name] = self._way(rng, tuple(size), spec.distribution)
            elif spec.role == "label":
                row = np.arange(n) // self.columns
                values[name] = (row % (spec.classes or 1)).astype(spec.dtype)
            else:  # noise: the same for all, so that only the latents make a difference
                values[name] = np.repeat(rng.standard_normal((1, *size)), n, axis=0)
        return self.model.serve("sample", **values)

    def _way(self, rng, shape, distribution):
        stops = draw(rng, (self.stops, *shape), distribution)
        here = np.repeat(stops, self.columns, axis=0)
        there = np.repeat(np.roll(stops, -1, axis=0), self.columns, axis=0)
        t = np.tile(np.arange(self.columns) / self.columns, self.stops)
        return PATHS[family(distribution)[0]](here, there, t.reshape(-1, *(1 for _ in shape)))

    def _inputs(self):
        can = "sample" in self.model.capabilities
        signatures = self.model.signatures() if can else {}
        return signatures["sample"].inputs if "sample" in signatures else {}
