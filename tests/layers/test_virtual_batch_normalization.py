"""Virtual and reference batch normalisation, and the batch they refer to."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from kgen.layers import (
    DropReference,
    ReferenceBatch,
    ReferenceBatchNormalization,
    VirtualBatchNormalization,
)

SIZE = 4
BOTH = pytest.mark.parametrize(
    "normalization",
    [VirtualBatchNormalization, ReferenceBatchNormalization],
    ids=["virtual", "reference"],
)


def numbers(x):
    return np.array(ops.convert_to_numpy(x))


def draw(*shape, seed=0):
    return np.random.default_rng(seed).normal(1.0, 2.0, size=shape).astype("float32")


def generator(normalization):
    """Latents to 4 x 4 images, normalised twice, once over maps."""
    latents = keras.Input((3,))
    x = ReferenceBatch(SIZE)(latents)
    x = layers.ReLU()(normalization(SIZE)(layers.Dense(12)(x)))
    x = layers.Reshape((2, 2, 3))(x)
    x = normalization(SIZE)(layers.Conv2DTranspose(2, 3, 2, "same")(x))
    return keras.Model(latents, DropReference(SIZE)(x))


def dependence(network, training):
    """How far the first output moves when the other examples of its batch change."""
    x, y = draw(5, 3), draw(5, 3, seed=1)
    y[0] = x[0]
    first, second = (numbers(network(ops.array(b), training=training))[0] for b in (x, y))
    return np.abs(first - second).max()


@BOTH
@pytest.mark.parametrize("training", [True, False])
def test_an_output_does_not_depend_on_its_batch(normalization, training):
    network = generator(normalization)
    assert network.output_shape == (None, 4, 4, 2)
    assert dependence(network, training) < 1e-6


def test_which_batch_normalisation_fails():
    x = latents = keras.Input((3,))
    x = layers.BatchNormalization()(layers.Dense(12)(x))
    assert dependence(keras.Model(latents, x), training=True) > 0.05


def test_an_example_weighs_one_in_n_plus_one():
    x = draw(SIZE + 2, 3)
    outputs = numbers(VirtualBatchNormalization(SIZE, epsilon=0.0)(x))
    reference = x[:SIZE]
    expected = (reference - reference.mean(axis=0)) / reference.std(axis=0)
    np.testing.assert_allclose(outputs[:SIZE], expected, rtol=1e-4, atol=1e-5)
    for i in (SIZE, SIZE + 1):
        group = np.concatenate([reference, x[i : i + 1]])  # n + 1 rows of equal weight
        expected = (x[i] - group.mean(axis=0)) / group.std(axis=0)
        np.testing.assert_allclose(outputs[i], expected, rtol=1e-4, atol=1e-5)


def test_over_maps_all_places_of_an_example_count():
    x = draw(SIZE + 1, 3, 3, 2)
    outputs = numbers(VirtualBatchNormalization(SIZE, epsilon=0.0)(x))
    expected = (x[SIZE] - x.mean(axis=(0, 1, 2))) / x.std(axis=(0, 1, 2))
    np.testing.assert_allclose(outputs[SIZE], expected, rtol=1e-4, atol=1e-5)


def test_reference_normalisation_knows_the_reference_alone():
    x = draw(SIZE + 2, 3)
    outputs = numbers(ReferenceBatchNormalization(SIZE, epsilon=0.0)(x))
    expected = (x - x[:SIZE].mean(axis=0)) / x[:SIZE].std(axis=0)
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-5)


def test_gain_and_offset():
    layer = VirtualBatchNormalization(SIZE)
    x = draw(SIZE + 1, 2)
    plain = numbers(layer(x))
    layer.gamma.assign([2.0, 3.0])
    layer.beta.assign([1.0, -1.0])
    np.testing.assert_allclose(numbers(layer(x)), plain * [2, 3] + [1, -1], rtol=1e-5, atol=1e-5)
    assert not VirtualBatchNormalization(SIZE, scale=False, center=False).weights


@BOTH
def test_gradients_flow_through_the_reference(normalization, gradients):
    network = generator(normalization)
    x = ops.array(draw(2, 3))
    found = gradients(network, lambda: ops.mean(network(x, training=True) ** 3))
    assert len(found) == len(network.trainable_variables) == 8
    shifts = {v.path for v in network.trainable_variables if v.path.endswith("bias")}
    for variable, gradient in zip(network.trainable_variables, found, strict=True):
        if variable.path not in shifts:  # which the normalisation takes away again
            assert np.abs(gradient).max() > 1e-5, variable.path


def test_the_reference_is_a_weight_of_its_own(through_a_file):
    network = generator(VirtualBatchNormalization)
    (batch,) = (layer for layer in network.layers if isinstance(layer, ReferenceBatch))
    assert batch.reference.shape == (SIZE, 3)
    assert not any(v is batch.reference for v in network.trainable_variables)
    x = draw(2, 3)
    before = numbers(network(x))
    loaded = through_a_file(network)
    np.testing.assert_array_equal(numbers(loaded(x)), before)
    batch.reference.assign(draw(SIZE, 3, seed=9))
    assert np.abs(numbers(network(x)) - before).max() > 1e-3


@pytest.mark.parametrize("layer", [ReferenceBatch, DropReference, VirtualBatchNormalization])
def test_an_empty_reference_is_refused(layer):
    with pytest.raises(ValueError, match="at least 1"):
        layer(0)
