"""Averaged networks that normalise batches: by statistics of their own."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from kgen.models import ACGAN, DCGAN, InfoGAN
from kgen.training import averages


def numbers(variables):
    return [ops.convert_to_numpy(variable) for variable in variables]


@pytest.fixture
def network():
    """Two numbers to two, normalised, then scaled and normalised within an inner network."""
    inner = keras.Sequential([keras.Input((2,)), layers.Dense(2), layers.BatchNormalization()])
    return keras.Sequential([keras.Input((2,)), layers.BatchNormalization(momentum=0.7), inner])


def test_statistics_are_the_means_of_the_batches_moments(network):
    network.layers[0].gamma.assign([2.0, 0.5])
    average = averages.frozen_copy(network)
    before = numbers(average.weights)
    batches = [
        np.random.default_rng(i).normal(i, 1 + i, (5, 2)).astype("float32") for i in range(3)
    ]
    averages.settle_statistics(average, batches)

    outer, inner = averages.normalizations(average)
    assert (outer.momentum, inner.momentum, outer.trainable, inner.trainable) == (
        0.7,
        0.99,
        False,
        False,
    )
    np.testing.assert_allclose(
        ops.convert_to_numpy(outer.moving_mean.value), np.mean(batches, axis=(0, 1)), rtol=1e-5
    )
    kernel, bias = numbers(average.layers[1].layers[0].weights)
    seen = []
    for batch in batches:
        normal = (batch - batch.mean(axis=0)) / np.sqrt(batch.var(axis=0) + outer.epsilon)
        seen.append((normal * [2.0, 0.5]) @ kernel + bias)
    np.testing.assert_allclose(
        ops.convert_to_numpy(inner.moving_variance.value),
        np.mean([each.var(axis=0) for each in seen], axis=0),
        rtol=1e-4,
    )
    kept = {id(v) for layer in (outer, inner) for v in layer.non_trainable_variables}
    for variable, value in zip(average.weights, before, strict=True):
        if id(variable) not in kept or variable.name in ("gamma", "beta"):
            np.testing.assert_array_equal(ops.convert_to_numpy(variable.value), value)
    assert not average.trainable_variables


def test_a_failure_leaves_the_copy_frozen(network):
    average = averages.frozen_copy(network)
    with pytest.raises(ValueError, match="shape"):
        averages.settle_statistics(average, [np.zeros((4, 3), "float32")])
    assert [layer.momentum for layer in averages.normalizations(average)] == [0.7, 0.99]
    assert not average.trainable_variables


MODELS = {
    "dcgan": lambda: DCGAN.build_default((8, 8, 1), latent_dim=4, width=4, ema_momentum=0.9),
    "acgan": lambda: ACGAN.build_default((8, 8, 1), 3, 4, 12, ema_momentum=0.9),
    "infogan": lambda: InfoGAN.build_default((8, 8, 1), 4, 8, (3,), 1, ema_momentum=0.9),
}


class Look(keras.callbacks.Callback):
    """Keeps what the model draws when a validation begins, and when an epoch ends."""

    def __init__(self):
        super().__init__()
        self.drawn = {"test": [], "epoch": []}

    def on_test_begin(self, logs=None):
        self.drawn["test"].append(self.model.sample(4, seed=0))

    def on_epoch_end(self, epoch, logs=None):
        self.drawn["epoch"].append(self.model.sample(4, seed=0))


@pytest.mark.parametrize("kind", MODELS if keras.backend.backend() == "tensorflow" else ["dcgan"])
def test_whoever_looks_after_an_epoch_sees_settled_averages(kind):
    rng = np.random.default_rng(0)
    images = rng.uniform(-1, 1, (24, 8, 8, 1)).astype("float32")
    labels = rng.integers(0, 3, 24).astype("int32")
    data = (images, labels) if kind == "acgan" else (images,)
    model, look = MODELS[kind](), Look()
    model.compile(run_eagerly=True)
    model.fit(*data, batch_size=8, validation_data=data, callbacks=[look], verbose=0)

    generator, average = model.generator, model.ema_generator
    (copied, *_), (own, *_) = map(averages.normalizations, (generator, average))
    own_mean = ops.convert_to_numpy(own.moving_mean.value)
    assert not np.allclose(ops.convert_to_numpy(copied.moving_mean.value), own_mean)
    model.settle_averages()  # draws the same again
    np.testing.assert_array_equal(ops.convert_to_numpy(own.moving_mean.value), own_mean)
    for drawn in (*look.drawn["test"], *look.drawn["epoch"]):
        np.testing.assert_array_equal(drawn, model.sample(4, seed=0))

    model.finish_step()  # training goes on: they are copied
    np.testing.assert_array_equal(
        ops.convert_to_numpy(own.moving_mean.value), ops.convert_to_numpy(copied.moving_mean.value)
    )
    model.fit(*data, batch_size=8, callbacks=[look], verbose=0)  # without validation
    assert len(look.drawn["test"]) == 1 and len(look.drawn["epoch"]) == 2
    np.testing.assert_array_equal(look.drawn["epoch"][1], model.sample(4, seed=0))
