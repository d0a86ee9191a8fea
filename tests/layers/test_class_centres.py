import keras
import numpy as np
import pytest
from keras import ops

from kgen.layers import ClassCentres


def numbers(x):
    return np.array(ops.convert_to_numpy(x))


def test_moving_averages_by_hand():
    """Momentum 3/4; class 1 occurs in the first batch only, class 2 never."""
    layer = ClassCentres(3, momentum=0.75)
    first = np.array([[1.0, 0.0], [3.0, 2.0], [5.0, 5.0]], "float32")
    centres, known = layer(first, np.array([0, 0, 1]), training=True)
    np.testing.assert_allclose(numbers(centres), [[2, 1], [5, 5], [0, 0]], rtol=1e-6)
    np.testing.assert_array_equal(numbers(known), [True, True, False])
    second = np.array([[9.0, 8.0]], "float32")
    centres, known = layer(second, np.array([0]), training=True)
    # (3/4 * 1/4 * old + 1/4 * new) / (3/4 * 1/4 + 1/4), that is 3/7 of the old and 4/7 of the new
    expected = 3 / 7 * np.array([2, 1]) + 4 / 7 * np.array([9, 8])
    np.testing.assert_allclose(numbers(centres)[0], expected, rtol=1e-5)
    np.testing.assert_allclose(numbers(centres)[1], [5, 5], rtol=1e-5)


def test_looking_does_not_remember():
    layer = ClassCentres(2, momentum=0.5)
    x, labels = np.ones((2, 3), "float32"), np.array([0, 1])
    layer(x, labels, training=True)
    before = [numbers(v) for v in layer.weights]
    for _ in range(2):
        centres, _ = layer(3 * x, labels)
        np.testing.assert_allclose(numbers(centres), 7 / 3 * np.ones((2, 3)), rtol=1e-5)
    for variable, value in zip(layer.weights, before, strict=True):
        np.testing.assert_array_equal(numbers(variable), value)


def test_the_gradient_is_that_of_the_batchs_means(gradients):
    """Of d/dw sum of centres, with features w x: the mean of x in each class that occurs."""
    dense = keras.layers.Dense(1, use_bias=False)
    net = keras.Sequential([keras.Input((2,)), dense])
    layer = ClassCentres(3, momentum=0.9)
    layer.build((None, 1))
    layer(np.full((3, 1), 50.0, "float32"), np.array([0, 1, 2]), training=True)
    x = np.array([[1.0, 2.0], [3.0, 4.0], [10.0, 20.0]], "float32")
    (found,) = gradients(net, lambda: ops.sum(layer(net(x), np.array([0, 0, 2]))[0]))
    np.testing.assert_allclose(found[:, 0], [2 + 10, 3 + 20], rtol=1e-4)


def test_a_momentum_of_1_is_refused():
    with pytest.raises(ValueError, match=r"momentum must lie in \[0, 1\), got 1"):
        ClassCentres(2, momentum=1)
    assert ClassCentres(4, 0.3).get_config()["classes"] == 4
