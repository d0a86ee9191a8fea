"""Where the examples of a split are: in memory, in files read when needed, or in a stream.

A strand has a length and fetches whole batches by row number; a stream can only be read from its
beginning. A split is one strand, or two for unpaired data, whose sides are shuffled independently.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import numpy as np
import tensorflow as tf

from kgen.datasets.views import View, seen

# Images up to this many bytes are kept in memory, more are read anew in every epoch.
IN_MEMORY = 2**30


class Strand(Protocol):
    """Rows of examples that can be fetched by number."""

    #: The label of each row, or `None`.
    labels: np.ndarray | None

    def __len__(self) -> int:
        """How many rows there are."""

    def fetch(self, rows: tf.Tensor, view: View | None) -> list[tf.Tensor]:
        """The columns of a batch: float32 images in [-1, 1], then labels if there are any.

        Args:
            rows: int64 row numbers of shape `(batch,)`.
            view: What to show of each row's images, or `None` for all of them as they are.
        """


class Memory:
    """Rows held in memory.

    Args:
        images: One array of images `(n, height, width, channels)`, or two for paired data: uint8,
            or float32 in [-1, 1]. Waves are `(n, length, 1)`, tokens int32 `(n, length)`.
        labels: int32 numbers `(n,)`, float32 attributes `(n, k)`, or `None`.
        palette: uint8 colours `(n, 2, 3)` of ink and paper to paint grey uint8 images with, or
            `None` to leave them grey.
    """

    def __init__(
        self,
        images: Sequence[np.ndarray],
        labels: np.ndarray | None = None,
        palette: np.ndarray | None = None,
    ):
        self.labels = labels
        # On the host whatever the accelerator: tf.data gathers there.
        with tf.device("cpu:0"):
            self._images = [tf.constant(array) for array in images]
            self._labels = None if labels is None else tf.constant(labels)
            self._palette = None if palette is None else tf.constant(palette)

    def __len__(self):
        return self._images[0].shape[0]

    def fetch(self, rows, view):
        """See `Strand.fetch`."""
        columns = []
        for source in self._images:
            images = tf.gather(source, rows)
            if self._palette is not None:
                images = painted(images, tf.gather(self._palette, rows))
            columns.append(to_unit(seen(images, view)))
        if self._labels is not None:
            columns.append(tf.gather(self._labels, rows))
        return columns


class Files:
    """Rows read and decoded when they are fetched, for sets that do not fit into memory.

    Args:
        paths: For each column of images, the files of its rows, or what else `read` takes.
        read: Turns a path into an image of shape `image_shape`.
        image_shape: `(height, width, channels)`, or `(length, 1)` of waves; of pairs that differ,
            a list of two.
        labels: int32 numbers `(n,)`, float32 attributes `(n, k)`, or `None`.
        dtype: What `read` gives: uint8, or float32 in [-1, 1].
    """

    def __init__(
        self,
        paths: Sequence[Sequence],
        read: Callable[..., np.ndarray],
        image_shape: tuple[int, ...] | list[tuple[int, ...]],
        labels: np.ndarray | None = None,
        dtype: type = np.uint8,
    ):
        self._paths = paths
        self._read = read
        many = isinstance(image_shape, list)
        self._image_shapes = image_shape if many else [image_shape] * len(paths)
        self._dtype = tf.as_dtype(dtype)
        self.labels = labels
        self._labels = None if labels is None else tf.constant(labels)
        # Pillow lets go of Python's lock while it decodes.
        self._readers = ThreadPoolExecutor(thread_name_prefix="kgen-decode")

    def __len__(self):
        return len(self._paths[0])

    def fetch(self, rows, view):
        """See `Strand.fetch`."""
        columns = []
        for paths, shape in zip(self._paths, self._image_shapes, strict=True):

            def read(numbers, paths=paths):
                images = self._readers.map(self._read, [paths[number] for number in numbers])
                return np.stack(list(images))

            images = tf.numpy_function(read, [rows], self._dtype, stateful=False)
            images = tf.ensure_shape(images, (rows.shape[0], *shape))
            columns.append(to_unit(seen(images, view)))
        if self._labels is not None:
            columns.append(tf.gather(self._labels, rows))
        return columns


class Stream:
    """Rows that are read one after another.

    Args:
        examples: Single examples, always in the same order: a tuple of one uint8 image, or two for
            paired data, and then its label if there are any, see `Memory`.
        size: How many there are.
    """

    def __init__(self, examples: tf.data.Dataset, size: int):
        self.examples = examples
        self._size = size

    def __len__(self):
        return self._size

    def columns(self, batch: Sequence[tf.Tensor], view: View | None) -> list[tf.Tensor]:
        """The columns of a batch of examples, see `Strand.fetch`."""
        return [to_unit(seen(part, view)) if part.shape.rank == 4 else part for part in batch]


def changed(strand: Strand | Stream, change: Callable[[list], list]) -> Strand | Stream:
    """A strand whose batches have other columns.

    Args:
        strand: Whose examples they are.
        change: Of the columns of a batch, see `Strand.fetch`, to others.
    """
    return (_ChangedStream if isinstance(strand, Stream) else _Changed)(strand, change)


class _Changed:
    """A strand whose columns are changed."""

    labels = None

    def __init__(self, strand: Strand, change: Callable[[list], list]):
        self._strand, self._change = strand, change

    def __len__(self):
        return len(self._strand)

    def fetch(self, rows: tf.Tensor, view: View | None) -> list[tf.Tensor]:
        return self._change(self._strand.fetch(rows, view))


class _ChangedStream(Stream):
    """A stream whose columns are changed."""

    def __init__(self, stream: Stream, change: Callable[[list], list]):
        super().__init__(stream.examples, len(stream))
        self._stream, self._change = stream, change

    def columns(self, batch: Sequence[tf.Tensor], view: View | None) -> list[tf.Tensor]:
        return self._change(self._stream.columns(batch, view))


def to_unit(images: tf.Tensor) -> tf.Tensor:
    """uint8 grey levels as float32 in [-1, 1]; all else, floats and tokens, unchanged."""
    if images.dtype != tf.uint8:
        return images
    return tf.cast(images, tf.float32) / 127.5 - 1.0


def painted(images: tf.Tensor, palette: tf.Tensor) -> tf.Tensor:
    """Colours grey drawings, each with its own ink and paper, in whole grey levels.

    Args:
        images: uint8 of shape `(n, height, width, 1)`.
        palette: uint8 colours `(n, 2, 3)` of ink and paper.

    Returns:
        uint8 images of shape `(n, height, width, 3)`.

    Example:

        >>> grey = np.array([[[[0], [255]]]], np.uint8)
        >>> painted(grey, np.array([[[250, 200, 150], [10, 20, 30]]], np.uint8)).numpy().tolist()
        [[[[10, 20, 30], [250, 200, 150]]]]
    """
    ink, paper = (tf.cast(palette[:, side, None, None, :], tf.float32) for side in (0, 1))
    share = tf.cast(images, tf.float32) / 255.0
    return tf.cast(tf.round(paper + (ink - paper) * share), tf.uint8)
