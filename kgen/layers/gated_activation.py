"""The gated unit of the Gated PixelCNN, of PixelCNN++ and of WaveNet."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("kgen")
class GatedActivation(keras.layers.Layer):
    """`f(first half) * sigmoid(second half)`, the halves being of the channels.

    With tanh for `f`, van den Oord et al., *Conditional Image Generation with PixelCNN Decoders*,
    2016, eq. 1; without, Salimans et al. 2017.

    Args:
        activation: `f`, as in Keras.

    Input shape (..., 2 channels); output (..., channels).

    Raises:
        ValueError: At building, for an odd number of channels.

    Example:

        >>> [float(v) for v in GatedActivation("linear")(ops.array([[4.0, 0.0]]))[0]]
        [2.0]
    """

    #: Every pixel is computed from itself alone.
    per_pixel = True

    def __init__(self, activation="tanh", **kwargs):
        super().__init__(**kwargs)
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        """Checks that the channels can be halved."""
        if input_shape[-1] % 2:
            raise ValueError(f"a gate halves the channels, and there are {input_shape[-1]}.")

    def call(self, inputs):
        """The gated features."""
        features, gate = ops.split(inputs, 2, axis=-1)
        return self.activation(features) * ops.sigmoid(gate)

    def compute_output_shape(self, input_shape):
        """Half the channels."""
        return (*input_shape[:-1], input_shape[-1] // 2)

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "activation": keras.activations.serialize(self.activation),
        }
