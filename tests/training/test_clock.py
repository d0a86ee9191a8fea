"""What `fit` tells the data: which epoch of the model's life is about to begin."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from kgen.training import clock


class Listener(keras.callbacks.Callback):
    """Notes the announced epoch and the model's own at every call."""

    def __init__(self):
        super().__init__()
        self.heard = []

    def on_epoch_begin(self, epoch, logs=None):
        self.heard.append(("begin", clock.epoch(), self.model.epochs_trained))

    def on_train_batch_begin(self, batch, logs=None):
        self.heard.append(("batch", clock.epoch()))

    def on_epoch_end(self, epoch, logs=None):
        self.heard.append(("end", clock.epoch(), self.model.epochs_trained))


def test_fit_announces_the_models_own_epoch(duel, points):
    model = duel()
    assert clock.epoch() is None
    model.fit(points, batch_size=4, epochs=2, verbose=0)
    assert clock.epoch() is None
    listener = Listener()
    model.fit(points, batch_size=8, epochs=2, verbose=0, callbacks=[listener])
    assert listener.heard == [
        *[("begin", 2, 2), ("batch", 2), ("end", 2, 3)],
        *[("begin", 3, 3), ("batch", 3), ("end", 3, 4)],
    ]
    assert clock.epoch() is None
    assert model.epochs_trained == 4


@pytest.mark.parametrize("given", ["alone", "list", "CallbackList"])
def test_the_announcement_comes_before_every_callback(duel, points, given):
    model, listener = duel(), Listener()
    callbacks = {"alone": listener, "list": [listener]}.get(given)
    if given == "CallbackList":
        callbacks = keras.callbacks.CallbackList([listener], add_history=True, model=model)
    model.fit(points, batch_size=8, verbose=0, callbacks=callbacks)
    assert listener.heard == [("begin", 0, 0), ("batch", 0), ("end", 0, 1)]


def test_a_fit_that_raises_leaves_no_announcement(duel, points):
    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise RuntimeError("stop here")

    model = duel()
    with pytest.raises(RuntimeError, match="stop here"):
        model.fit(points, batch_size=4, verbose=0, callbacks=[Stop()])
    assert clock.epoch() is None


def test_an_epoch_broken_off_is_not_counted(duel, points):
    class Stop(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                raise KeyboardInterrupt

    model = duel()
    with pytest.raises(KeyboardInterrupt):
        model.fit(points, batch_size=4, epochs=3, verbose=0, callbacks=[Stop()])
    assert model.epochs_trained == 1


def shuffled(points):
    """Batches whose order is a pure function of the announced epoch, as in `kgen.datasets`."""

    def order():
        # No epoch is announced when `fit` looks at the first batch before it starts.
        return np.random.default_rng(clock.epoch() or 0).permutation(len(points))

    rows = tf.data.Dataset.range(1).flat_map(
        lambda _: tf.data.Dataset.from_tensor_slices(tf.numpy_function(order, [], tf.int64))
    )
    data = tf.constant(points)
    batches = rows.map(lambda row: tf.ensure_shape(tf.gather(data, row), (2,))).batch(4)
    return batches.apply(tf.data.experimental.assert_cardinality(2))


def test_fit_in_two_calls_is_fit_in_one(duel, points):
    once, twice, unlike = duel(), duel(), duel()
    history = once.fit(shuffled(points), epochs=4, verbose=0).history
    first = twice.fit(shuffled(points), epochs=2, verbose=0).history
    second = twice.fit(shuffled(points), epochs=2, verbose=0).history
    for loss, values in history.items():
        assert values == [*first[loss], *second[loss]]
    assert once.epochs_trained == twice.epochs_trained == 4
    for a, b in zip(once.variables, twice.variables, strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(a), ops.convert_to_numpy(b), a.path)
    # The law is about the order: starting again at epoch 0 gives other losses.
    unlike.fit(shuffled(points), epochs=2, verbose=0)
    unlike.epoch.assign(0)
    again = unlike.fit(shuffled(points), epochs=2, verbose=0).history
    assert again["critic_loss"] != second["critic_loss"]


def test_a_data_set_needs_no_word_about_shuffling(duel, points):
    """Warnings are errors here, and Keras warns when it is asked to shuffle a data set."""
    duel().fit(tf.data.Dataset.from_tensor_slices(points).batch(8), verbose=0)
