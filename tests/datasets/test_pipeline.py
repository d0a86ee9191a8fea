"""The order of the training data: a pure function of (seed, epoch), and every image once a pass."""

import numpy as np
import pytest
import tensorflow as tf

from kgen.datasets import from_arrays, pipeline
from kgen.datasets.strands import Memory, Stream
from kgen.errors import DataError
from kgen.training import clock

N, BATCH = 23, 5


@pytest.fixture(autouse=True)
def _silent_clock():
    clock.announce(None)
    yield
    clock.announce(None)


def numbered(n=N, start=0):
    """Images that carry their row number in their first pixel."""
    images = np.zeros((n, 8, 8, 1), np.uint8)
    images[:, 0, 0, 0] = np.arange(start, start + n)
    return images


def levels(images):
    return np.round((np.asarray(images) + 1) * 127.5).astype(int)


def order(dataset):
    """Row numbers, batch by batch, of one iteration."""
    return [levels(batch)[:, 0, 0, 0].tolist() for batch in dataset.as_numpy_iterator()]


def flat(dataset):
    return [row for batch in order(dataset) for row in batch]


def memory(n=N, start=0):
    return Memory([numbered(n, start)])


def stream(n=N, start=0):
    return Stream(tf.data.Dataset.from_tensor_slices((numbered(n, start),)), n)


@pytest.fixture(params=[memory, stream], ids=["memory", "stream"])
def strand(request):
    return request.param


def test_order_is_pure_in_seed_and_epoch(strand):
    once = pipeline.training([strand()], BATCH, seed=3)
    counted = [order(once) for _ in range(4)]
    rebuilt = pipeline.training([strand()], BATCH, seed=3)
    for epoch in (2, 0, 3, 3):
        clock.announce(epoch)
        assert order(rebuilt) == counted[epoch]
    clock.announce(None)
    assert order(rebuilt) == counted[0]  # announced epochs are not counted


def test_order_does_not_depend_on_the_global_seed(strand):
    orders = []
    for seed in (0, 1):
        tf.random.set_seed(seed)
        orders.append(order(pipeline.training([strand()], BATCH, seed=3)))
    assert orders[0] == orders[1]


def test_epochs_and_seeds_differ(strand):
    one = pipeline.training([strand()], BATCH, seed=3)
    two = pipeline.training([strand()], BATCH, seed=4)
    orders = [str(order(one)), str(order(one)), str(order(two)), str(order(two))]
    assert len(set(orders)) == 4


def test_a_pass_shows_every_row_at_most_once_in_whole_batches(strand):
    dataset = pipeline.training([strand()], BATCH, seed=0)
    assert dataset.cardinality().numpy() == N // BATCH
    assert dataset.element_spec.shape == (BATCH, 8, 8, 1)
    batches = order(dataset)
    assert [len(batch) for batch in batches] == [BATCH] * (N // BATCH)
    rows = [row for batch in batches for row in batch]
    assert len(set(rows)) == len(rows)
    assert set(rows) <= set(range(N))


def test_a_pass_is_a_permutation_when_batches_divide_it(strand):
    dataset = pipeline.training([strand(20)], BATCH, seed=0)
    assert sorted(flat(dataset)) == list(range(20))
    assert flat(dataset) != list(range(20))


def test_short_epochs_walk_through_the_passes_without_a_gap(strand):
    passes = pipeline.training([strand()], BATCH, seed=9)
    endless = [batch for _ in range(4) for batch in order(passes)]  # 4 batches a pass
    short = pipeline.training([strand()], BATCH, seed=9, steps_per_epoch=3)
    assert short.cardinality().numpy() == 3
    for epoch in (0, 1, 2, 3, 4):
        clock.announce(epoch)
        assert order(short) == endless[3 * epoch : 3 * epoch + 3]
    long = pipeline.training([strand()], BATCH, seed=9, steps_per_epoch=7)
    clock.announce(1)
    assert order(long) == endless[7:14]


def test_unpaired_sides_are_permuted_independently(strand):
    dataset = pipeline.training([strand(20), strand(8, start=100)], BATCH, seed=0)
    assert dataset.cardinality().numpy() == 4
    batches = list(dataset.as_numpy_iterator())
    a = np.concatenate([levels(a)[:, 0, 0, 0] for a, _ in batches])
    b = np.concatenate([levels(b)[:, 0, 0, 0] for _, b in batches])
    assert sorted(a) == list(range(20))
    assert sorted(b[:8]) == sorted(b[8:16]) == list(range(100, 108))
    assert b[:8].tolist() != b[8:16].tolist()
    clock.announce(0)
    again = np.concatenate([levels(b)[:, 0, 0, 0] for _, b in dataset.as_numpy_iterator()])
    assert again.tolist() == b.tolist()


def test_flips_are_pure_and_mirror_left_to_right(strand):
    marked = numbered()
    marked[:, 1, 0, 0] = 255  # a mark on the left edge
    rows = (
        Memory([marked])
        if strand is memory
        else Stream(tf.data.Dataset.from_tensor_slices((marked,)), N)
    )
    dataset = pipeline.training([rows], BATCH, seed=1, flip=True)
    plain = pipeline.training([strand()], BATCH, seed=1)

    def epoch(number):
        clock.announce(number)
        return levels(np.concatenate(list(dataset.as_numpy_iterator())))

    first = epoch(0)
    left, right = first[:, 1, 0, 0] == 255, first[:, 1, 7, 0] == 255
    assert (left ^ right).all()
    assert 0 < right.sum() < len(right)
    clock.announce(0)
    number = np.where(right, first[:, 0, 7, 0], first[:, 0, 0, 0])
    assert number.tolist() == flat(plain)  # flips leave the order alone
    other = epoch(1)
    assert (other[:, 1, 7, 0] == 255).tolist() != right.tolist()
    np.testing.assert_array_equal(epoch(0), first)


def test_evaluation_is_complete_and_in_order(strand):
    dataset = pipeline.evaluation([strand()], BATCH)
    assert dataset.cardinality().numpy() == 5
    assert order(dataset) == order(dataset)
    assert flat(dataset) == list(range(N))
    assert pipeline.evaluation([strand(0)], BATCH) is None


def test_evaluation_of_unpaired_sides_starts_the_shorter_again(strand):
    dataset = pipeline.evaluation([strand(7), strand(3, start=100)], 4)
    b = np.concatenate([levels(b)[:, 0, 0, 0] for _, b in dataset.as_numpy_iterator()])
    assert b.tolist() == [100, 101, 102, 100, 101, 102, 100]


def test_too_few_images_for_a_batch():
    with pytest.raises(DataError, match=r"only 4 (images|examples) .* batch of 5"):
        pipeline.training([memory(4)], BATCH)


@pytest.mark.parametrize(
    ("epoch", "steps", "passes", "expected"),
    [
        (0, None, 5, [(0, 0, 5)]),
        (7, None, 5, [(7, 0, 5)]),
        (1, 5, 5, [(1, 0, 5)]),
        (1, 2, 5, [(0, 2, 4)]),
        (2, 2, 5, [(0, 4, 5), (1, 0, 1)]),
        (1, 12, 5, [(2, 2, 5), (3, 0, 5), (4, 0, 4)]),
    ],
)
def test_plan(epoch, steps, passes, expected):
    assert pipeline.plan(epoch, steps, passes) == expected


def test_take_map_and_labels_stay_with_their_images():
    labels = np.arange(N) * 2
    data = from_arrays(numbered(), labels, batch_size=BATCH, seed=2)
    taken = data.train.map(lambda x, y: (x[:, 0, 0, 0], y)).take(2)
    for x, y in taken.as_numpy_iterator():
        np.testing.assert_array_equal(levels(x) * 2, y)
        assert y.dtype == np.int32


def test_keras_fit_reads_the_clock_when_an_epoch_starts():
    import keras

    class Announce(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            clock.announce(epoch + 5)

    seen = []

    dataset = from_arrays(numbered(), np.zeros(N, int), batch_size=BATCH, seed=2).train

    def note(x, y):
        tf.numpy_function(lambda rows: seen.append(levels(rows)), [x], [])
        return x, tf.cast(y, tf.float32)

    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(dataset.map(note), epochs=2, verbose=0, shuffle=False, callbacks=[Announce()])
    seen = [batch[:, 0, 0, 0].tolist() for batch in seen]
    expected = []
    for epoch in (5, 6):
        clock.announce(epoch)
        expected += [levels(x)[:, 0, 0, 0].tolist() for x, _ in dataset.as_numpy_iterator()]
    assert seen[-8:] == expected


@pytest.mark.parametrize("split", ["train", "validation"])
def test_no_epoch_waits_for_the_tuner_of_tf_data(split):
    splits = from_arrays(numbered(), batch_size=BATCH, validation=0.3)
    assert getattr(splits, split).map(lambda x: x).options().autotune.enabled is False
