import keras
import numpy as np

from kgen.layers import ReflectionPadding2D


def test_mirrors_without_repeating_the_border():
    x = np.arange(9, dtype="float32").reshape(1, 3, 3, 1)
    padded = keras.ops.convert_to_numpy(ReflectionPadding2D(2)(x))[0, :, :, 0]
    np.testing.assert_array_equal(padded, np.pad(x[0, :, :, 0], 2, mode="reflect"))


def test_open_sizes_stay_open():
    layer = ReflectionPadding2D(3)
    assert layer.compute_output_shape((None, None, 8, 2)) == (None, None, 14, 2)
    assert ReflectionPadding2D.from_config(layer.get_config()).padding == 3
