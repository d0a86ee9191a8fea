"""The images of a data set that lie nearest to others, in latents, in features or in pixels."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import zipfile
from collections.abc import Iterable
from pathlib import Path

import keras
import numpy as np

from kgen.errors import DataError
from kgen.files import replacing
from kgen.latent.table import Table, between

SPACES = ("latents", "features", "pixels")
METRICS = ("euclidean", "cosine")
_FORMAT = "kgen neighbours 1"


def vectors(model: keras.Model, images, space: str = "latents", labels=None) -> np.ndarray:
    """What images are compared by.

    Args:
        model: A `kgen.models.GenerativeModel`.
        images: (n, height, width, channels) in [-1, 1].
        space: `"latents"`, of the model's encoder; `"features"`; or `"pixels"`, for which the model
            does not matter.
        labels: The classes of the images, where a conditional model needs them to see an image.

    Returns:
        float32 (n, d).

    Raises:
        DataError: If the model has no encoder or no features, or needs labels that are not given,
            or for an unknown space.
    """
    if space not in SPACES:
        raise DataError(f"space must be one of {', '.join(SPACES)}, got {space!r}.")
    if space == "latents":
        check_encoder(model)
        codes = model.encode(images, **_given(model, "encode", labels, len(images)))
        parts = list(codes.values()) if isinstance(codes, dict) else [codes]
        found = np.concatenate([part.reshape(len(part), -1) for part in parts], axis=1)
    elif space == "features":
        if "features" not in model.capabilities:
            raise DataError(f"{type(model).__name__} has no features: compare latents or pixels.")
        found = model.features(images, **_given(model, "features", labels, len(images)))
    else:
        found = np.asarray(images)
    return np.asarray(found, "float32").reshape(len(found), -1)


def _given(model: keras.Model, capability: str, labels, n: int) -> dict:
    """The labels of `n` images as an argument, where the capability takes them."""
    if "labels" not in model.capabilities[capability]:
        return {}
    if labels is None:
        raise DataError(f"{type(model).__name__} needs the label of each image.")
    return {"labels": np.broadcast_to(np.asarray(labels, "int32"), (n,))}


def check_encoder(model: keras.Model) -> None:
    """Raises `DataError` for a model whose images cannot be compared by their latents."""
    if "encode" not in model.capabilities:
        others = "features or pixels" if "features" in model.capabilities else "pixels"
        raise DataError(f"{type(model).__name__} has no encoder: compare {others}.")


@dataclasses.dataclass(frozen=True)
class NeighbourIndex:
    """The vectors of a whole data set, to be searched and to be kept in a file.

    Attributes:
        vectors: float32 (n, d), one for each image, in the order of the data.
        space: What they are: `"latents"`, `"features"` or `"pixels"`.
        model: The fingerprint of the model that made them; empty for pixels.
        data: The data, in words.
        images: The fingerprint of the images, in their order.

    Example:

        >>> import kgen
        >>> images = np.random.default_rng(0).uniform(-1, 1, (20, 8, 8, 1))
        >>> model = kgen.models.VAE.build_default((8, 8, 1), latent_dim=3)
        >>> index = NeighbourIndex.build(model, images, data="noise")
        >>> rows, distances = index.nearest(vectors(model, images[5:7]), k=3)
        >>> rows.shape, rows[:, 0].tolist(), distances[:, 0].tolist()
        ((2, 3), [5, 6], [0.0, 0.0])
    """

    vectors: np.ndarray
    space: str
    model: str
    data: str
    images: str

    @classmethod
    def build(
        cls, model: keras.Model, batches, space: str = "latents", data: str = "images"
    ) -> NeighbourIndex:
        """The index of a data set, read once and batch by batch.

        Args:
            model: See `vectors`.
            batches: An array of images, or an iterable of batches such as a `tf.data.Dataset`:
                images or `(images, labels)`, in an order that does not change.
            space: See `vectors`.
            data: What the images are, for those who read the file later.

        Raises:
            DataError: If there are no images, the vectors are not finite, and as `vectors` does.
        """
        found, seen = [], hashlib.sha256()
        for images, labels in _batches(batches):
            seen.update(_levels(images))
            found.append(vectors(model, images, space, labels))
        if not found:
            raise DataError(f"there are no images in {data}.")
        table = np.concatenate(found)
        if not np.isfinite(table).all():
            raise DataError(f"the {space} of {data} hold NaN or infinite numbers.")
        made_by = "" if space == "pixels" else fingerprint(model)
        return cls(table, space, made_by, data, seen.hexdigest()[:16])

    def nearest(
        self, queries: np.ndarray, k: int = 8, metric: str = "euclidean"
    ) -> tuple[np.ndarray, np.ndarray]:
        """The nearest of the data set to each query, the nearest first.

        Args:
            queries: (m, d), from `vectors` in the same space.
            k: How many for each.
            metric: `"euclidean"`, or `"cosine"`: 1 - the cosine of the angle.

        Returns:
            Rows of the data set, int (m, k), and distances, float64 (m, k).

        Raises:
            DataError: For an unknown metric, queries of another dimension, or more neighbours than
                there are images.
        """
        from sklearn.neighbors import NearestNeighbors

        if metric not in METRICS:
            raise DataError(f"metric must be {' or '.join(METRICS)}, got {metric!r}.")
        if not 1 <= k <= len(self.vectors):
            raise DataError(f"{k} neighbours of {len(self.vectors)} images: choose from 1 to that.")
        queries, table = np.asarray(queries, "float64"), self.vectors
        if queries.ndim != 2 or queries.shape[1] != table.shape[1]:
            raise DataError(
                f"queries of shape {queries.shape}: the index holds (n, {table.shape[1]})."
            )
        if not np.isfinite(queries).all():
            raise DataError("queries hold NaN or infinite numbers.")
        if metric == "cosine":  # the order of angles is that of chords between unit vectors
            queries, table = _units(queries), _units(table)
        search = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(table)
        rows = search.kneighbors(queries, return_distance=False)
        # The search expands squares, which costs the digits of small distances.
        differences = table[rows].astype("float64") - queries[:, None]
        distances = np.sqrt(np.square(differences).sum(axis=-1))
        if metric == "cosine":
            distances = np.square(distances) / 2
        order = np.argsort(distances, axis=1, kind="stable")
        return np.take_along_axis(rows, order, 1), np.take_along_axis(distances, order, 1)

    def save(self, path: str | os.PathLike, force: bool = False) -> Path:
        """Writes the index as a `.npz` file, whole or not at all.

        Raises:
            DataError: If the name has another ending, or the file exists and `force` is not set.
        """
        path = Path(path)
        if path.suffix != ".npz":
            raise DataError(f"an index is a .npz file, not {path}: end the name in .npz")
        if path.exists() and not force:
            raise DataError(f"{path} exists and is never overwritten: give another name")
        about = {"space": self.space, "model": self.model, "data": self.data, "images": self.images}
        with replacing(path) as temporary:
            np.savez(temporary, vectors=self.vectors, format=_FORMAT, about=json.dumps(about))
        return path

    @classmethod
    def load(cls, path: str | os.PathLike, model: keras.Model) -> NeighbourIndex:
        """Reads an index that `save` wrote.

        Args:
            path: The file.
            model: The model that the queries will be of.

        Raises:
            DataError: If there is no such file, it is no index, or it is of another model, or of
                the same one before it was trained on.
        """
        path = Path(path)
        if not path.is_file():
            raise DataError(f"there is no index {path}")
        try:
            with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
                if str(file["format"]) != _FORMAT:
                    raise KeyError(_FORMAT)
                index = cls(vectors=file["vectors"], **json.loads(str(file["about"])))
        except (OSError, KeyError, ValueError, TypeError, EOFError, zipfile.BadZipFile):
            raise DataError(f"{path} is no index of kgen.latent, or is damaged") from None
        if index.model and index.model != (own := fingerprint(model)):
            raise DataError(
                f"{path} is an index of another model ({index.model}, this one is {own}): build "
                "one of this model under another name"
            )
        return index

    def check(self, batches) -> np.ndarray:
        """The images of the data set, if they are those that the index is of.

        Args:
            batches: As for `build`.

        Returns:
            float32 (n, height, width, channels).

        Raises:
            DataError: If they are others.
        """
        images = np.concatenate([images for images, _ in _batches(batches)])
        if hashlib.sha256(_levels(images)).hexdigest()[:16] != self.images:
            raise DataError(
                f"these are not the images of the index, which is of {self.data}: build one of "
                "these images"
            )
        return images


def nearest_images(
    model: keras.Model,
    index: NeighbourIndex,
    images: np.ndarray,
    data_images: np.ndarray,
    k: int = 8,
    metric: str = "euclidean",
    labels=None,
) -> tuple[Table, np.ndarray, np.ndarray]:
    """The nearest images of a data set to other images.

    Args:
        model: The index's.
        index: Of the data set.
        images: (m, height, width, channels) in [-1, 1], the queries.
        data_images: (n, height, width, channels), those that the index is of.
        k: How many for each query.
        metric: See `NeighbourIndex.nearest`.
        labels: See `vectors`.

    Returns:
        The table, a row for each query: itself and its neighbours; the neighbours' rows in the data
        set (m, k); their distances (m, k).

    Raises:
        DataError: As `NeighbourIndex.nearest` does.
    """
    rows, distances = index.nearest(vectors(model, images, index.space, labels), k, metric)
    table = Table(np.asarray(data_images)[rows], columns=tuple(f"{i + 1}" for i in range(k)))
    return between(images, table), rows, distances


def fingerprint(model: keras.Model) -> str:
    """Sixteen hexadecimal digits of a model's class and the weights that it infers with.

    Example:

        >>> import kgen
        >>> model = kgen.models.VAE.build_default((8, 8, 1), latent_dim=3)
        >>> before = fingerprint(model)
        >>> model.decoder.set_weights([w + 1 for w in model.decoder.get_weights()])
        >>> len(before), before == fingerprint(model)
        (16, False)
    """
    digest = hashlib.sha256(type(model).__name__.encode())
    for name in model.network_names:
        digest.update(name.encode())
        for weight in model.inference_network(name).get_weights():
            digest.update(np.ascontiguousarray(weight).tobytes())
    return digest.hexdigest()[:16]


def _batches(batches) -> Iterable[tuple[np.ndarray, np.ndarray | None]]:
    if isinstance(batches, np.ndarray):
        batches = [batches]
    for batch in batches:
        pair = batch if isinstance(batch, (tuple, list)) else (batch, None)
        images = np.asarray(pair[0], "float32")
        yield images, None if pair[1] is None else np.asarray(pair[1])


def _levels(images: np.ndarray) -> bytes:
    """What does not change when the same images are read again."""
    return np.rint((np.asarray(images) + 1) * 127.5).astype("uint8").tobytes()


def _units(table: np.ndarray) -> np.ndarray:
    table = table.astype("float64")
    lengths = np.linalg.norm(table, axis=1, keepdims=True)
    if not (lengths > 0).all():
        raise DataError("a vector of zeros has no direction: take the euclidean metric.")
    return table / lengths
