"""What lies between samples, or between real images."""

from __future__ import annotations

import numpy as np

from kgen.errors import DataError
from kgen.latent.paths import PATHS, lerp, slerp
from kgen.latent.priors import family
from kgen.latent.space import Codes, LatentSpace, count
from kgen.latent.table import Table, between

METHODS = {"linear": lerp, "spherical": slerp}


def path(
    space: LatentSpace, first: Codes, second: Codes, steps: int = 9, method: str = "prior"
) -> Codes:
    """Codes on the way from each of `first` to the one in the same row of `second`.

    A path should stay where the prior has its mass (White 2016). Gaussian latents lie near a
    sphere, so theirs are great circles, as are those of latents on a sphere; uniform ones fill a
    box, which is convex: straight lines. Where no prior is known, as with a plain autoencoder, the
    path is straight.

    Args:
        space: Of the model.
        first: Codes of n images.
        second: Codes of n images.
        steps: Points of each path, both ends included.
        method: `"prior"` as above, or `"linear"` or `"spherical"` whatever the prior.

    Returns:
        Codes of n * steps images, path after path. The first and the last point are the given
        latents, exactly. Labels and noise stay those of `first`.

    Raises:
        DataError: For an unknown method, fewer than two steps, or different numbers of rows.
    """
    n = count(first)
    if count(second) != n:
        raise DataError(f"paths from {n} images to {count(second)}: give equally many.")
    if steps < 2:
        raise DataError(f"a path has at least two points, got steps={steps}.")
    if method != "prior" and method not in METHODS:
        raise DataError(f"method must be prior, {' or '.join(METHODS)}, got {method!r}.")
    t = np.tile(np.linspace(0, 1, steps), n)
    found = {}
    for name in space.inputs:
        here = np.repeat(np.asarray(first[name]), steps, axis=0)
        if name not in space.latents:
            found[name] = here
            continue
        there = np.repeat(np.asarray(second[name]), steps, axis=0)
        way = METHODS.get(method) or PATHS.get(family(space.distribution(name))[0], lerp)
        here, there = here.astype("float64"), there.astype("float64")
        found[name] = way(here, there, t.reshape(-1, *(1,) * (here.ndim - 1))).astype("float32")
    return found


def interpolate(
    space: LatentSpace,
    first: Codes,
    second: Codes,
    steps: int = 9,
    method: str = "prior",
    images: tuple[np.ndarray, np.ndarray] | None = None,
) -> Table:
    """The images along `path`.

    Args:
        space: Of the model.
        first: Codes of n images, from `space.draw`, `space.encode` or `kgen.latent.invert`.
        second: Codes of n images.
        steps: Images in a row, both ends included.
        method: See `path`.
        images: Real images that the codes are of, twice (n, height, width, channels): shown at the
            ends of each row, beside what the model makes of their codes.

    Returns:
        n rows of `steps` columns, or of two more with `images`.

    Raises:
        DataError: As `path` does.

    Example:

        >>> import kgen
        >>> space = LatentSpace(kgen.models.VAE.build_default((8, 8, 1), latent_dim=3))
        >>> interpolate(space, space.draw(2, seed=1), space.draw(2, seed=2), steps=5).images.shape
        (2, 5, 8, 8, 1)
    """
    made = space.decode(path(space, first, second, steps, method))
    columns = tuple(f"{t:.2g}" for t in np.linspace(0, 1, steps))
    table = Table(made.reshape(-1, steps, *made.shape[1:]), columns=columns)
    return table if images is None else between(images[0], table, images[1])
