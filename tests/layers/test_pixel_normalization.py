import numpy as np
from keras import ops

from kgen.layers import PixelNormalization


def test_every_place_has_root_mean_square_1_and_its_direction():
    x = np.random.default_rng(0).normal(size=(2, 3, 3, 7)).astype("float32") * 50
    y = np.asarray(ops.convert_to_numpy(PixelNormalization()(x)))
    np.testing.assert_allclose(np.sqrt((y**2).mean(axis=-1)), 1.0, rtol=1e-5)
    lengths = np.sqrt((x**2).mean(axis=-1, keepdims=True))
    np.testing.assert_allclose(y, x / lengths, rtol=1e-4)


def test_nothing_stays_nothing():
    y = ops.convert_to_numpy(PixelNormalization()(np.zeros((2, 5), "float32")))
    np.testing.assert_array_equal(y, np.zeros((2, 5)))
    assert PixelNormalization(1e-4).get_config()["epsilon"] == 1e-4
