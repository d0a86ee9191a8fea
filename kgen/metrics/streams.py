"""Images of both sides in chunks: those of a split, and those of a model or an array."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from kgen.errors import MetricError
from kgen.training import clock

if TYPE_CHECKING:
    from kgen.datasets import Splits

#: Images, and what each comes with: labels, or by name what a model of sounds is conditioned on.
Chunk = tuple[np.ndarray, np.ndarray | dict[str, np.ndarray] | None]

#: The layouts whose batches are (a, b), images of two sides.
TWO_SIDED = ("paired", "unpaired")
#: The layouts whose batches are images and what they show.
OF_DOMAINS = ("labelled", "domains", "attributes")
#: Samples drawn at once. Part of the protocol: each chunk has a seed of its own.
CHUNK = 500


def chunk_seed(seed: int, chunk: int) -> int:
    """A seed of its own for every chunk, the same on all backends.

    Example:

        >>> len({chunk_seed(seed, chunk) for seed in range(3) for chunk in range(100)})
        300
    """
    # 31 bits: some backends keep seeds as signed numbers.
    return int(np.random.SeedSequence([seed, chunk]).generate_state(1)[0] >> 1)


def is_model(source: Any) -> bool:
    """Whether `source` is a model that says what it can do."""
    return hasattr(source, "capabilities")


def check_split(data: Splits, split: str, two_sided: bool = False) -> None:
    """Refuses a split that has no images to compare samples with.

    Args:
        data: The data.
        split: `"train"`, `"validation"` or `"test"`.
        two_sided: Whether data of two sides will do.

    Raises:
        MetricError: If there is no such split, or the data's batches are of two sides.
    """
    if split not in ("train", "validation", "test"):
        raise MetricError(f"there is no split {split!r}: choose train, validation or test.")
    single = ("images", *OF_DOMAINS, "semi-supervised", "points", "tokens", "features")
    if data.layout not in (*single, *TWO_SIDED) or (data.layout in TWO_SIDED and not two_sided):
        raise MetricError(
            f"{data.name} holds {data.layout} images: samples are compared with single ones, so "
            "load it with layout='images' or 'labelled' where it has one."
        )
    if getattr(data, split) is None or not data.sizes[split]:
        raise MetricError(f"{data.name} has no {split} split: hold some of it out when loading it.")


def split_chunks(data: Splits, split: str, n: int, side: str | None = None) -> Iterator[Chunk]:
    """Images of a split with their labels (`None` where there are none), at most `n`.

    With `side`, `"a"` or `"b"`, the images of that side of data of two, without labels.

    Of a larger validation or test split these are a random subset, always the same; of the training
    split, which is shuffled anyway, the first of epoch 0. That split is mirrored at random where
    the data were loaded so, and lacks what fills no whole batch.

    Raises:
        MetricError: As `check_split`.
    """
    if side is not None:
        column = "ab".index(side)
        yield from ((pair[column], None) for pair in pair_chunks(data, split, n))
        return
    check_split(data, split)
    batches, size = getattr(data, split), data.sizes[split]
    if split == "train":
        yield from _limited(_training_batches(batches, size), n)
        return
    keep, seen = _kept(size, n), 0
    for images, labels in map(_parted, batches.as_numpy_iterator()):
        rows = np.flatnonzero(keep[seen : seen + len(images)])
        seen += len(images)
        if len(rows):
            yield images[rows], _rows(labels, rows)


def pair_chunks(data: Splits, split: str, n: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The images of both sides of a split, chosen as in `split_chunks`.

    Raises:
        MetricError: If there is no such split.
    """
    check_split(data, split, two_sided=True)
    batches, size = getattr(data, split), data.sizes[split]
    if split == "train":
        yield from _limited(_training_batches(batches, size), n)
        return
    keep, seen = _kept(size, n), 0
    for a, b in batches.as_numpy_iterator():
        rows = np.flatnonzero(keep[seen : seen + len(a)])
        seen += len(a)
        if len(rows):
            yield a[rows], b[rows]


def both_ways(chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """Each chunk as it is, and mirrored from left to right.

    Example:

        >>> image = np.eye(2)[None, :1, :, None]
        >>> [images.ravel().tolist() for images, _ in both_ways([(image, None)])]
        [[1.0, 0.0], [0.0, 1.0]]
    """
    for images, labels in chunks:
        yield images, labels
        yield images[:, :, ::-1], labels


def _kept(size: int, n: int) -> np.ndarray:
    """Which `n` of so many images are taken, bool (size,): at random, and always the same."""
    keep = np.ones(size, bool)
    keep[np.random.default_rng(0).permutation(size)[n:]] = False
    return keep


def _training_batches(batches, size: int) -> Iterator[Chunk]:
    """One pass over the training images in the order of epoch 0, whatever trains meanwhile.

    Epochs shorter than a pass follow each other until they have shown it all.
    """
    epoch, epochs = 0, 1
    while epoch < epochs:
        before = clock.epoch()
        clock.announce(epoch)
        try:  # the pipeline reads the clock when its first batch is asked for
            iterator = batches.as_numpy_iterator()
            first = next(iterator)
        finally:
            clock.announce(before)
        seen = 0
        for images, labels in map(_parted, itertools.chain([first], iterator)):
            seen += len(images)
            yield images, labels
        epoch, epochs = epoch + 1, max(epochs, size // seen)


def _limited(chunks: Iterable[Chunk], n: int) -> Iterator[Chunk]:
    for images, labels in chunks:
        yield images[:n], _rows(labels, slice(n))
        n -= len(images)
        if n <= 0:
            return


def _parted(batch) -> Chunk:
    if not isinstance(batch, tuple):
        return batch, None
    if isinstance(batch[0], tuple):  # semi-supervised training: the unlabelled images are all
        return batch[1], None
    return batch


def regrouped(chunks: Iterable[Chunk]) -> Iterator[Chunk]:
    """The same images in chunks of `CHUNK`, whatever batches they came in.

    Example:

        >>> batches = [(np.zeros((300, 2)), None)] * 4
        >>> [len(images) for images, _ in regrouped(batches)]
        [500, 500, 200]
    """
    waiting: list[Chunk] = []
    for chunk in chunks:
        waiting.append(chunk)
        if sum(len(images) for images, _ in waiting) >= CHUNK:
            *whole, rest = _cut(waiting)
            yield from whole
            waiting = [rest]
    yield from (chunk for chunk in _cut(waiting) if len(chunk[0]))


def _cut(chunks: list[Chunk]) -> list[Chunk]:
    """The chunks as one, cut into whole ones and a rest, which may be empty."""
    if not chunks:
        return []
    images = np.concatenate([images for images, _ in chunks])
    labels = chunks[0][1]
    if isinstance(labels, dict):
        labels = {name: np.concatenate([given[name] for _, given in chunks]) for name in labels}
    elif labels is not None:
        labels = np.concatenate([labels for _, labels in chunks])
    starts = range(0, len(images) + 1, CHUNK)
    rows = [slice(start, start + CHUNK) for start in starts]
    return [(images[part], _rows(labels, part)) for part in rows]


def _rows(labels, rows):
    """Those rows of the labels, or of each array of a dict."""
    if isinstance(labels, dict):
        return {name: array[rows] for name, array in labels.items()}
    return None if labels is None else labels[rows]


def sample_chunks(
    model: Any,
    n: int,
    seed: int,
    labels: np.ndarray | None,
    image_shape: tuple[int, int, int] | None = None,
) -> Iterator[Chunk]:
    """Samples of a model, with the labels asked for.

    Raises:
        MetricError: If the samples are not of `image_shape` or leave [-1, 1], or hold NaN.
    """
    for chunk, start in enumerate(range(0, n, CHUNK)):
        count = min(CHUNK, n - start)
        part = None if labels is None else labels[start : start + count]
        given = {} if part is None else {"labels": part}
        images = _checked(model.sample(count, seed=chunk_seed(seed, chunk), **given))
        if image_shape is not None and images.shape[1:] != tuple(image_shape):
            what = "sequences" if images.dtype.kind == "i" else "images"
            raise MetricError(
                f"{type(model).__name__} draws {what} of {_size(images.shape[1:])}, and the data "
                f"have {_size(image_shape)}: load them in the model's size."
            )
        yield images, part


def translated_chunks(model: Any, chunks: Iterable[Chunk], seed: int, **asked) -> Iterator[Chunk]:
    """Translations of images, with the labels asked for.

    Args:
        model: What translates.
        chunks: The images to translate, with their labels where the model takes labels.
        seed: Of the labels: each image is asked for another than its own, each as likely; of
            vectors of attributes, those of its chunk in another order.
        **asked: `domain` where the model translates between two sides, or `labels` to ask for in
            place of random ones, over and over, and `classes`, how many there are.

    Raises:
        MetricError: If the translations leave [-1, 1] or hold NaN.
    """
    takes = model.capabilities["translate"]
    given, classes, start = asked.pop("labels", None), asked.pop("classes", None), 0
    for chunk, (images, labels) in enumerate(regrouped(chunks)):
        rng = np.random.default_rng(chunk_seed(seed, chunk))
        drawn = {"seed": chunk_seed(seed, chunk)} if "seed" in takes else {}
        if "labels" in takes:
            if given is not None:
                wanted = np.resize(np.roll(given, -start), len(images))
            else:
                wanted = other_labels(labels, classes, rng)
            asked = {"labels": wanted}
        start += len(images)
        yield _checked(model.translate(images, **asked, **drawn)), asked.get("labels")


def other_labels(labels: np.ndarray, classes: int, rng: np.random.Generator) -> np.ndarray:
    """For each label another class; vectors of attributes in another order.

    Example:

        >>> other_labels(np.array([0, 1, 0]), 2, np.random.default_rng(0)).tolist()
        [1, 0, 1]
    """
    if labels.ndim > 1:
        return rng.permutation(labels)
    return (labels + rng.integers(1, classes, size=len(labels))) % classes


def array_chunks(images: np.ndarray, n: int, labels: np.ndarray | None) -> Iterator[Chunk]:
    """Images of an array, float in [-1, 1] or uint8, with their labels, at most `n`.

    Of a larger array these are a random subset, always the same: samples saved class by class would
    else be of the first classes alone.

    Raises:
        MetricError: If they hold NaN or infinite numbers, or leave [-1, 1].
    """
    kept = np.flatnonzero(_kept(len(images), n))
    for start in range(0, len(kept), CHUNK):
        rows = kept[start : start + CHUNK]
        part = images[rows]
        if part.dtype == np.uint8:
            part = part / np.float32(127.5) - 1
        yield _checked(part), None if labels is None else labels[rows]


def _checked(images) -> np.ndarray:
    images = np.asarray(images)
    if images.dtype.kind == "i" and images.ndim == 2:  # tokens
        return images
    images = images if images.dtype == np.float64 and images.ndim == 2 else images.astype("float32")
    low, high = float(images.min()), float(images.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise MetricError("the samples hold NaN or infinite numbers: the model has diverged.")
    if images.ndim == 4 and not -1.001 <= low <= high <= 1.001:
        raise MetricError(
            f"the samples lie in [{low:.4g}, {high:.4g}], kgen's images in [-1, 1]: scale them."
        )
    return images


def _size(shape) -> str:
    return "x".join(map(str, shape))
