import numpy as np
import pytest

from kgen.layers import Squeeze
from tests.layers.flow_laws import assert_is_bijection, normal, numbers


def test_bijection():
    layer = Squeeze()
    layer.build((None, 4, 2, 2))
    assert_is_bijection(layer, layer.inverse, normal(2, 4, 2, 2))


def test_the_four_values_of_a_channel_lie_side_by_side():
    x = np.zeros((1, 4, 4, 2), "float32")
    x[0, 2:4, 0:2, 1] = [[1, 2], [3, 4]]
    y = numbers(Squeeze()(x)[0])
    assert y.shape == (1, 2, 2, 8)
    assert y[0, 1, 0].tolist() == [0, 0, 0, 0, 1, 2, 3, 4]
    assert Squeeze().transformed_shape((None, 4, 4, 2)) == (None, 2, 2, 8)


def test_odd_sides_are_refused():
    with pytest.raises(ValueError, match=r"\(3, 4, 1\) cannot be squeezed"):
        Squeeze().build((None, 3, 4, 1))
