import keras
import numpy as np
import pytest
from keras import layers, ops

from kgen.layers import GaussianNoise, WeightNormalization, initialize_from_data
from kgen.training import averages


def numbers(x):
    return ops.convert_to_numpy(x)


def network(*stack, inputs=(6,)):
    return keras.Sequential([keras.Input(inputs), *stack])


@pytest.mark.parametrize(
    ("layer", "shape", "axes"),
    [
        (layers.Dense(5), (6,), (0,)),
        (layers.Conv2D(5, 3), (8, 8, 2), (0, 1, 2)),
        (layers.Conv2DTranspose(5, 3), (8, 8, 2), (0, 1, 3)),
    ],
    ids=["dense", "convolution", "transposed"],
)
def test_a_channels_kernel_has_the_length_of_its_scale(layer, shape, axes):
    normalized = WeightNormalization(layer)
    net = network(normalized, inputs=shape)
    scale = np.arange(1, 6, dtype="float32")
    normalized.scale.assign(scale)
    kernel = numbers(normalized.kernel())
    np.testing.assert_allclose(np.sqrt((kernel**2).sum(axis=axes)), scale, rtol=1e-5)
    # And that kernel is the one that runs: the layer by itself, given it, does the same.
    x = np.random.default_rng(0).normal(size=(2, *shape)).astype("float32")
    outputs = numbers(net(x))
    layer.set_weights([kernel, *layer.get_weights()[1:]])
    np.testing.assert_allclose(outputs, numbers(layer(x)), rtol=1e-4, atol=1e-5)


def test_gradients_of_direction_and_scale(gradients):
    """Salimans & Kingma 2016, eq. 3: along v for the scale, across v for the direction."""
    normalized = WeightNormalization(layers.Dense(1, use_bias=False))
    net = network(normalized, inputs=(2,))
    normalized.layer.kernel.assign([[3.0], [4.0]])
    normalized.scale.assign([2.0])
    x = np.array([[5.0, -1.0]], "float32")
    found = gradients(net, lambda: net(ops.array(x))[0, 0])
    by_shape = {g.shape: g for g in found}
    unit, kernel_gradient = np.array([0.6, 0.8]), x[0]
    np.testing.assert_allclose(by_shape[(1,)], [unit @ kernel_gradient], rtol=1e-5)
    across = kernel_gradient - (kernel_gradient @ unit) * unit
    np.testing.assert_allclose(by_shape[(2, 1)][:, 0], 2.0 / 5.0 * across, rtol=1e-5)


def test_initialisation_from_data_gives_every_layer_mean_0_and_deviation_1():
    first, second = (WeightNormalization(layers.Dense(n, "relu")) for n in (7, 3))
    last = WeightNormalization(layers.Dense(4), initial_deviation=0.1)
    net = network(first, GaussianNoise(0.0), second, last)
    x = np.random.default_rng(0).normal(2.0, 3.0, size=(200, 6)).astype("float32")
    assert initialize_from_data(net, x) == 3
    outputs = numbers(net(x))
    np.testing.assert_allclose(outputs.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(outputs.std(axis=0), 0.1, rtol=1e-3)
    # Before the activation: after it the mean of a ReLU of N(0, 1) would not be zero.
    kernel, bias = numbers(first.kernel()), numbers(first.layer.bias)
    raw = x @ kernel + bias
    np.testing.assert_allclose(raw.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(raw.std(axis=0), 1, rtol=1e-3)
    assert first.layer.activation is keras.activations.relu


def test_initialisation_leaves_out_who_does_not_want_it():
    kept = WeightNormalization(layers.Dense(3), initial_deviation=None)
    net = network(kept)
    initialize_from_data(net, np.random.default_rng(0).normal(size=(9, 6)).astype("float32"))
    np.testing.assert_array_equal(numbers(kept.scale), 1)


def test_a_fixed_scale_is_not_trained():
    net = network(WeightNormalization(layers.Dense(3), train_scale=False))
    assert len(net.trainable_variables) == 2 and len(net.non_trainable_variables) == 1


def test_a_frozen_copy_computes_the_same():
    net = network(
        WeightNormalization(layers.Dense(3, "relu")), WeightNormalization(layers.Dense(2))
    )
    x = np.random.default_rng(0).normal(size=(9, 6)).astype("float32")
    initialize_from_data(net, x)
    copy = averages.frozen_copy(net)
    assert not copy.trainable_variables
    np.testing.assert_allclose(numbers(copy(x)), numbers(net(x)), rtol=1e-6)


def test_through_a_file(through_a_file):
    normalized = WeightNormalization(
        layers.Dense(3, "relu"), train_scale=False, initial_deviation=2.0
    )
    net = network(normalized)
    x = np.random.default_rng(0).normal(size=(9, 6)).astype("float32")
    initialize_from_data(net, x)
    loaded = through_a_file(net)
    np.testing.assert_array_equal(numbers(loaded(x)), numbers(net(x)))
    assert loaded.layers[0].get_config()["initial_deviation"] == 2.0


def test_a_layer_without_a_kernel_is_refused():
    with pytest.raises(ValueError, match="ReLU has no kernel"):
        network(WeightNormalization(layers.ReLU()))
