"""Pictures of one thing varied: a coordinate, a class, the distance from the prior's middle."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kgen.errors import DataError
from kgen.latent.priors import family, truncated
from kgen.latent.space import Codes, LatentSpace, count, rows_of
from kgen.latent.table import Table, between

_RANGES = {"N(0, 1)": (-3.0, 3.0), "U(-1, 1)": (-1.0, 1.0), "sphere": (-3.0, 3.0)}
TRUNCATIONS = ("resample", "scale")


def traverse(
    space: LatentSpace,
    codes: Codes,
    coordinates: Sequence[int] | None = None,
    *,
    name: str | None = None,
    low: float | None = None,
    high: float | None = None,
    steps: int = 9,
) -> Table:
    """One coordinate of a code over a range, all others as they are.

    Args:
        space: Of the model.
        codes: Of one image.
        coordinates: Numbers of coordinates (of latents with several axes, counted row by row); all
            if `None`. `by_effect` says which change most.
        name: Which input: latents, the first by default, or a class code, of which each class is
            shown in turn.
        low: The lowest value; by default -3 of Gaussian latents and -1 of uniform ones.
        high: The highest value, likewise.
        steps: Values, evenly from `low` to `high`.

    Returns:
        A row for each coordinate, a column for each value; of a class code one row, a column for
        each class.

    Raises:
        DataError: If there is no such input or coordinate, more than one code, or a range is needed
            because the latents have no prior.

    Example:

        >>> import kgen
        >>> space = LatentSpace(kgen.models.VAE.build_default((8, 8, 1), latent_dim=3))
        >>> traverse(space, space.draw(1), [0, 2], steps=5).images.shape
        (2, 5, 8, 8, 1)
    """
    name = _checked(space, codes, name)
    if space.inputs[name].role == "label":
        return classes(space, codes, name, transposed=True)
    low, high = _range(space, name, low, high)
    if steps < 2:
        raise DataError(f"a traversal has at least two steps, got {steps}.")
    size = int(np.prod(space.size(name)))
    coordinates = range(size) if coordinates is None else coordinates
    if not len(coordinates) or not all(0 <= each < size for each in coordinates):
        raise DataError(f"{name} has coordinates 0 to {size - 1}, got {list(coordinates)}.")
    values = np.linspace(low, high, steps)
    varied = _varied(codes, name, coordinates, values)
    made = space.decode(varied)
    rows = tuple(f"{name}[{each}]" for each in coordinates)
    images = made.reshape(len(rows), steps, *made.shape[1:])
    return Table(images, rows, tuple(f"{value:.3g}" for value in values))


def by_effect(
    space: LatentSpace,
    codes: Codes,
    *,
    name: str | None = None,
    low: float | None = None,
    high: float | None = None,
) -> list[int]:
    """The coordinates of a code, from the one that changes the image most to the least.

    Measured is the mean squared difference between the images at the two ends of the range.

    Args:
        space: Of the model.
        codes: Of one image.
        name: As for `traverse`.
        low: As for `traverse`.
        high: As for `traverse`.

    Raises:
        DataError: As `traverse` does.
    """
    name = _checked(space, codes, name)
    if space.inputs[name].role == "label":
        raise DataError(f"{name} is a class, and has no coordinates.")
    ends = np.array(_range(space, name, low, high))
    size = int(np.prod(space.size(name)))
    effects = np.empty(size)
    for start in range(0, size, 256):
        part = range(start, min(start + 256, size))
        made = space.decode(_varied(codes, name, part, ends))
        made = made.reshape(len(part), 2, -1).astype("float64")
        effects[part.start : part.stop] = np.square(made[:, 0] - made[:, 1]).mean(axis=1)
    return np.argsort(-effects, kind="stable").tolist()


def _varied(codes, name, coordinates, values):
    repeats = len(coordinates) * len(values)
    varied = {key: np.repeat(np.asarray(array), repeats, axis=0) for key, array in codes.items()}
    flat = varied[name].reshape(repeats, -1).copy()
    flat[np.arange(repeats), np.repeat(coordinates, len(values))] = np.tile(
        values, len(coordinates)
    )
    return {**varied, name: flat.reshape(varied[name].shape)}


def _checked(space, codes, name):
    name = name or space.latents[0]
    codes_of = [key for key, spec in space.inputs.items() if spec.role in ("latent", "label")]
    if name not in codes_of:
        raise DataError(f"there is no code {name!r}: there are {', '.join(codes_of)}.")
    if count(codes) != 1:
        raise DataError(f"a traversal starts at one image, not at {count(codes)}.")
    return name


def _range(space, name, low, high):
    kind, bound = family(space.distribution(name))
    known = _RANGES.get(kind, (None, None)) if bound == np.inf else (-bound, bound)
    low, high = (k if given is None else given for given, k in zip((low, high), known, strict=True))
    if low is None or high is None:
        raise DataError(
            f"{name} of this model have no prior, so no usual range: give low and high, such as "
            "percentiles of the latents of images."
        )
    if not low < high:
        raise DataError(f"low={low} must lie below high={high}.")
    return low, high


def truncation(
    space: LatentSpace,
    values: Sequence[float] = (0.1, 0.3, 0.5, 0.7, 1.0, 2.0),
    n: int = 8,
    *,
    method: str = "resample",
    seed: int = 0,
    labels=None,
) -> Table:
    """Samples whose latents keep near the middle of the prior: fewer kinds, fewer failures.

    Args:
        space: Of the model.
        values: A row for each. The smaller, the nearer to the middle.
        n: Samples in a row. A column follows one sample through all rows.
        method: `"resample"`: latents of the prior cut off beyond `value`, as drawing each
            coordinate again until it lies within gives (the truncation trick, Brock et al. 2019).
            They are drawn by quantiles, the same in each row. `"scale"`: the latents times `value`,
            which with Gaussian ones is a temperature.
        seed: Of the latents.
        labels: As for `LatentSpace.draw`.

    Returns:
        A row for each value, `n` columns.

    Raises:
        DataError: If the latents have no prior or lie on a sphere, or a value is not positive.

    Example:

        >>> import kgen
        >>> space = LatentSpace(kgen.models.VAE.build_default((8, 8, 1), latent_dim=3))
        >>> truncation(space, values=(0.5, 1.0), n=4).images.shape
        (2, 4, 8, 8, 1)
    """
    if method not in TRUNCATIONS:
        raise DataError(f"method must be {' or '.join(TRUNCATIONS)}, got {method!r}.")
    if not len(values) or not all(np.isfinite(value) and value > 0 for value in values):
        raise DataError(f"truncation takes values above 0, got {list(values)}.")
    rng = np.random.default_rng([seed, 1])
    fixed = space.complete({}, n, seed, labels)
    rows = [dict(fixed) for _ in values]
    for name in space.latents:
        prior, _ = family(space.distribution(name))
        if prior not in ("N(0, 1)", "U(-1, 1)"):
            raise DataError(
                f"truncation is for latents of N(0, 1) or U(-1, 1), and {name} of this model "
                + ("have no prior." if prior is None else f"have {prior}.")
            )
        quantiles = rng.uniform(1e-7, 1 - 1e-7, (n, *space.size(name)))
        whole = truncated(quantiles, np.inf) if prior == "N(0, 1)" else 2 * quantiles - 1
        for row, value in zip(rows, values, strict=True):
            if method == "scale":
                row[name] = whole * value
            else:
                normal = prior == "N(0, 1)"
                row[name] = truncated(quantiles, value) if normal else whole * min(value, 1)
    made = [space.decode(row) for row in rows]
    return Table(np.stack(made), tuple(f"{value:.3g}" for value in values))


def classes(
    space: LatentSpace,
    codes: Codes,
    name: str | None = None,
    images: np.ndarray | None = None,
    names: Sequence[str] | None = None,
    transposed: bool = False,
) -> Table:
    """The same latents under each class.

    With codes of real images this shows their style in other classes (Bao et al. 2017 swap faces in
    this way).

    Args:
        space: Of the model.
        codes: Of n images.
        name: Which class code; by default the first.
        images: (n, height, width, channels) that the codes are of, for a first row.
        names: The names of the classes.
        transposed: A row for each code instead of a column.

    Returns:
        A row for each class, a column for each code; and a first row with `images`.

    Raises:
        DataError: If the model's images have no classes.

    Example:

        >>> import kgen
        >>> model = kgen.models.CVAE.build_default((8, 8, 1), latent_dim=3, classes=4)
        >>> space = LatentSpace(model)
        >>> classes(space, space.draw(5)).images.shape
        (4, 5, 8, 8, 1)
    """
    known = [key for key, spec in space.inputs.items() if spec.role == "label" and spec.classes]
    if not known or (name is not None and name not in known):
        asked = f"there is no class code {name!r}: " if name else ""
        raise DataError(
            f"{asked}the images of {type(space.model).__name__} have "
            f"{', '.join(known) or 'no classes'}."
        )
    name = name or known[0]
    number, n = space.inputs[name].classes, count(codes)
    names = tuple(map(str, range(number))) if names is None else tuple(names)
    if len(names) != number:
        raise DataError(f"{len(names)} names for {number} classes: give one for each.")
    under = rows_of(codes, np.tile(np.arange(n), number))
    under[name] = np.repeat(np.arange(number), n).astype(np.asarray(codes[name]).dtype)
    made = space.decode(under)
    made = made.reshape(number, n, *made.shape[1:]).swapaxes(0, 1)
    table = between(images, Table(made, columns=names))
    if transposed:
        return table
    return Table(table.images.swapaxes(0, 1), rows=table.columns)
