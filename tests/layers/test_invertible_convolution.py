import numpy as np
import pytest

from kgen.layers import InvertibleConv1x1
from tests.layers.flow_laws import assert_is_bijection, normal, numbers, randomise


def built(*shape):
    layer = InvertibleConv1x1()
    layer.build((None, *shape))
    return layer


def test_it_starts_as_a_rotation():
    matrix = numbers(built(4, 4, 12).matrix())
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(12), atol=1e-5)
    assert np.abs(matrix - np.eye(12)).max() > 0.1
    other = numbers(built(4, 4, 12).matrix())
    assert np.abs(matrix - other).max() > 0.1  # each layer has its own


@pytest.mark.parametrize("shape", [(2, 3, 4), (5,)])
def test_bijection(shape):
    layer = randomise(built(*shape), 0.2)
    assert_is_bijection(layer, layer.inverse, normal(2, *shape))


def test_log_det_is_that_of_the_matrix_at_every_position():
    layer = randomise(built(3, 2, 4), 0.2)
    _, log_volume = np.linalg.slogdet(numbers(layer.matrix()).astype("float64"))
    _, log_det = layer(normal(1, 3, 2, 4))
    assert float(numbers(log_det)) == pytest.approx(6 * log_volume, rel=1e-4, abs=1e-4)


def test_the_matrix_is_its_decomposition():
    """P L (U + diag(s)), by hand: with P = I, L's 2 below and U's 3 above the diagonal (4, -5)."""
    layer = built(2)
    layer.permutation.assign(np.eye(2))
    layer.lower.assign([[9.0, 9.0], [2.0, 9.0]])  # what is not below the diagonal does not count
    layer.upper.assign([[9.0, 3.0], [9.0, 9.0]])
    layer.signs.assign([1.0, -1.0])
    layer.log_diagonal.assign(np.log([4.0, 5.0]))
    np.testing.assert_allclose(numbers(layer.matrix()), [[4, 3], [8, 1]], rtol=1e-5)
    assert float(numbers(layer(normal(1, 2))[1])) == pytest.approx(np.log(20), rel=1e-5)


def test_training_moves_neither_permutation_nor_signs():
    layer = built(6)
    trained = [id(v) for v in layer.trainable_variables]
    assert len(trained) == 3 and len(layer.non_trainable_variables) == 2
    assert not {id(layer.permutation), id(layer.signs)} & set(trained)
    permutation = numbers(layer.permutation.value)
    np.testing.assert_array_equal(permutation @ permutation.T, np.eye(6))
    np.testing.assert_array_equal(np.abs(numbers(layer.signs.value)), 1)
