import time

import keras
import numpy as np
import pytest
import tensorflow as tf

from kgen.callbacks import Throughput


def slow_source(images, seconds):
    """Batches of eight, each of which takes so long to make."""

    def wait(batch):
        time.sleep(seconds)
        return batch

    def made(batch):
        slow = tf.numpy_function(wait, [batch], tf.float32)
        return tf.ensure_shape(slow, batch.shape)

    return tf.data.Dataset.from_tensor_slices(images).batch(8, drop_remainder=True).map(made)


class Sleep(keras.callbacks.Callback):
    """Makes each training batch, and each validation batch, take longer."""

    def __init__(self, training=0.0, validation=0.0):
        super().__init__()
        self.training, self.validation = training, validation

    def on_train_batch_end(self, batch, logs=None):
        time.sleep(self.training)

    def on_test_batch_end(self, batch, logs=None):
        time.sleep(self.validation)


def measured(model, data, *callbacks, **kwargs):
    """Seconds of the second epoch as the callback counts them, and those it waited."""
    speed = Throughput()
    watched = speed.watch(data)
    history = model.fit(
        watched, epochs=2, verbose=0, callbacks=[*callbacks, speed], **kwargs
    ).history
    seconds = 24 / history["images_per_second"][1]
    return seconds, seconds * history["data_wait"][1]


# Three batches an epoch, so 0.3 s of sleep wherever it is; there is room for a busy machine.
@pytest.mark.core
def test_the_time_of_a_slow_source_is_waiting(make_fading, images):
    seconds, waited = measured(make_fading(), slow_source(images, 0.1))
    assert 0.3 <= waited < 0.45
    assert waited <= seconds


@pytest.mark.core
def test_the_time_of_a_slow_step_is_not(make_fading, images):
    seconds, waited = measured(make_fading(), slow_source(images, 0.0), Sleep(training=0.1))
    assert seconds >= 0.3 and 0 <= waited < 0.1


def test_what_is_made_ahead_is_not_waited_for(make_fading, images):
    data = slow_source(images, 0.05).prefetch(3)
    _, waited = measured(make_fading(), data, Sleep(training=0.15))
    assert waited < 0.12  # the first batch's 0.05 s, and none of the others'


def test_validation_does_not_count(make_fading, images):
    seconds, _ = measured(
        make_fading(), slow_source(images, 0.0), Sleep(validation=0.4), validation_data=images[:16]
    )
    assert 0 < seconds < 0.8  # two batches of sleep; three steps take less


def test_the_real_images_are_counted_and_the_last_batch_as_it_is(make_fading, images):
    speed = Throughput()
    model = make_fading()
    start = time.perf_counter()
    history = model.fit(images[:20], batch_size=8, verbose=0, callbacks=[speed]).history
    passed = time.perf_counter() - start
    assert history.keys() == {"loss", "images_per_second"}  # an array is not watched
    assert history["images_per_second"][0] > 20 / passed
    assert model.trackers["loss"].count == 20


def test_watching_changes_neither_data_nor_training(make_fading, fit_on, splits):
    data = tf.data.Dataset.zip((splits.train, tf.data.Dataset.range(100)))
    watched = Throughput().watch(data)
    assert watched.element_spec == data.element_spec
    assert watched.cardinality() == data.cardinality()
    plain, seen = make_fading(), make_fading()
    fit_on(plain, 2, [])
    speed = Throughput()
    seen.fit(speed.watch(splits.train), epochs=2, verbose=0, callbacks=[speed])
    for a, b in zip(plain.variables, seen.variables, strict=True):
        np.testing.assert_array_equal(a, b)


def test_other_data_and_models_are_refused(images):
    with pytest.raises(TypeError, match=r"watches a tf\.data\.Dataset, not ndarray"):
        Throughput().watch(images)

    class Uncounted:
        metrics = ()

    speed = Throughput()
    speed.set_model(Uncounted())
    speed.on_epoch_begin(0)
    with pytest.raises(ValueError, match="cannot count the images of Uncounted"):
        speed.on_epoch_end(0, {})
