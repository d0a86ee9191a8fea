"""What the metrics keep of the real and of the generated images while these stream by."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

import numpy as np

from kgen.errors import MetricError
from kgen.metrics.moments import Moments, RunningMoments
from kgen.metrics.nearest import pixels
from kgen.metrics.streams import Chunk

#: Images themselves are kept up to this many bytes.
IMAGE_BYTES = 512 * 2**20


@dataclasses.dataclass(frozen=True)
class Side:
    """One side of a comparison; what no metric wants is `None`.

    Attributes:
        n: How many images it was made from.
        moments: Mean and covariance of the features.
        features: float32 (n, d).
        probabilities: float32 (n, classes).
        images: float32 (m, height, width, channels), the first m <= n; or points.
        pixels: float32 (n, d), see `kgen.metrics.nearest.pixels`.
        labels: int32 (n,).
    """

    n: int
    moments: Moments | None = None
    features: np.ndarray | None = None
    probabilities: np.ndarray | None = None
    images: np.ndarray | None = None
    pixels: np.ndarray | None = None
    labels: np.ndarray | None = None


def collect(chunks: Iterable[Chunk], wants: Iterable[str], n: int, network: Any = None) -> Side:
    """Goes through the chunks once and keeps what is wanted.

    Args:
        chunks: Images with their labels or `None`.
        wants: Names of attributes of `Side`.
        n: How many images there are at most.
        network: The `Features`, where features or probabilities are wanted.

    Raises:
        MetricError: If there are no images, or the network gives NaN or infinite numbers.

    Example:

        >>> side = collect([(np.ones((3, 8, 8, 1)), None)], {"images", "pixels"}, n=5)
        >>> side.n, side.images.shape, side.pixels.shape, side.features
        (3, (3, 8, 8, 1), (3, 64), None)
    """
    wants = set(wants)
    tables = {name: _Table(n) for name in wants - {"moments", "images"}}
    running, kept, seen = None, None, 0
    for images, labels in chunks:
        seen += len(images)
        if "images" in wants:
            kept = kept or _Table(min(n, max(4, IMAGE_BYTES // (4 * images[0].size))))
            kept.add(images)
        if "pixels" in wants:
            tables["pixels"].add(pixels(images))
        if "labels" in wants and labels is not None:
            tables["labels"].add(np.asarray(labels, np.int32))
        if wants & {"features", "moments", "probabilities"}:
            features = _finite(network(images), network)
            if "probabilities" in wants:
                tables["probabilities"].add(_probabilities(network, images, features))
            if "features" in wants:
                tables["features"].add(features)
            elif "moments" in wants:
                running = running or RunningMoments(features.shape[1])
                running.update(features)
    if not seen:
        raise MetricError("there are no images to measure.")
    result = {name: table.rows() for name, table in tables.items()}
    if "images" in wants:
        result["images"] = kept.rows()
    if "moments" in wants:
        # Kept features give the moments; a second copy in the making is not needed.
        result["moments"] = running.result() if running else Moments.of(result["features"])
    return Side(n=seen, **result)


def neighbour_space(network: Any) -> str:
    """Where the neighbours of an image are looked for: an attribute of `Side`."""
    return "pixels" if network is None else "features"


class _Table:
    """Rows added block by block to an array made once, so that they are never held twice."""

    def __init__(self, size: int):
        self.size, self.filled, self.array = size, 0, None

    def add(self, rows: np.ndarray) -> None:
        rows = rows[: self.size - self.filled]
        if self.array is None:
            self.array = np.empty((self.size, *rows.shape[1:]), rows.dtype)
        self.array[self.filled : self.filled + len(rows)] = rows
        self.filled += len(rows)

    def rows(self) -> np.ndarray | None:
        return None if self.array is None else self.array[: self.filled]


def _finite(array, network) -> np.ndarray:
    array = np.asarray(array, np.float32)
    if not np.isfinite(array).all():
        raise MetricError(f"{network.name} gives NaN or infinity for these images.")
    return array


def _probabilities(network, images, features) -> np.ndarray:
    """A classifier whose features are those of its last layer need not see the images twice."""
    if hasattr(network, "classify"):
        return _finite(network.classify(features), network)
    return _finite(network.probabilities(images), network)
