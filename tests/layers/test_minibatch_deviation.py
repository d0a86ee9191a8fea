import keras
import numpy as np
import pytest
from keras import ops

from kgen.layers import MinibatchStandardDeviation


def numbers(x):
    return np.array(ops.convert_to_numpy(x))


def images(n, seed=0):
    return np.random.default_rng(seed).normal(size=(n, 3, 3, 2)).astype("float32")


@pytest.mark.parametrize("group", [2, 3, None])
def test_mean_deviation_of_each_group(group):
    x = images(6)
    outputs = numbers(MinibatchStandardDeviation(group)(x, training=True))
    size = group or 6
    for i in range(6):
        together = x[i % (6 // size) :: 6 // size]
        assert len(together) == size
        np.testing.assert_allclose(outputs[i, :, :, 2], together.std(axis=0).mean(), rtol=1e-5)
    np.testing.assert_array_equal(outputs[..., :2], x)


def test_identical_images_give_0_and_no_infinite_gradient(gradients):
    layer = keras.layers.Conv2D(1, 1)
    net = keras.Sequential([keras.Input((3, 3, 2)), layer, MinibatchStandardDeviation(4)])
    x = ops.array(np.repeat(images(1), 4, axis=0))
    assert np.abs(numbers(net(x, training=True))[..., 1]).max() == 0
    found = gradients(net, lambda: ops.sum(net(x, training=True)[..., 1]))
    assert all(np.isfinite(g).all() for g in found)


def test_inference_shows_the_moving_average_and_no_neighbour():
    layer = MinibatchStandardDeviation(4, momentum=0.5)
    seen = numbers(layer(images(4), training=True))[0, 0, 0, 2]
    x = images(3, seed=1)
    together = numbers(layer(x, training=False))
    np.testing.assert_allclose(together[..., 2], 0.5 * seen, rtol=1e-5)
    np.testing.assert_array_equal(numbers(layer(x[:1], training=False)), together[:1])


def test_through_a_file(through_a_file):
    net = keras.Sequential([keras.Input((3, 3, 2)), MinibatchStandardDeviation(2)])
    net(images(4), training=True)
    loaded = through_a_file(net)
    np.testing.assert_array_equal(numbers(loaded(images(3))), numbers(net(images(3))))
    assert loaded.layers[0].group_size == 2


def test_wrong_groups_are_refused():
    with pytest.raises(ValueError, match="at least 2"):
        MinibatchStandardDeviation(1)
    with pytest.raises(ValueError, match="batch of 6 cannot be parted into groups of 4"):
        MinibatchStandardDeviation(4)(images(6), training=True)
