import keras
import numpy as np
import pytest

from kgen.layers import LabelPlanes


@pytest.mark.usefixtures("mixed_bfloat16")
def test_planes_are_of_the_images_type():
    images = np.zeros((2, 4, 6, 3), "float32")
    layer = LabelPlanes()
    joined = layer([images, np.eye(2, dtype="float32")])
    assert keras.backend.standardize_dtype(joined.dtype) == "bfloat16"
    assert joined.shape == (2, 4, 6, 5)
    assert layer.compute_output_shape([(None, None, 6, 3), (None, 2)]) == (None, None, 6, 5)


def test_each_image_has_the_planes_of_its_own_vector():
    images = np.random.default_rng(0).normal(size=(2, 3, 3, 1)).astype("float32")
    vectors = np.array([[0.25, 0.5], [0.75, 1.0]], "float32")
    joined = np.asarray(LabelPlanes()([images, vectors]))
    np.testing.assert_array_equal(joined[..., :1], images)
    for row, column in np.ndindex(2, 2):
        assert (joined[row, :, :, 1 + column] == vectors[row, column]).all()
