import keras
import numpy as np
import pytest
from keras import layers

from kgen.layers import Coupling
from kgen.layers.coupling import KINDS
from kgen.networks import coupling_network
from tests.layers.flow_laws import assert_is_bijection, normal, numbers, randomise


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(2, 2, 4), (2, 2, 3), (2,)])
def test_bijection(kind, shape):
    kept, changed = Coupling.split_channels(shape[-1])
    outputs = Coupling.parameters_of(kind) * changed
    layer = Coupling(coupling_network((*shape[:-1], kept), outputs, width=6), kind)
    assert_is_bijection(randomise(layer), layer.inverse, normal(2, *shape))


def test_untrained_it_scales_by_sigmoid_2():
    """Affine: log sigmoid(2) = -0.1269 for each changed dimension. Additive: the identity."""
    x = normal(2, 4, 4, 2)
    y, log_det = Coupling(coupling_network((4, 4, 1), 2, width=4))(x)
    np.testing.assert_allclose(numbers(y)[..., 0], x[..., 0])
    np.testing.assert_allclose(numbers(y)[..., 1], 0.880797 * x[..., 1], rtol=1e-5)
    np.testing.assert_allclose(numbers(log_det), -0.126928 * 16, rtol=1e-4)
    y, log_det = Coupling(coupling_network((4, 4, 1), 1, width=4), "additive")(x)
    np.testing.assert_allclose(numbers(y), x)
    np.testing.assert_array_equal(numbers(log_det), 0)


def test_a_bounded_scale_lies_between_a_half_and_one():
    """s + 2 of -98, 0 and 102: scales of 1/2, (1 + 1/2) / 2 and 1, so inverses at most double."""
    for s, scale in ((-100, 0.5), (-2, 0.75), (100, 1.0)):
        network = keras.Sequential([keras.Input((1,)), layers.Dense(2)])
        network.set_weights([np.zeros((1, 2)), np.array([1.0, s])])
        layer = Coupling(network, "bounded")
        y, log_det = layer(np.array([[7.0, 3.0]], "float32"))
        np.testing.assert_allclose(numbers(y), [[7, 4 * scale]], rtol=1e-6)
        np.testing.assert_allclose(numbers(log_det), np.log([scale]), rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(numbers(layer.inverse(y)), [[7, 3]], rtol=1e-6)


def test_shift_comes_before_the_scale():
    """t = 1 and s = -2: (3 + 1) sigmoid(0) = 2."""
    network = keras.Sequential([keras.Input((1,)), layers.Dense(2)])
    network.set_weights([np.zeros((1, 2)), np.array([1.0, -2.0])])
    y, log_det = Coupling(network)(np.array([[7.0, 3.0]], "float32"))
    np.testing.assert_allclose(numbers(y), [[7, 2]], rtol=1e-6)
    np.testing.assert_allclose(numbers(log_det), np.log([0.5]), rtol=1e-6)


def test_a_scale_after_the_network_s_other_output_breaks_the_inverse():
    """The law fails where the inverse forgets the order: x * scale + t against (x + t) * scale."""

    class Broken(Coupling):
        def inverse(self, y):
            kept, changed = self.halves(y)
            shift, log_scale = self._shift_and_log_scale(kept)
            changed = (changed - shift) * keras.ops.exp(-log_scale)
            return keras.ops.concatenate([kept, changed], axis=-1)

    layer = randomise(Broken(coupling_network((1,), 2, width=6)))
    with pytest.raises(AssertionError):
        assert_is_bijection(layer, layer.inverse, normal(2, 2))


def test_a_network_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"must take \(4, 4, 2\) and give \(4, 4, 4\); it takes"):
        Coupling(coupling_network((4, 4, 2), 2, width=4)).build((None, 4, 4, 4))
    with pytest.raises(ValueError, match="kind must be one of"):
        Coupling(coupling_network((1,), 2, width=4), "multiplicative")
