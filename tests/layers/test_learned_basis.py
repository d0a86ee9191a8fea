import keras
import numpy as np
import pytest
from keras import ops

from kgen.layers import LearnedBasis


def test_each_channel_scales_its_own_map():
    layer = LearnedBasis(3)
    scales = np.array([[1.0, -2.0], [0.0, 0.5]], "float32")
    y = ops.convert_to_numpy(layer(scales))
    basis = ops.convert_to_numpy(layer.basis)
    assert basis.shape == (3, 3, 2)
    np.testing.assert_allclose(y[0, :, :, 1], -2 * basis[..., 1], rtol=1e-6)
    np.testing.assert_allclose(y[1], basis * [0.0, 0.5], rtol=1e-6)
    assert not np.allclose(basis[..., 0], basis[..., 1])


def test_a_copy_from_its_config_is_equal():
    layer = LearnedBasis(2)
    scales = np.ones((2, 3), "float32")
    y = ops.convert_to_numpy(layer(scales))
    config = keras.saving.serialize_keras_object(layer)
    # Files of before it had a module of its own are found by the registered name.
    copy = keras.saving.deserialize_keras_object({**config, "module": "kgen.networks.r3gan"})
    copy.set_weights(layer.get_weights())
    np.testing.assert_array_equal(ops.convert_to_numpy(copy(scales)), y)
    assert tuple(y.shape) == tuple(layer.compute_output_shape(scales.shape)) == (2, 2, 2, 3)


def test_a_map_of_no_place_is_refused():
    with pytest.raises(ValueError, match="side must be at least 1, got 0"):
        LearnedBasis(0)
