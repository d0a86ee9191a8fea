"""One direction of the Diagonal BiLSTM of PixelRNN (van den Oord et al. 2016, section 3.2)."""

import keras
from keras import ops

from kgen.layers.causal import as_row
from kgen.layers.image_lstm import ImageLSTM


@keras.saving.register_keras_serializable("kgen")
class DiagonalLSTM(ImageLSTM):
    """An LSTM along the diagonals, which sees every pixel above and to one side.

    Its state at (r, c) comes from the states at (r, c - 1) and (r - 1, c). The image is skewed, row
    r shifted right by r, so that both lie in the column before, and a whole column is computed at
    once.

    With `reverse=True` it runs from right to left, on (r, c + 1) and (r - 1, c); what it finds is
    moved down by one row, so that a pixel sees nothing to its right. The Diagonal BiLSTM is the sum
    of the two, and sees all pixels before.

    Args:
        units: Size of the hidden state.
        reverse: Whether to run from right to left.

    Input shape (n, height, width, 4 units), see `ImageLSTM`; output (n, height, width, units).

    Example:

        >>> DiagonalLSTM(2)(ops.zeros((1, 3, 4, 8))).shape
        TensorShape([1, 3, 4, 2])
    """

    taps = 2

    def __init__(self, units: int, reverse: bool = False, **kwargs):
        super().__init__(units, **kwargs)
        self.reverse = reverse
        self.strictly_above = self.hides_last_colour = reverse

    def call(self, inputs):
        """Runs from the first diagonal to the last."""
        if not self.reverse:
            return self._run(inputs)
        found = ops.flip(self._run(ops.flip(inputs, 2)), 2)
        return ops.pad(found[:, :-1], ((0, 0), (1, 0), (0, 0), (0, 0)))

    def _run(self, inputs):
        weights = self.weights_to_step()
        n, height, width = ops.shape(inputs)[0], inputs.shape[1], inputs.shape[2]
        top = self.first(weights["hidden"], n, 1)
        inside = _skew(ops.ones((1, height, width, 1)))[0, ..., 0]

        def step(state, column):
            gates, inside = column
            hidden, cell = state
            above = ops.concatenate([top, hidden[:, :-1]], axis=1)
            new = self.lstm(gates + self._from_states(weights, hidden, above), cell)
            # Left of the image a row keeps its first state.
            state = tuple(
                ops.where(inside[:, None] > 0, *pair) for pair in zip(new, state, strict=True)
            )
            return state, state

        first = tuple(self.first(weights[part], n, height) for part in ("hidden", "cell"))
        columns = ops.transpose(_skew(inputs), (2, 0, 1, 3)), ops.transpose(inside)
        _, (hidden, _) = ops.scan(step, first, columns)
        return _unskew(ops.transpose(hidden, (1, 2, 0, 3)))

    def _from_states(self, weights, left, above):
        pair = ops.concatenate([left, above], axis=-1)
        return ops.matmul(pair, weights["kernel"]) + weights["bias"]

    # ---- pixel by pixel ------------------------------------------------------------------------

    def first_memory(self, n, width):
        """The states above the image, and for the reverse direction the zeros moved in."""
        weights = self.weights_to_step()
        above = self.first(weights["hidden"], n, 1, width)
        return (above, ops.zeros_like(above)) if self.reverse else (above,)

    def begin_row(self, weights, memory, row):
        """The states above; of the reverse direction the output, which is theirs."""
        return memory[-1:]

    def first_carry(self, n):
        """The state left of the image."""
        weights = self.weights_to_step()
        return tuple(self.first(weights[part], n, 1, 1) for part in ("hidden", "cell"))

    def step(self, weights, context, carry, x, row, column):
        """One pixel's state."""
        hidden, cell = carry
        gates = ops.cast(x, self.compute_dtype) + self._from_states(weights, hidden, context[0])
        state = self.lstm(gates, cell)
        return state[0], state

    def end_row(self, weights, memory, carries):
        """The row's states; of the reverse direction, found only now."""
        if not self.reverse:
            return (as_row(carries[0]),)

        def step(carry, column):
            state = self.step(weights, (column[1],), carry, column[0], 0, 0)[1]
            return state, state

        above = ops.transpose(memory[0], (2, 0, 1, 3))[:, :, None]
        first = self.first_carry(ops.shape(memory[0])[0])
        _, (hidden, _) = ops.scan(step, first, (carries[0], above), reverse=True)
        return (as_row(hidden),) * 2

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "reverse": self.reverse}


def _skew(x):
    """(n, height, width, channels) to (n, height, width + height - 1, channels): row r moves by r.

    Padding each row to width + height and reading the rows as one shorter moves them so.
    """
    n, (height, width, channels) = ops.shape(x)[0], x.shape[1:]
    x = ops.pad(x, ((0, 0), (0, 0), (0, height), (0, 0)))
    x = ops.reshape(x, (n, height * (width + height), channels))[:, :-height]
    return ops.reshape(x, (n, height, width + height - 1, channels))


def _unskew(x):
    """The reverse of `_skew`."""
    n, (height, skewed, channels) = ops.shape(x)[0], x.shape[1:]
    x = ops.reshape(x, (n, height * skewed, channels))
    x = ops.pad(x, ((0, 0), (0, height), (0, 0)))
    return ops.reshape(x, (n, height, skewed + 1, channels))[:, :, : skewed + 1 - height]
