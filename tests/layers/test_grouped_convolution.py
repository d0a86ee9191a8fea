import keras
import numpy as np
import pytest
from keras import ops

from kgen.layers import GroupedConv2D


def test_each_group_is_a_convolution_of_its_own():
    """Two groups of 2 -> 3 channels: two convolutions side by side."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 5, 4, 4)).astype("float32")
    kernel = rng.normal(size=(3, 3, 2, 6)).astype("float32")
    bias = rng.normal(size=6).astype("float32")
    layer = GroupedConv2D(6, 2)
    layer.build(x.shape)
    layer.set_weights([kernel, bias])
    halves = [
        ops.conv(x[..., :2], kernel[..., :3], padding="same"),
        ops.conv(x[..., 2:], kernel[..., 3:], padding="same"),
    ]
    expected = ops.convert_to_numpy(ops.concatenate(halves, axis=-1)) + bias
    np.testing.assert_allclose(ops.convert_to_numpy(layer(x)), expected, rtol=1e-4, atol=1e-5)


def test_a_copy_from_its_config_is_equal():
    layer = GroupedConv2D(4, 2, use_bias=False)
    x = np.random.default_rng(0).normal(size=(2, 3, 3, 4)).astype("float32")
    y = ops.convert_to_numpy(layer(x))
    config = keras.saving.serialize_keras_object(layer)
    # Files of before it had a module of its own are found by the registered name.
    copy = keras.saving.deserialize_keras_object({**config, "module": "kgen.networks.r3gan"})
    copy.set_weights(layer.get_weights())
    np.testing.assert_array_equal(ops.convert_to_numpy(copy(x)), y)
    assert tuple(y.shape) == tuple(layer.compute_output_shape(x.shape)) == (2, 3, 3, 4)


def test_groups_that_do_not_divide_the_filters_are_refused():
    with pytest.raises(ValueError, match="filters"):
        GroupedConv2D(5, 2)
