"""The highway layer, by hand."""

import keras
import numpy as np
from keras import ops

from kgen.layers import Highway


def test_a_gate_mixes_the_input_and_its_transformation():
    layer, x = Highway(), np.array([[1.0, -2.0]], "float32")
    layer(x)
    gate = 1 / (1 + np.exp(2.0))  # at first, where the gate's kernel says nothing
    layer.gate.kernel.assign(np.zeros((2, 2)))
    layer.transformation.kernel.assign([[3.0, 0.0], [0.0, 1.0]])
    expected = [[gate * 3 + (1 - gate) * 1, (1 - gate) * -2]]  # relu(-2) is 0
    np.testing.assert_allclose(ops.convert_to_numpy(layer(x)), expected, rtol=1e-6)


def test_its_file_restores_it():
    model = keras.Sequential([keras.Input((3,)), Highway(gate_bias=-1.0)])
    again = keras.Sequential.from_config(model.get_config())
    again.set_weights(model.get_weights())
    x = np.random.default_rng(0).normal(size=(4, 3))
    np.testing.assert_array_equal(*(ops.convert_to_numpy(each(x)) for each in (model, again)))
    assert again.layers[0].gate_bias == -1.0 and len(again.weights) == 4
