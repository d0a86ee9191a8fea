"""How fast a training goes, and whether it waits for its data."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import keras

if TYPE_CHECKING:
    import tensorflow as tf


class Throughput(keras.callbacks.Callback):
    """Logs `images_per_second` of each epoch, and `data_wait` of a data set that it watches.

    `images_per_second` counts real training images over the wall time of the epoch's training,
    without validation. The first epoch of a process holds the compilation as well.

    `data_wait` is the share of that time, 0 to 1, in which the training loop stood still until the
    next batch was ready: near 0 the machine computes all the time, near 1 it waits for files or
    preprocessing. Keras draws batches in different places (on TensorFlow inside the compiled step,
    where no callback can look), so the data set itself keeps the time: hand `fit` what `watch`
    returns. Where the backend computes ahead of the loop (JAX, GPUs), a loop that waits need not
    mean a device that waits, so the number is an upper bound there.

    Nothing is synchronised within an epoch; a watched batch costs two looks at the clock and one
    call of Python, some 0.1 ms.

    Give it before callbacks that take long at the end of an epoch, whose time would count.

    Raises:
        ValueError: At the end of an epoch, for a model whose metrics do not count images.

    Example:

        speed = Throughput()
        model.fit(speed.watch(data.train), epochs=20, callbacks=[speed, HistoryFile("run")])
    """

    def __init__(self):
        super().__init__()
        self._watching = False
        self._waited = 0.0
        self._start = None
        self._speed: dict[str, float] | None = None

    def watch(self, dataset: tf.data.Dataset) -> tf.data.Dataset:
        """The same data set, which reports how long its reader waits for each batch.

        Args:
            dataset: Of batches, read by one process for one device: a `tf.distribute` strategy of
                several replicas reads ahead and in parts.

        Raises:
            TypeError: If it is no `tf.data.Dataset`.
        """
        import tensorflow as tf

        if not isinstance(dataset, tf.data.Dataset):
            raise TypeError(f"Throughput watches a tf.data.Dataset, not {type(dataset).__name__}")
        self._watching = True
        # A zip asks its parts one after the other: the clock, the data, the clock.
        clock = tf.data.Dataset.range(tf.int64.max).map(lambda _: tf.timestamp())
        watched = tf.data.Dataset.zip((clock, dataset, clock))

        def report(asked, batch, given):
            with tf.control_dependencies([tf.numpy_function(self._note, [given - asked], [])]):
                return tf.nest.map_structure(tf.identity, batch)

        options = tf.data.Options()
        options.experimental_optimization.inject_prefetch = False  # its wait would be measured
        return watched.map(report).with_options(options)

    def on_epoch_begin(self, epoch, logs=None):
        """Starts the clock."""
        self._waited = 0.0
        self._speed = None
        self._start = time.perf_counter()

    def on_test_begin(self, logs=None):
        """Stops it where the validation of an epoch begins."""
        if self._start is not None and self._speed is None:
            self._stop()

    def on_epoch_end(self, epoch, logs=None):
        """Adds the speed to the logs."""
        if self._speed is None:
            self._stop()
        self._start = None
        if logs is not None:
            logs.update(self._speed)

    def _stop(self):
        # Reading the count waits for the epoch's last step, so the clock is read after it.
        images = self._images()
        seconds = time.perf_counter() - self._start
        self._speed = {"images_per_second": images / seconds}
        if self._watching:
            self._speed["data_wait"] = min(1.0, self._waited / seconds)

    def _images(self):
        """How many images the running mean of the first loss has seen since the epoch began."""
        for metric in self.model.metrics:
            if isinstance(metric, keras.metrics.Mean):
                return float(keras.ops.convert_to_numpy(metric.count))
        raise ValueError(
            f"Throughput cannot count the images of {type(self.model).__name__}: none of its "
            "metrics is a keras.metrics.Mean with the batch's size as weight"
        )

    def _note(self, seconds):
        self._waited += float(seconds)
