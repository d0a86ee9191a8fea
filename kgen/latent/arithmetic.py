"""Directions in latent space, and what they do to images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kgen.errors import DataError
from kgen.latent.space import Codes, LatentSpace, count
from kgen.latent.table import Table, between

METHODS = ("mean", "linear")


def direction(with_it: np.ndarray, without: np.ndarray, method: str = "mean") -> np.ndarray:
    """The direction in which latents gain an attribute.

    Args:
        with_it: Latents (n, d) of examples that have it, such as images with glasses.
        without: Latents (m, d) of examples that do not.
        method: `"mean"`: `mean(with_it) - mean(without)` (Radford et al. 2016, section 6.3.2).
            `"linear"`: along the normal of a linear classifier of the two, logistic regression on
            standardised latents, so that what merely occurs together with the attribute counts
            less. Its length is the distance of the two means along it.

    Returns:
        float32 (d,). Added once, it brings the mean of those without to the mean of those with it,
        or for `"linear"` to the same side of the classifier.

    Raises:
        DataError: If a group is empty, the shapes do not fit, or for an unknown method.

    Example:

        >>> direction(np.array([[2.0, 1.0], [4.0, 1.0]]), np.array([[0.0, 1.0]]))
        array([3., 0.], dtype=float32)
    """
    groups = [np.asarray(group, "float64") for group in (with_it, without)]
    if any(group.ndim != 2 or not len(group) for group in groups) or (
        groups[0].shape[1] != groups[1].shape[1]
    ):
        raise DataError(
            f"a direction needs two groups of latents (n, d), got {groups[0].shape} and "
            f"{groups[1].shape}."
        )
    if method not in METHODS:
        raise DataError(f"method must be {' or '.join(METHODS)}, got {method!r}.")
    difference = groups[0].mean(axis=0) - groups[1].mean(axis=0)
    if method == "mean":
        return difference.astype("float32")
    from sklearn.linear_model import LogisticRegression

    latents = np.concatenate(groups)
    spread = latents.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    classifier = LogisticRegression(max_iter=1000, class_weight="balanced")
    of = np.repeat([1, 0], [len(group) for group in groups])
    classifier.fit((latents - latents.mean(axis=0)) / spread, of)
    normal = classifier.coef_[0] / spread
    length = np.linalg.norm(normal)
    if not length > 0:
        raise DataError("the two groups have the same latents: no direction leads between them.")
    normal = normal / length
    return (normal * (normal @ difference)).astype("float32")


def attribute_direction(latents: np.ndarray, labels, attribute, method: str = "mean") -> np.ndarray:
    """The direction towards some classes and away from all others.

    Args:
        latents: (n, d).
        labels: The class of each, int (n,).
        attribute: A class, or several.
        method: See `direction`.

    Returns:
        float32 (d,).

    Raises:
        DataError: If all or none of the labels are of these classes; and as `direction` does.
    """
    latents, labels = np.asarray(latents), np.asarray(labels)
    if labels.shape != (len(latents),):
        raise DataError(f"{len(latents)} latents and labels of shape {labels.shape}: one for each.")
    has = np.isin(labels, attribute)
    if has.all() or not has.any():
        raise DataError(
            f"{int(has.sum())} of {len(labels)} examples are of class {attribute}: a direction "
            "needs some with and some without."
        )
    return direction(latents[has], latents[~has], method)


def moved(
    space: LatentSpace,
    codes: Codes,
    vector: np.ndarray,
    strengths: Sequence[float] = (0.0, 0.5, 1.0, 1.5),
    images: np.ndarray | None = None,
) -> Table:
    """Images moved along a direction: `latents + strength * vector`.

    Args:
        space: Of the model.
        codes: Of n images.
        vector: (d,), of the first of `space.latents`.
        strengths: One for each column; negative ones lead away.
        images: (n, height, width, channels) that the codes are of, for a first column.

    Returns:
        n rows with a column for each strength, and one more with `images`.

    Raises:
        DataError: If the vector does not fit the latents.

    Example:

        >>> import kgen
        >>> space = LatentSpace(kgen.models.VAE.build_default((8, 8, 1), latent_dim=3))
        >>> moved(space, space.draw(2), np.ones(3), strengths=(-1, 0, 1)).images.shape
        (2, 3, 8, 8, 1)
    """
    n, k, name = count(codes), len(strengths), space.latents[0]
    vector = np.asarray(vector, "float32")
    if vector.shape != space.size(name) or not k:
        raise DataError(
            f"a direction of shape {vector.shape} with {k} strengths: the latents are "
            f"{space.size(name)}, and at least one strength is needed."
        )
    along = {key: np.repeat(np.asarray(values), k, axis=0) for key, values in codes.items()}
    steps = np.tile(np.asarray(strengths, "float32"), n).reshape(-1, *(1,) * vector.ndim)
    along[name] = along[name] + steps * vector
    made = space.decode(along)
    columns = tuple(f"{strength:+.3g}" if strength else "0" for strength in strengths)
    return between(images, Table(made.reshape(n, k, *made.shape[1:]), columns=columns))
