"""The LSTMs over images: who sees whom, and one step by hand."""

import keras
import numpy as np
import pytest
from keras import ops

from kgen.layers import DiagonalLSTM, RowLSTM
from tests.models.autoregressive.laws import influence, randomise


def _seen(layer, height, width):
    layer.build((None, height, width, 4))
    # One image will do: nothing here is closed, as a rectifier can be.
    seen = influence(randomise(layer), (height, width, 4), images=1)
    return seen.reshape(height, width, height, width, 4).any(-1)


def test_the_row_lstm_sees_a_triangle():
    """One column more on each side in each row up, and of its own row itself alone."""
    seen = _seen(RowLSTM(1), 4, 7)
    for r, c, row, column in np.ndindex(seen.shape):
        assert seen[r, c, row, column] == (row <= r and abs(column - c) <= r - row)


@pytest.mark.parametrize("reverse", [False, True])
def test_the_diagonal_lstm_sees_all_above_to_one_side(reverse):
    """From the right it is moved down by a row: (r, c) has what (r - 1, c) found."""
    seen = _seen(DiagonalLSTM(1, reverse=reverse), 4, 5)
    for r, c, row, column in np.ndindex(seen.shape):
        expected = (row < r and column >= c) if reverse else (row <= r and column <= c)
        assert seen[r, c, row, column] == expected


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _step(gates, cell):
    outward, forget, inward, content = gates
    cell = _sigmoid(forget) * cell + _sigmoid(inward) * np.tanh(content)
    return _sigmoid(outward) * np.tanh(cell), cell


@pytest.mark.parametrize("kind", [RowLSTM, DiagonalLSTM])
def test_two_pixels_by_hand(kind):
    """One above the other for the rows, side by side for the diagonals; learned first states."""
    shape = (2, 1) if kind is RowLSTM else (1, 2)
    layer = kind(1)
    layer.build((None, *shape, 4))
    randomise(layer)
    kernel, bias, first = (weights.astype("float64") for weights in layer.get_weights())
    x = np.random.default_rng(1).normal(size=(2, 4))
    (h0,), (c0,) = first
    # A row LSTM sees left, own and right column above; a diagonal one the pixel left, and above.
    around = [h0, h0, h0] if kind is RowLSTM else [h0, h0]
    h1, c1 = _step(x[0] + bias + np.dot(around, kernel), c0)
    around = [h0, h1, h0] if kind is RowLSTM else [h1, h0]
    h2, _ = _step(x[1] + bias + np.dot(around, kernel), c1)
    y = ops.convert_to_numpy(layer(x.astype("float32").reshape(1, *shape, 4))).ravel()
    np.testing.assert_allclose(y, [h1, h2], atol=1e-6)


@pytest.mark.parametrize("layer", [RowLSTM(2), DiagonalLSTM(2, reverse=True)])
def test_a_copy_from_its_config_is_equal(layer):
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 8)).astype("float32")
    y = ops.convert_to_numpy(layer(x))
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    copy.set_weights(layer.get_weights())
    np.testing.assert_array_equal(ops.convert_to_numpy(copy(x)), y)
    assert tuple(y.shape) == tuple(layer.compute_output_shape(x.shape))


def test_gates_of_another_width_are_refused():
    with pytest.raises(ValueError, match="2 units take gates of 8 channels, got 6"):
        RowLSTM(2).build((None, 3, 3, 6))
