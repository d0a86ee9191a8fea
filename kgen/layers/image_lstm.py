"""What the two LSTMs of PixelRNN share: the gates of one step."""

import keras
from keras import ops

from kgen.layers.causal import CausalLayer


class ImageLSTM(CausalLayer):
    """Base of the LSTMs over images: the gates' state-to-state part, and a learned first state.

    The input holds the input-to-state part of the gates, made by a masked convolution before: four
    blocks of `units` channels, for the output, forget and input gates and for the content. What
    lies outside of the image has the learned state.

    Args:
        units: Size of the hidden state.

    Input shape (n, height, width, 4 units); output (n, height, width, units).

    Raises:
        ValueError: At building, if the input has not four times the units.
    """

    #: How many neighbouring states a step sees.
    taps = 1

    def __init__(self, units: int, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        # XLA on TensorFlow cannot differentiate Keras's `ops.scan` (keras 3.15).
        self.supports_jit = keras.backend.backend() != "tensorflow"

    def build(self, input_shape):
        """Makes the state-to-state kernel, the bias and the first state."""
        if input_shape[-1] != 4 * self.units:
            raise ValueError(
                f"{self.units} units take gates of {4 * self.units} channels, "
                f"got {input_shape[-1]}."
            )
        self.kernel = self.add_weight(
            name="kernel",
            shape=(self.taps * self.units, 4 * self.units),
            initializer="glorot_uniform",
        )
        self.bias = self.add_weight(name="bias", shape=(4 * self.units,), initializer="zeros")
        self.first_state = self.add_weight(
            name="first_state", shape=(2, self.units), initializer="zeros"
        )

    def weights_to_step(self, kernel=None):
        """All weights in the precision of computation."""
        kernel = self.kernel if kernel is None else kernel
        first = ops.cast(self.first_state, self.compute_dtype)
        return {
            "kernel": ops.cast(kernel, self.compute_dtype),
            "bias": ops.cast(self.bias, self.compute_dtype),
            "hidden": first[0],
            "cell": first[1],
        }

    def lstm(self, gates, cell):
        """Van den Oord et al. 2016, eq. 3: the new `(hidden, cell)`, each (..., units)."""
        outward, forget, inward, content = ops.split(gates, 4, axis=-1)
        cell = ops.sigmoid(forget) * cell + ops.sigmoid(inward) * ops.tanh(content)
        return ops.sigmoid(outward) * ops.tanh(cell), cell

    def first(self, state, *shape):
        """A first state, (units,), at every place of a tensor of `(*shape, units)`."""
        return ops.broadcast_to(state, (*shape, self.units))

    def compute_output_shape(self, input_shape):
        """A quarter of the channels."""
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "units": self.units}
