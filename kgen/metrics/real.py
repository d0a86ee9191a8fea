"""The real side of an evaluation: made once, part by part as metrics ask for it, and kept."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from kgen.errors import MetricError
from kgen.metrics.nearest import nearest_distances, pixels
from kgen.metrics.reference import Reference
from kgen.metrics.sides import Side, collect, neighbour_space
from kgen.metrics.streams import TWO_SIDED, Chunk, both_ways, pair_chunks, split_chunks

if TYPE_CHECKING:
    from kgen.datasets import Splits

#: Vectors of training images are kept up to this many bytes.
TRAIN_BYTES = 2**30
# Images to choose Parzen's bandwidth by, as many as Goodfellow et al. 2014 took.
_SIGMA_IMAGES = 1000


class RealData:
    """Real images of one split and what follows from them.

    Args:
        data: The data.
        split: The split to compare with.
        n: Images to take of it, at most.
        wants: What is wanted of them, attributes of `Side`.
        network: The `Features`, or `None`.
        domain: Of data of two sides, which is compared with, `"a"` or `"b"`; the other is that of
            the sources.

    Example:

        >>> from kgen.datasets import load
        >>> data = load("glyphs/letters", image_size=16, limit=64, layout="images")
        >>> real = RealData(data, "test", n=50, wants={"pixels"})
        >>> real.side.n, real.held_out_distances.shape
        (50, (50,))
    """

    def __init__(
        self,
        data: Splits,
        split: str,
        n: int,
        wants: set[str],
        network: Any = None,
        domain: str = "b",
    ):
        self.data, self.split, self.n, self.network = data, split, n, network
        self.domain = domain
        self._side = domain if data.layout in TWO_SIDED else None
        self._space = neighbour_space(network)
        self._wants = wants

    def chunks(self) -> Iterator[Chunk]:
        """The images, anew."""
        return split_chunks(self.data, self.split, self.n, self._side)

    def sources(self) -> Iterator[Chunk]:
        """What there is to translate: the images of the other side, or the images themselves."""
        other = None if self._side is None else "ba"["ab".index(self.domain)]
        return split_chunks(self.data, self.split, self.n, other)

    def pairs(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Of data of two sides, chunks of sources with the images of the domain beside them."""
        for a, b in pair_chunks(self.data, self.split, self.n):
            yield (a, b) if self.domain == "b" else (b, a)

    @functools.cached_property
    def side(self) -> Side:
        """What was wanted of the split."""
        return self._collected(self.split, self.n, self._wants)

    @functools.cached_property
    def labels(self) -> np.ndarray | None:
        """The split's labels, int32, in the order of its images; `None` where it has none."""
        parts = [labels for _, labels in self.chunks()]
        return None if parts[0] is None else np.concatenate(parts).astype(np.int32)

    @property
    def train_size(self) -> int:
        """How many training images there are, both ways round where they are mirrored."""
        return self.data.sizes["train"] * (2 if self.data.flip else 1)

    @functools.cached_property
    def train(self) -> Side:
        """Training images in the space of neighbours: one pass, up to `TRAIN_BYTES`.

        Where they are mirrored at random, each is there both ways round.
        """
        images, _ = next(split_chunks(self.data, "train", 1, self._side))
        numbers = pixels(images).size if self.network is None else self.network.dim
        n = min(self.train_size, max(1, TRAIN_BYTES // (4 * numbers)))
        return self._collected("train", n, {self._space})

    def _collected(self, split: str, n: int, wants: set[str]) -> Side:
        """What needs the network comes from the cache on disk, where it has been before."""
        by_network = wants & {"moments", "features", "probabilities"}
        if not by_network:
            return collect(self._chunks_of(split, n), wants, n)
        reference = Reference(lambda: self._chunks_of(split, n), self.network)
        made = {}
        if by_network != {"moments"}:
            made["features"] = reference.features
        if "moments" in wants:
            made["moments"] = reference.moments
        if "probabilities" in wants and hasattr(self.network, "classify"):
            made["probabilities"] = self.network.classify(reference.features)
        rest = wants - made.keys()
        if not rest:
            return Side(n=reference.n, **made)
        others = collect(self._chunks_of(split, n), rest, n, self.network)
        return dataclasses.replace(others, **made)

    def _chunks_of(self, split: str, n: int) -> Iterator[Chunk]:
        if split == "train" and self.data.flip:
            return both_ways(split_chunks(self.data, split, -(-n // 2), self._side))
        return split_chunks(self.data, split, n, self._side)

    def distances_to_train(self, side: Side) -> np.ndarray:
        """Each image's distance to the nearest training image."""
        return nearest_distances(getattr(side, self._space), getattr(self.train, self._space))

    @functools.cached_property
    def held_out_distances(self) -> np.ndarray:
        """The same of the split's own images."""
        return self.distances_to_train(self.side)

    @functools.cached_property
    def pair_similarity(self) -> tuple[float, dict[str, float]]:
        """Mean MS-SSIM of random pairs of the split, and its details."""
        from kgen.metrics.similarity import pair_similarity

        value, _, details = pair_similarity(self.side.images)
        return value, details

    @functools.cached_property
    def sigma_images(self) -> np.ndarray:
        """Images of another split, for the choices that must not see this one."""
        other = "validation" if self.split != "validation" else "train"
        if not self.data.sizes[other]:
            other = "train"
        if other == self.split:
            raise MetricError(f"{self.data.name} has no second split to choose a bandwidth by.")
        chunks = split_chunks(self.data, other, _SIGMA_IMAGES, self._side)
        return collect(chunks, {"images"}, _SIGMA_IMAGES).images
