import keras
import numpy as np
import pytest

from kgen.layers import TiedDense


@pytest.mark.core
def test_it_multiplies_by_the_other_layers_transposed_kernel():
    dense, tied = keras.layers.Dense(3), TiedDense(4)
    x = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")
    code = dense(x)
    tied.tie(dense)
    tied.build((None, 3))
    tied.bias.assign([1.0, 2.0, 3.0, 4.0])
    kernel, _ = dense.get_weights()
    expected = (x @ kernel) @ kernel.T + [1, 2, 3, 4]
    found = keras.ops.convert_to_numpy(tied(code))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    assert [w.name for w in tied.weights] == ["bias"]


def test_untied_and_misfit_layers_are_refused():
    dense, tied = keras.layers.Dense(3), TiedDense(5)
    dense.build((None, 4))
    with pytest.raises(ValueError, match="tied to no layer yet"):
        tied(np.zeros((1, 3), "float32"))
    with pytest.raises(ValueError, match="gives 5 numbers and cannot be tied to"):
        tied.tie(dense)
