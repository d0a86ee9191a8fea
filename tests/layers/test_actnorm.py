import keras
import numpy as np
import pytest
from keras import layers

from kgen.layers import ActNorm, Coupling, InvertibleConv1x1, initialize_from_data
from kgen.networks import coupling_network
from tests.layers.flow_laws import assert_is_bijection, normal, numbers, randomise


def built(layer, shape):
    return keras.Sequential([keras.Input(shape), layer])


@pytest.mark.parametrize("shape", [(4, 4, 3), (5,)])
def test_the_first_batch_leaves_with_mean_0_and_variance_1(shape):
    layer = ActNorm()
    x = 3 * normal(200, *shape) + np.arange(shape[-1], dtype="float32")
    assert initialize_from_data(built(layer, shape), x) == 1
    y = numbers(layer(x)[0]).reshape(-1, shape[-1]).astype("float64")
    np.testing.assert_allclose(y.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(y.var(0), 1, rtol=1e-4)
    other = numbers(layer(2 * x + 1)[0])  # no batch after the first changes it
    assert abs(other.std() - 1) > 0.1


@pytest.mark.parametrize("shape", [(2, 4, 3), (5,)])
def test_bijection(shape):
    layer = ActNorm()
    layer.build((None, *shape))
    assert_is_bijection(randomise(layer), layer.inverse, normal(2, *shape))


def test_log_det_by_hand():
    """Two channels on 3 x 2 positions, scales 2 and 3: 6 (log 2 + log 3)."""
    layer = ActNorm()
    layer.build((None, 3, 2, 2))
    layer.log_scale.assign(np.log([2.0, 3.0]) / 3)
    layer.bias.assign([1.0, -1.0])
    y, log_det = layer(np.full((1, 3, 2, 2), 4.0, "float32"))
    np.testing.assert_allclose(numbers(y)[0, 0, 0], [10.0, 9.0], rtol=1e-5)
    assert float(numbers(log_det)) == pytest.approx(6 * np.log(6), rel=1e-5)


def test_initialisation_leaves_out_who_does_not_want_it():
    layer = ActNorm(data_dependent=False)
    initialize_from_data(built(layer, (2,)), normal(9, 2) + 5)
    np.testing.assert_array_equal(numbers(layer.bias.value), 0)


def test_initialisation_reaches_the_networks_of_couplings():
    """Each sees what those before it, set already, make of the batch."""
    network = coupling_network((4, 4, 2), 4, width=8)
    chain = [ActNorm(), InvertibleConv1x1(), Coupling(network)]
    inputs = x = keras.Input((4, 4, 4))
    for layer in chain:
        x, _ = layer(x)
    images = 5 * normal(64, 4, 4, 4) + 2
    assert initialize_from_data(keras.Model(inputs, x), images) == 4
    first, second, last = (layer for layer in network.layers if isinstance(layer, ActNorm))
    kept = chain[1](chain[0](images)[0])[0][..., :2]
    for layer in (first, second):
        seen = numbers(keras.Model(network.input, layer.output[0])(kept))
        np.testing.assert_allclose(seen.mean((0, 1, 2)), 0, atol=1e-4)
        np.testing.assert_allclose(seen.std((0, 1, 2)), 1, rtol=1e-3)
    np.testing.assert_array_equal(numbers(last.log_scale.value), 0)


def test_through_a_file(through_a_file):
    layer = ActNorm()
    inputs = keras.Input((3,))
    network = keras.Model(inputs, layers.ReLU()(layer(inputs)[0]))
    x = 3 * normal(50, 3) + 1
    initialize_from_data(network, x)
    loaded = through_a_file(network)
    np.testing.assert_array_equal(numbers(loaded(x)), numbers(network(x)))
    assert not any(getattr(each, "from_data", False) for each in loaded.layers)
