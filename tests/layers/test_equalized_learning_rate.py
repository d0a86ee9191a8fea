import keras
import numpy as np
import pytest
from keras import ops

from kgen.layers import EqualizedLearningRate


def numbers(x):
    return np.array(ops.convert_to_numpy(x))


@pytest.mark.parametrize("gain", [1.0, np.sqrt(2)])
def test_unit_inputs_give_variance_gain_squared(gain):
    """Whatever the fan-in: that of a dense layer and of the inside of a convolution."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    dense = EqualizedLearningRate(keras.layers.Dense(400), gain)
    y = numbers(dense(rng.normal(size=(100, 300)).astype("float32")))
    assert np.var(y) == pytest.approx(gain**2, rel=0.05)
    conv = EqualizedLearningRate(keras.layers.Conv2D(64, 3), gain)
    y = numbers(conv(rng.normal(size=(20, 12, 12, 32)).astype("float32")))
    assert np.var(y) == pytest.approx(gain**2, rel=0.1)
    for layer in (dense, conv):
        assert np.std(numbers(layer.layer.kernel)) == pytest.approx(1.0, rel=0.02)
    up = EqualizedLearningRate(keras.layers.Conv2DTranspose(5, 3), gain)
    up.build((None, 4, 4, 7))
    assert up.scale == pytest.approx(gain / np.sqrt(9 * 7))


def test_output_and_gradient_have_the_same_constant(gradients):
    """y = c x W + b: the derivative with respect to W is c x, that of b stays 1."""
    layer = EqualizedLearningRate(keras.layers.Dense(1), 3.0)
    net = keras.Sequential([keras.Input((9,)), layer])
    x = np.arange(9, dtype="float32")[None]
    constant = 3.0 / np.sqrt(9)
    expected = constant * x @ numbers(layer.layer.kernel)
    np.testing.assert_allclose(numbers(net(x)), expected, rtol=1e-5)
    kernel, bias = gradients(net, lambda: ops.sum(net(x)))
    np.testing.assert_allclose(kernel[:, 0], constant * x[0], rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(bias, [1.0], rtol=1e-5)


def test_through_a_file(through_a_file):
    net = keras.Sequential(
        [keras.Input((5, 5, 2)), EqualizedLearningRate(keras.layers.Conv2D(3, 3), 0.5)]
    )
    x = np.random.default_rng(0).normal(size=(2, 5, 5, 2)).astype("float32")
    loaded = through_a_file(net)
    np.testing.assert_array_equal(numbers(loaded(x)), numbers(net(x)))
    assert loaded.layers[0].gain == 0.5


def test_a_layer_without_a_kernel_is_refused():
    with pytest.raises(ValueError, match="has no kernel to normalise"):
        EqualizedLearningRate(keras.layers.ReLU()).build((None, 3))
