import keras
import numpy as np
import pytest
from keras import ops

from kgen.layers import CausalConv1D, OneHotLevels


def random(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


@pytest.mark.core
@pytest.mark.parametrize(("kernel_size", "dilation"), [(1, 1), (2, 1), (2, 4), (3, 3)])
def test_it_is_the_causal_convolution_of_keras(kernel_size, dilation):
    """Which pads on the left; with a shift, the output is that of one sample before."""
    x = random((2, 11, 3))
    plain = CausalConv1D(4, kernel_size, dilation, activation="tanh")
    shifted = CausalConv1D(4, kernel_size, dilation, shift=1, activation="tanh")
    known = keras.layers.Conv1D(
        4, kernel_size, dilation_rate=dilation, padding="causal", activation="tanh"
    )
    for layer in (plain, shifted, known):
        layer.build(x.shape)
    weights = [random(known.kernel.shape, 1), random((4,), 2)]
    for layer in (plain, shifted, known):
        layer.set_weights(weights)
    expected = ops.convert_to_numpy(known(x))
    np.testing.assert_allclose(ops.convert_to_numpy(plain(x)), expected, atol=1e-5)
    late = ops.convert_to_numpy(shifted(x))
    np.testing.assert_allclose(late[:, 1:], expected[:, :-1], atol=1e-5)
    np.testing.assert_allclose(late[:, 0], np.tanh(np.tile(weights[1], (2, 1))), atol=1e-6)
    assert plain.compute_output_shape((2, 11, 3)) == (2, 11, 4)


@pytest.mark.core
@pytest.mark.parametrize(("kernel_size", "dilation", "shift"), [(1, 1, 0), (2, 4, 0), (3, 2, 1)])
def test_step_by_step_is_the_whole(kernel_size, dilation, shift):
    layer = CausalConv1D(4, kernel_size, dilation, shift=shift)
    x = random((2, 13, 3))
    whole = ops.convert_to_numpy(layer(x))
    weights, carry = layer.weights_to_step(), layer.first_carry(2)
    for t in range(13):
        y, carry = layer.step(weights, (), carry, ops.convert_to_tensor(x[:, t : t + 1]), 0, t)
        np.testing.assert_allclose(ops.convert_to_numpy(y)[:, 0], whole[:, t], atol=1e-5)
    assert layer.lags[0] == shift + dilation * (kernel_size - 1)


def test_what_is_no_convolution_is_refused():
    with pytest.raises(ValueError, match="must be at least 1"):
        CausalConv1D(4, 0)
    with pytest.raises(ValueError, match="shift must be 0 or 1"):
        CausalConv1D(4, shift=2)
    with pytest.raises(ValueError, match="levels must be at least 2"):
        OneHotLevels(1)


def test_configurations_come_back():
    for layer in (CausalConv1D(4, 3, 2, shift=1, activation="relu"), OneHotLevels(5)):
        again = type(layer).from_config(layer.get_config())
        assert again.get_config() == layer.get_config()


def test_the_nearest_level_is_hot():
    levels = np.linspace(-1, 1, 256)
    hot = ops.convert_to_numpy(OneHotLevels(256)(levels.reshape(1, 256, 1).astype("float32")))
    np.testing.assert_array_equal(hot[0], np.eye(256))
    two = ops.convert_to_numpy(OneHotLevels(3)(np.array([[[-1.0, 1.0]]], "float32")))
    assert two.tolist() == [[[1, 0, 0, 0, 0, 1]]]
