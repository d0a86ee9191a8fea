import collections

import numpy as np
import pytest

from kgen.datasets import from_arrays, load
from kgen.errors import DataError

N, CLASSES = 60, 3


def arrays(n=N):
    """Images that show their row number, and labels."""
    rows = np.arange(n, dtype=np.uint8)
    return np.tile(rows[:, None, None, None], (1, 8, 8, 1)), np.arange(n) % CLASSES


def splits(labels_per_class=4, **kwargs):
    images, labels = arrays()
    return from_arrays(
        images, labels, **{"batch_size": 6, "labels_per_class": labels_per_class, **kwargs}
    )


def rows_of(images):
    return np.rint((images[:, 0, 0, 0] + 1) * 127.5).astype(int).tolist()


def epoch(data):
    labelled, labels, unlabelled = [], [], []
    for (x, y), u in data.train.as_numpy_iterator():
        assert len(x) == len(y) == len(u)
        labelled += rows_of(x)
        labels += y.tolist()
        unlabelled += rows_of(u)
    return labelled, labels, unlabelled


def test_few_keep_their_labels_and_all_are_seen_without():
    data = splits()
    labelled, labels, unlabelled = epoch(data)
    assert sorted(unlabelled) == list(range(N))
    assert labels == [row % CLASSES for row in labelled]
    counts = collections.Counter(labelled)
    assert len(counts) == 4 * CLASSES
    assert set(counts.values()) == {N // (4 * CLASSES)}  # each as often, pass after pass
    assert collections.Counter(row % CLASSES for row in counts) == {0: 4, 1: 4, 2: 4}
    # Every pass over them is in an order of its own.
    passes = [tuple(labelled[i : i + 12]) for i in range(0, N, 12)]
    assert len(set(passes)) == len(passes)
    assert all(sorted(one) == sorted(passes[0]) for one in passes)


def test_layout_and_classes_are_said():
    data = splits()
    assert (data.layout, data.num_classes, data.sizes["train"]) == ("semi-supervised", 3, N)
    assert data.train.cardinality().numpy() == 10


def test_epochs_differ_and_show_the_same_labels():
    data = splits()
    first, second = epoch(data), epoch(data)
    assert first[0] != second[0] and first[2] != second[2]
    assert set(first[0]) == set(second[0])


def test_the_seed_decides_which():
    assert epoch(splits(seed=3)) == epoch(splits(seed=3))
    assert set(epoch(splits(seed=3))[0]) != set(epoch(splits(seed=4))[0])


def test_evaluation_is_on_labelled_images():
    data = splits(validation=0.2, test=0.2)
    held = [batch for split in (data.validation, data.test) for batch in split.as_numpy_iterator()]
    images = np.concatenate([x for x, _ in held])
    labels = np.concatenate([y for _, y in held])
    assert len(images) + data.sizes["train"] == N
    assert labels.tolist() == [row % CLASSES for row in rows_of(images)]
    assert not set(rows_of(images)) & set(epoch(data)[2])


def test_of_built_in_letters():
    data = load("glyphs/letters", image_size=8, batch_size=62, labels_per_class=1, limit=800)
    (x, y), u = next(data.train.as_numpy_iterator())
    assert x.shape == u.shape == (62, 8, 8, 1)
    assert sorted(y) == list(range(62))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: splits(labels_per_class=21), "class 0 has only 20 images"),
        (lambda: splits(labels_per_class=0), "at least 1"),
        (lambda: from_arrays(arrays()[0], labels_per_class=2), "needs labels"),
        (lambda: splits(layout="images"), "needs labels, and arrays is loaded as 'images'"),
    ],
)
def test_what_cannot_be_is_refused(make, message):
    with pytest.raises(DataError, match=message):
        make()
