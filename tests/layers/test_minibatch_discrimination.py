import keras
import numpy as np
import pytest
from keras import ops

from kgen.layers import MinibatchDiscrimination


def numbers(x):
    return np.array(ops.convert_to_numpy(x))


def built(kernels, dims, features, **kwargs):
    layer = MinibatchDiscrimination(kernels, dims, **kwargs)
    layer.build((None, features))
    layer.bias.assign(np.zeros(kernels))
    return layer


def test_identical_rows_give_n_minus_1():
    layer = built(3, 2, 4)
    x = np.tile(np.arange(4, dtype="float32"), (6, 1))
    np.testing.assert_allclose(numbers(layer(x, training=True))[:, 4:], 5.0, rtol=1e-6)


def test_closeness_by_hand():
    layer = built(1, 2, 2)
    layer.direction.assign([[2.0, 0.0], [0.0, 3.0]])  # of length 1 whatever its columns' are
    layer.log_scale.assign([np.log(0.5), 0.0])
    x = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 1.0]], "float32")
    # M = (0, 0), (1, 0), (0, 1): L1 distances 1, 1 and 2, none to itself.
    near, far = np.exp(-1), np.exp(-2)
    outputs = numbers(layer(x, training=True))
    np.testing.assert_allclose(outputs[:, 2], [2 * near, near + far, near + far], rtol=1e-5)
    np.testing.assert_array_equal(outputs[:, :2], x)


def test_rows_far_apart_give_nothing_but_the_bias_which_starts_at_minus_1():
    layer = MinibatchDiscrimination(4, 3)
    x = 1e4 * np.random.default_rng(0).normal(size=(5, 8)).astype("float32")
    np.testing.assert_allclose(numbers(layer(x, training=True))[:, 8:], -1.0, atol=1e-6)


def test_every_weight_has_a_gradient(gradients):
    layer = MinibatchDiscrimination(2, 3)
    net = keras.Sequential([keras.Input((4,)), layer])
    x = ops.array(np.random.default_rng(0).normal(size=(5, 4)), "float32")
    found = gradients(net, lambda: ops.mean(net(x, training=True) ** 2))
    assert len(found) == 3
    assert all(np.isfinite(g).all() and np.abs(g).max() > 1e-6 for g in found)


def test_inference_shows_the_moving_average_and_no_neighbour():
    layer = built(2, 2, 3, momentum=0.75)
    x = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
    closeness = numbers(layer(x, training=True))[:, 3:]
    assert np.ptp(closeness) > 1e-3
    together = numbers(layer(x, training=False))
    alone = np.concatenate([numbers(layer(x[i : i + 1], training=False)) for i in range(4)])
    np.testing.assert_array_equal(together, alone)
    expected = np.tile(0.25 * closeness.mean(axis=0), (4, 1))
    np.testing.assert_allclose(together[:, 3:], expected, rtol=1e-5)


def test_through_a_file(through_a_file):
    net = keras.Sequential([keras.Input((3,)), MinibatchDiscrimination(5, 2, momentum=0.5)])
    x = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
    net(x, training=True)
    loaded = through_a_file(net)
    assert loaded.output_shape == (None, 8)
    for training in (False, True):
        np.testing.assert_array_equal(
            numbers(loaded(x, training=training)), numbers(net(x, training=training))
        )


def test_nothing_to_compare_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        MinibatchDiscrimination(3, 0)
