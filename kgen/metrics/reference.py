"""What is known of the real images: moments and features, computed once and kept on disk."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from kgen.errors import MetricError
from kgen.metrics.features import Features, cache, pixels
from kgen.metrics.moments import Moments, RunningMoments

#: Raised when what is stored changes.
_VERSION = 1
#: Images whose features are stored beside the statistics and computed again when these are read.
_PROBES = 8
#: How far a probe may move, beside the largest feature: rounding on another backend, no more.
_TOLERANCE = 1e-3


class Reference:
    """Real images in given features; each part is made when it is first asked for.

    A part is stored in the cache under a hash of the images' content and of the features' name,
    checksum and resizing. These do not tell everything (the same weights can make another network),
    so the features of the first images are stored too, and must come out again before anything
    stored is believed: but for rounding, or to the last bit where no checksum of weights vouches
    for them, as of a function. What is damaged or does not fit is computed anew. The cache keeps
    4 GiB of these; beyond, what was used longest ago goes.

    Memory holds one batch and the moments; all features only where they are asked for.

    Args:
        images: The real images, always in the same order: an array `(n, height, width, channels)`
            in [-1, 1] or uint8; or batches of such (or of tuples that begin with one), as a
            `tf.data.Dataset`, a list, or a function that returns an iterator.
        network: The features, from `kgen.metrics.features.find`.

    Raises:
        MetricError: When the images are first read: none, of another shape, or an iterator that
            can be read only once.

    Example:

        >>> import os, tempfile
        >>> os.environ["KGEN_CACHE"] = tempfile.mkdtemp()
        >>> from kgen.metrics.features import find
        >>> def means(images):
        ...     return images.mean(axis=(1, 2))
        >>> images = np.stack([np.full((4, 4, 3), level) for level in (0.0, 0.5, 1.0)])
        >>> reference = Reference(images, find(means, (4, 4, 3)))
        >>> reference.n, reference.moments.mean, reference.features.shape
        (3, array([0.5, 0.5, 0.5]), (3, 3))
        >>> del os.environ["KGEN_CACHE"]
    """

    def __init__(
        self,
        images: np.ndarray | Iterable[Any] | Callable[[], Iterable[Any]],
        network: Features,
    ):
        self.network = network
        self._images = images

    @property
    def n(self) -> int:
        """How many images there are."""
        return self._read[1]

    @property
    def content(self) -> str:
        """SHA-256 of the images; batches do not matter, their order does."""
        return self._read[0]

    @functools.cached_property
    def moments(self) -> Moments:
        """Mean and covariance of the features."""
        stored = self._stored("moments", ("n", "mean", "cov"))
        if stored is not None:
            return Moments(int(stored["n"]), stored["mean"], stored["cov"])
        if "features" in vars(self):
            moments = Moments.of(self.features)
        else:
            running = RunningMoments(self.network.dim)
            for batch in self._batches():
                running.update(self.network(batch))
            moments = running.result()
        self._store("moments", n=np.array(moments.n), mean=moments.mean, cov=moments.cov)
        return moments

    @functools.cached_property
    def features(self) -> np.ndarray:
        """The features of all images, float32 `(n, dim)`, in their order."""
        stored = self._stored("features", ("features",))
        if stored is not None:
            return stored["features"]
        features = np.empty((self.n, self.network.dim), np.float32)
        start = 0
        for batch in self._batches():
            features[start : start + len(batch)] = self.network(batch)
            start += len(batch)
        self._store("features", features=features)
        return features

    def _batches(self) -> Iterator[np.ndarray]:
        images = self._images
        if isinstance(images, np.ndarray):
            yield from (images[i : i + 512] for i in range(0, len(images), 512))
            return
        batches = iter(images() if callable(images) else images)
        if batches is images:
            raise MetricError("these images can be read only once: pass an array or a data set.")
        for batch in batches:
            yield np.asarray(batch[0] if isinstance(batch, tuple) else batch)

    @functools.cached_property
    def _read(self) -> tuple[str, int, np.ndarray]:
        """Content, number, and the first images: one pass that runs no network."""
        digest, n, first = hashlib.sha256(), 0, []
        shape = getattr(self.network, "image_shape", None)
        for batch in self._batches():
            batch = pixels.checked(batch, shape or batch.shape[1:])
            if not n:
                digest.update(f"{batch.dtype.str}{batch.shape[1:]}".encode())
            digest.update(np.ascontiguousarray(batch).tobytes())
            first += list(batch[: max(0, _PROBES - n)])
            n += len(batch)
        if not n:
            raise MetricError("there are no real images to compare with: the split is empty.")
        return digest.hexdigest(), n, np.stack(first)

    @functools.cached_property
    def _probe(self) -> np.ndarray:
        return self.network(self._read[2])

    def _path(self, part: str) -> Path:
        network = self.network
        protocol = [_VERSION, network.name, network.checksum, network.resize, network.dim]
        text = json.dumps([*protocol, self.content, self.n])
        key = hashlib.sha256(text.encode()).hexdigest()[:24]
        return cache.folder() / "references" / f"{key}-{part}.npz"

    def _stored(self, part: str, names: tuple[str, ...]) -> dict[str, np.ndarray] | None:
        """A part of the cache, if it is there, whole, and of these features."""
        try:
            # Opened here: of a damaged file NumPy would leave it open.
            with open(self._path(part), "rb") as file, np.load(file, allow_pickle=False) as parts:
                stored = {name: parts[name] for name in (*names, "probe")}
                with contextlib.suppress(OSError):  # of another user
                    os.utime(file.fileno())  # used now: it is not the next to go
        except MetricError:
            raise
        except Exception:  # missing, cut short, of another kind: made again
            return None
        probe = stored.pop("probe")
        vouched = self.network.checksum and getattr(self.network, "of_weights", True)
        tolerance = _TOLERANCE * float(np.abs(self._probe).max()) if vouched else 0.0
        if probe.shape != self._probe.shape or np.abs(probe - self._probe).max() > tolerance:
            return None
        return stored

    def _store(self, part: str, **arrays: np.ndarray) -> None:
        path = self._path(part)
        try:
            with cache.writing(path) as temporary:
                np.savez(temporary, probe=self._probe, **arrays)
            cache.prune(path.parent, cache.MOST_BYTES, keep=path)
        except OSError as error:
            warnings.warn(f"statistics of the real images are not kept: {error}", stacklevel=3)
