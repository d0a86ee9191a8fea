import keras
import numpy as np
import pytest

from kgen.layers import Maxout


def test_gives_the_largest_of_its_pieces():
    layer = Maxout(2, pieces=3)
    layer.build((None, 2))
    # A unit's pieces stand side by side: columns 0 to 2 are the first unit's.
    layer.kernel.assign([[1, 0, -1, 0, 0, 2], [0, 1, 0, 0, 1, 0]])
    layer.bias.assign([0, 0, 0, 5, 0, 0])
    outputs = keras.ops.convert_to_numpy(layer(np.array([[-3.0, 2.0], [4.0, 6.0]], "float32")))
    # max(-3, 2, 3), max(5, 2, -6); max(4, 6, -4), max(5, 6, 8)
    np.testing.assert_array_equal(outputs, [[3, 5], [6, 8]])


def test_one_piece_is_a_dense_layer():
    x = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
    layer, dense = Maxout(5, pieces=1), keras.layers.Dense(5)
    layer.build((None, 3))
    dense.build((None, 3))
    dense.set_weights(layer.get_weights())
    np.testing.assert_allclose(*map(keras.ops.convert_to_numpy, (layer(x), dense(x))), rtol=1e-6)


def test_only_the_winning_piece_has_a_gradient(gradients):
    network = keras.Sequential([keras.Input((1,)), Maxout(1, pieces=2, use_bias=False)])
    network.layers[0].kernel.assign([[2.0, -1.0]])
    (gradient,) = gradients(network, lambda: network(keras.ops.array([[3.0]]))[0, 0])
    np.testing.assert_allclose(gradient, [[3.0, 0.0]])


def test_through_a_file(through_a_file):
    network = keras.Sequential([keras.Input((3,)), Maxout(4, pieces=5, bias_initializer="ones")])
    x = np.random.default_rng(0).normal(size=(2, 3)).astype("float32")
    loaded = through_a_file(network)
    np.testing.assert_array_equal(*(keras.ops.convert_to_numpy(n(x)) for n in (network, loaded)))
    assert loaded.layers[0].pieces == 5


@pytest.mark.parametrize("wrong", [{"units": 0}, {"units": 3, "pieces": 0}])
def test_nothing_to_choose_from_is_refused(wrong):
    with pytest.raises(ValueError, match="at least 1"):
        Maxout(**wrong)
