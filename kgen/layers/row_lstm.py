"""The Row LSTM of PixelRNN (van den Oord et al. 2016, section 3.1)."""

import keras
from keras import ops

from kgen.layers.causal import as_row
from kgen.layers.image_lstm import ImageLSTM


@keras.saving.register_keras_serializable("kgen")
class RowLSTM(ImageLSTM):
    """An LSTM from each row to the next, for all columns of a row at once.

    Its state at (r, c) comes from the states at (r - 1, c - 1), (r - 1, c) and (r - 1, c + 1), a
    convolution of width 3 without a mask, and from the gates' input-to-state part at (r, c). So a
    pixel depends on a triangle of pixels above it, and not on all of those before.

    Args:
        units: Size of the hidden state.

    Input shape (n, height, width, 4 units), see `ImageLSTM`; output (n, height, width, units).

    Example:

        >>> RowLSTM(2)(ops.zeros((1, 3, 4, 8))).shape
        TensorShape([1, 3, 4, 2])
    """

    taps = 3

    def call(self, inputs):
        """Runs from the top row to the bottom one."""
        weights = self.weights_to_step()
        n, width = ops.shape(inputs)[0], inputs.shape[2]

        def step(state, gates):
            hidden, cell = state
            state = self.lstm(gates + self._from_above(weights, hidden), cell)
            return state, state

        first = tuple(self.first(weights[part], n, width) for part in ("hidden", "cell"))
        _, (hidden, _) = ops.scan(step, first, ops.transpose(inputs, (1, 0, 2, 3)))
        return ops.transpose(hidden, (1, 0, 2, 3))

    def _from_above(self, weights, hidden):
        """The state-to-state part of a row's gates, from the row (..., width, units) above."""
        # Outside of the image is the first state, as above it.
        side = self.first(weights["hidden"], *ops.shape(hidden)[:-2], 1)
        width = hidden.shape[-2]
        padded = ops.concatenate([side, hidden, side], axis=-2)
        three = [padded[..., i : i + width, :] for i in range(3)]
        return ops.matmul(ops.concatenate(three, axis=-1), weights["kernel"]) + weights["bias"]

    # ---- pixel by pixel ------------------------------------------------------------------------

    def first_memory(self, n, width):
        """The first state in every column, hidden and cell."""
        weights = self.weights_to_step()
        return tuple(self.first(weights[part], n, 1, width) for part in ("hidden", "cell"))

    def begin_row(self, weights, memory, row):
        """All that comes from the row above."""
        hidden, cell = memory
        return self._from_above(weights, hidden), cell

    def first_carry(self, n):
        """Nothing comes from the left; the states are carried to the memory."""
        return tuple(ops.zeros((n, 1, 1, self.units), self.compute_dtype) for _ in range(2))

    def step(self, weights, context, carry, x, row, column):
        """One pixel's state."""
        state = self.lstm(ops.cast(x, self.compute_dtype) + context[0], context[1])
        return state[0], state

    def end_row(self, weights, memory, carries):
        """The row's states."""
        return tuple(as_row(part) for part in carries)
