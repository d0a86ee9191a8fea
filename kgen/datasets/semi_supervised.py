"""Training data of which only a few images keep their labels."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from kgen.datasets import pipeline
from kgen.datasets.strands import Strand, Stream
from kgen.errors import DataError

LAYOUT = "semi-supervised"


def training(
    strands: Sequence[Strand | Stream], labels_per_class: int, *, seed: int, **settings
) -> tf.data.Dataset:
    """Whole batches `((labelled, labels), unlabelled)`, shuffled anew every epoch.

    The unlabelled images are all there are, those with labels too, as in Salimans et al. 2016; an
    epoch is one pass over them. The few with labels are gone through again and again, in a new
    order each time, with as many in a batch as of the others.

    Args:
        strands: One strand with labels.
        labels_per_class: How many images of each class keep their label, chosen by the seed.
        seed: See `kgen.datasets.pipeline.training`, as for the other settings.

    Raises:
        DataError: For a set too large for a choice, or a class with too few images.
    """
    (strand,) = strands
    if isinstance(strand, Stream):
        raise DataError(
            "the images do not fit into memory, so none can be chosen to keep their labels: "
            "pass a smaller image_size or a limit."
        )
    chosen = choose(np.asarray(strand.labels), labels_per_class, seed)
    return batches(_Rows(strand, chosen), _Unlabelled(strand), seed=seed, **settings)


def batches(labelled: Strand, unlabelled: Strand, **settings) -> tf.data.Dataset:
    """Whole batches of two strands, those with labels and those without; see `training`."""
    dataset = pipeline.training([labelled, unlabelled], **settings)
    return dataset.map(lambda labelled, labels, unlabelled: ((labelled, labels), unlabelled))


def choose(labels: np.ndarray, per_class: int, seed: int) -> np.ndarray:
    """Row numbers of `per_class` examples of each class, at random by the seed.

    Args:
        labels: (n,), whole numbers.
        per_class: How many of each.
        seed: The same seed chooses the same rows.

    Raises:
        DataError: If a class has fewer, or `per_class` is below 1.

    Example:

        >>> labels = np.array([0, 1, 0, 1, 0])
        >>> sorted(int(label) for label in labels[choose(labels, 2, seed=0)])
        [0, 0, 1, 1]
    """
    if per_class < 1:
        raise DataError(f"labels_per_class={per_class}: pass a whole number of at least 1.")
    order = np.random.default_rng((seed, per_class)).permutation(len(labels))
    rows = []
    for label in np.unique(labels):
        of_class = order[labels[order] == label]
        if len(of_class) < per_class:
            raise DataError(
                f"class {label} has only {len(of_class)} images to train on: "
                f"labels_per_class can be at most that, not {per_class}."
            )
        rows.append(of_class[:per_class])
    return np.concatenate(rows)


class _Rows:
    """Some rows of a strand."""

    def __init__(self, strand: Strand, rows: np.ndarray):
        self._strand = strand
        self._rows = tf.constant(rows, tf.int64)

    def __len__(self):
        return self._rows.shape[0]

    def fetch(self, rows, view):
        return self._strand.fetch(tf.gather(self._rows, rows), view)


class _Unlabelled:
    """A strand without its labels."""

    def __init__(self, strand: Strand):
        self._strand = strand

    def __len__(self):
        return len(self._strand)

    def fetch(self, rows, view):
        return self._strand.fetch(rows, view)[:-1]
