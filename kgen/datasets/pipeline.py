"""Batches in an order that is a pure function of (seed, epoch).

An interrupted run continues exactly only if epoch 7 shows the same images in the same order
whether or not epochs 0 to 6 ran in this process. `tf.data`'s own `shuffle` cannot promise that: it
counts its iterations, and a rebuilt pipeline starts at zero. So the order is drawn by NumPy, one
permutation for each pass over the data, from the seed and the number of the pass; the number comes
from `kgen.training.clock` at the moment an iteration starts. Outside `fit`, where no epoch is
announced, a pipeline counts its own iterations.

Do not `repeat()` or `cache()` a training pipeline: both would freeze or blur its epochs. `fit`
iterates it anew for each epoch by itself.
"""

import itertools
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from kgen import machine
from kgen.datasets.strands import Strand, Stream
from kgen.datasets.views import View
from kgen.errors import DataError
from kgen.training import clock

# Batches made at once, and batches ready ahead of their use: tf.data's own tuner is off.
WORKERS = machine.cores()
AHEAD = 2

# Examples a stream that does not fit into memory holds at once to shuffle among.
STREAM_BUFFER = 4096


def training(
    strands: Sequence[Strand | Stream],
    batch_size: int,
    seed: int = 0,
    steps_per_epoch: int | None = None,
    flip: bool = False,
    jitter: int = 0,
) -> tf.data.Dataset:
    """Whole batches, shuffled anew every epoch.

    Each pass over the data is a permutation, cut to whole batches. Several strands (unpaired
    data) are permuted independently; a pass is as long as the longest, and shorter ones are
    permuted again and again within it.

    Args:
        strands: Where the examples are, all of one kind; the columns of all strands make up the
            batch. A `Stream` is shuffled through a buffer of `STREAM_BUFFER` examples.
        batch_size: Examples in a batch.
        seed: Seed of the order.
        steps_per_epoch: Batches in an epoch. Epoch `e` is then batches `e * steps_per_epoch` up to
            `(e + 1) * steps_per_epoch` of the endless sequence of passes. `None` makes an epoch one
            pass.
        flip: Mirror half of the images, chosen anew in every pass, from left to right.
        jitter: How many pixels higher and wider than those of a batch the strands' images are; of
            each a window is cut, chosen anew in every pass.

    Returns:
        A dataset of known cardinality.
    """
    pass_steps = _pass_steps(strands, batch_size)
    steps = steps_per_epoch or pass_steps
    if isinstance(strands[0], Stream):
        return _training_streams(strands, batch_size, seed, steps_per_epoch, flip, jitter)
    epochs = _Epochs()

    def order():
        parts = []
        for number, first, last in plan(epochs.current(), steps_per_epoch, pass_steps):
            draws = [
                _walk((seed, number, strand), len(rows), pass_steps * batch_size, jitter)
                for strand, rows in enumerate(strands)
            ]
            shaped = [part.reshape(-1, pass_steps, batch_size)[:, first:last] for part in draws]
            parts.append(np.stack(shaped, axis=2))
        return np.concatenate(parts, axis=1).transpose(1, 2, 0, 3)

    def batches(_):
        draws = tf.numpy_function(order, [], tf.int64)
        shape = (steps, len(strands), 4, batch_size)
        return tf.data.Dataset.from_tensor_slices(tf.ensure_shape(draws, shape))

    def fetch(draws):
        columns = []
        for number, strand in enumerate(strands):
            rows, flips, *corners = tf.unstack(draws[number])
            view = _view(flips > 0, tf.stack(corners, axis=1), flip, jitter)
            columns += strand.fetch(rows, view)
        return _packed(columns)

    dataset = tf.data.Dataset.from_tensors(0).flat_map(batches)
    dataset = dataset.map(fetch, num_parallel_calls=WORKERS, deterministic=True)
    return _finished(dataset, steps)


def evaluation(strands: Sequence[Strand | Stream], batch_size: int) -> tf.data.Dataset | None:
    """All examples once, in their stored order, or `None` if there are none.

    Of several strands the shorter ones start again until the longest ends.
    """
    if not min(map(len, strands)):
        return None
    if isinstance(strands[0], Stream):
        return _evaluation_streams(strands, batch_size)

    steps = -(-max(map(len, strands)) // batch_size)

    def fetch(rows):
        return _packed([c for s in strands for c in s.fetch(rows % len(s), None)])

    dataset = tf.data.Dataset.range(max(map(len, strands))).batch(batch_size)
    dataset = dataset.map(fetch, num_parallel_calls=WORKERS, deterministic=True)
    # A batch as the last step tells Keras the batch size, which it shares out between processes.
    return _finished(dataset.unbatch().batch(batch_size), steps)


def _training_streams(streams, batch_size, seed, steps_per_epoch, flip, jitter) -> tf.data.Dataset:
    """`training` for examples that can only be read one after another.

    They are shuffled through a buffer, by the seed and the number of the pass. The start of an
    epoch inside a pass is reached by reading the pass up to there.
    """
    pass_steps = _pass_steps(streams, batch_size)
    steps = steps_per_epoch or pass_steps
    epochs = _Epochs()

    def parts():
        rows = []
        for number, first, last in plan(epochs.current(), steps_per_epoch, pass_steps):
            seeds = np.random.default_rng((seed, number)).integers(2**31, size=2 * len(streams))
            rows.append((first, last, *seeds))
        return np.array(rows, np.int64)

    def part(row):
        # Shuffling mixes in the seed of the graph around it, by default the user's global one; set
        # here, in the graph of this function, it leaves the order to our seed alone.
        tf.random.set_seed(1)
        seeds = tf.reshape(row[2:], (len(streams), 2))
        sides = tuple(
            # The longest stream ends with the pass; shorter ones start again in another order.
            stream.examples.shuffle(STREAM_BUFFER, seed=seeds[number, 0])
            .repeat()
            .batch(batch_size, drop_remainder=True)
            for number, stream in enumerate(streams)
        )
        batches = tf.data.Dataset.zip(sides).enumerate().skip(row[0]).take(row[1] - row[0])
        return batches.map(lambda step, batch: (step, seeds[:, 1], batch))

    def decode(step, seeds, batch):
        columns = []
        for number, (stream, side) in enumerate(zip(streams, batch, strict=True)):
            flips = (
                tf.random.stateless_uniform((batch_size,), tf.stack([seeds[number], step])) < 0.5
            )
            corners = tf.random.stateless_uniform(
                (batch_size, 2), tf.stack([seeds[number], -1 - step]), 0, jitter + 1, tf.int64
            )
            columns += stream.columns(side, _view(flips, corners, flip, jitter))
        return _packed(columns)

    dataset = tf.data.Dataset.from_tensors(0).flat_map(
        lambda _: tf.data.Dataset.from_tensor_slices(
            tf.ensure_shape(tf.numpy_function(parts, [], tf.int64), (None, 2 + 2 * len(streams)))
        )
    )
    dataset = dataset.flat_map(part)
    dataset = dataset.map(decode, num_parallel_calls=WORKERS, deterministic=True)
    return _finished(dataset, steps)


def _evaluation_streams(streams, batch_size) -> tf.data.Dataset:
    size = max(map(len, streams))
    sides = tuple(stream.examples.repeat().take(size).batch(batch_size) for stream in streams)

    def decode(*batch):
        pairs = zip(streams, batch, strict=True)
        return _packed([c for stream, side in pairs for c in stream.columns(side, None)])

    dataset = tf.data.Dataset.zip(sides)
    dataset = dataset.map(decode, num_parallel_calls=WORKERS, deterministic=True)
    steps = -(-size // batch_size)
    return _finished(dataset, steps)


def plan(epoch: int, steps_per_epoch: int | None, pass_steps: int) -> list[tuple[int, int, int]]:
    """Which steps of which passes over the data an epoch consists of.

    Args:
        epoch: Number of the epoch, from 0.
        steps_per_epoch: Steps in an epoch, or `None` for one pass.
        pass_steps: Steps in a pass.

    Returns:
        A list of `(pass, first step, end of steps)`.

    Example:

        >>> plan(0, 3, pass_steps=5), plan(1, 3, pass_steps=5)
        ([(0, 0, 3)], [(0, 3, 5), (1, 0, 1)])
        >>> plan(2, None, pass_steps=5)
        [(2, 0, 5)]
    """
    if steps_per_epoch is None:
        return [(epoch, 0, pass_steps)]
    step, end = epoch * steps_per_epoch, (epoch + 1) * steps_per_epoch
    parts = []
    while step < end:
        number, first = divmod(step, pass_steps)
        last = min(pass_steps, first + end - step)
        parts.append((number, first, last))
        step += last - first
    return parts


class _Epochs:
    """The announced epoch, or the count of a pipeline's own iterations."""

    def __init__(self):
        self._count = itertools.count()

    def current(self) -> int:
        announced = clock.epoch()
        return next(self._count) if announced is None else announced


def _walk(key: tuple[int, int, int], size: int, length: int, jitter: int) -> np.ndarray:
    """`length` row numbers, permutation after permutation, over as many coin flips and corners."""
    generator = np.random.default_rng(key)
    rows = [generator.permutation(size) for _ in range(-(-length // size))]
    flips = generator.integers(2, size=length)
    corners = generator.integers(jitter + 1, size=(2, length))
    return np.stack([np.concatenate(rows)[:length], flips, *corners])


def _view(flips, corners, flip: bool, jitter: int) -> View | None:
    """The view of a batch, of what was drawn for it."""
    if not (flip or jitter):
        return None
    corners = tf.cast(corners, tf.int32) if jitter else None
    return View(flips if flip else None, corners, jitter)


def _pass_steps(strands: Sequence[Strand | Stream], batch_size: int) -> int:
    size = max(map(len, strands)) if min(map(len, strands)) else 0
    if size < batch_size:
        raise DataError(
            f"only {size} examples to train on, fewer than one batch of {batch_size}: "
            "choose a smaller batch_size or add some."
        )
    return size // batch_size


def _finished(dataset: tf.data.Dataset, steps: int) -> tf.data.Dataset:
    """The dataset with its cardinality known, its batches made ahead of their use."""
    options = tf.data.Options()
    # Several processes each draw the same order and take their share of every batch; sharing out
    # files instead would change what a batch holds.
    policy = tf.data.experimental.AutoShardPolicy.DATA
    options.experimental_distribute.auto_shard_policy = policy
    # The end of an iteration waits for the tuner's thread, which may sleep for half a second and
    # more: epochs of a second then take twice that, now and then.
    options.autotune.enabled = False
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(steps))
    return dataset.prefetch(AHEAD).with_options(options)


def _packed(columns):
    return columns[0] if len(columns) == 1 else tuple(columns)
