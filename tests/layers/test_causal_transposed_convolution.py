import keras
import numpy as np
import pytest
from keras import ops

from kgen.layers import CausalConv2DTranspose


@pytest.mark.parametrize(
    ("columns", "spread"), [("centred", {2: (3, 4, 5)}), ("left", {2: (4, 5)})]
)
def test_a_pixel_spreads_over_two_rows_and_its_columns(columns, spread):
    """Pixel (1, 2) of a map becomes the rows 2 and 3, and column 2C - 1 only if centred."""
    layer = CausalConv2DTranspose(1, columns, kernel_initializer="ones")
    x = np.zeros((1, 3, 4, 1), "float32")
    x[0, 1, 2] = 1
    y = ops.convert_to_numpy(layer(x))[0, :, :, 0]
    assert y.shape == (6, 8)
    expected = np.zeros((6, 8))
    expected[2:4, list(spread[2])] = 1
    np.testing.assert_array_equal(y, expected)


def test_each_tap_has_its_place():
    """Column 2C takes the middle tap; column 2C + 1 the last of C and the first of C + 1."""
    layer = CausalConv2DTranspose(1, use_bias=False)
    layer.build((None, 1, 2, 1))
    layer.kernel.assign(np.arange(1.0, 7.0).reshape(2, 3, 1, 1))
    y = ops.convert_to_numpy(layer(np.array([10.0, 1.0], "float32").reshape(1, 1, 2, 1)))
    assert y[0, :, :, 0].tolist() == [
        [20.0, 31.0, 2.0, 3.0],
        [50.0, 64.0, 5.0, 6.0],
    ]


def test_a_copy_from_its_config_is_equal():
    layer = CausalConv2DTranspose(3, "left", activation="relu")
    x = np.random.default_rng(0).normal(size=(2, 2, 3, 2)).astype("float32")
    y = ops.convert_to_numpy(layer(x))
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    copy.set_weights(layer.get_weights())
    np.testing.assert_array_equal(ops.convert_to_numpy(copy(x)), y)
    assert tuple(y.shape) == tuple(layer.compute_output_shape(x.shape)) == (2, 4, 6, 3)


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="columns must be 'centred' or 'left'"):
        CausalConv2DTranspose(1, "right")
