"""Pixelwise feature normalisation."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("kgen")
class PixelNormalization(keras.layers.Layer):
    """`x / sqrt(mean x^2 + epsilon)` over the last axis: Karras et al. 2018, section 4.2.

    Every place of a map is scaled to a root mean square of 1 over its channels; a latent vector is
    laid onto the sphere of radius `sqrt(length)`. Nothing is learned.

    Args:
        epsilon: 1e-8 in the paper.

    Input and output of any shape.

    Example:

        >>> [round(float(y), 4) for y in PixelNormalization()(ops.array([[3.0, 4.0]]))[0]]
        [0.8485, 1.1314]
    """

    def __init__(self, epsilon: float = 1e-8, **kwargs):
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def call(self, inputs):
        """Scales."""
        x = ops.cast(inputs, "float32")  # squares of halves may leave their range
        mean_square = ops.mean(ops.square(x), axis=-1, keepdims=True)
        return ops.cast(x * ops.rsqrt(mean_square + self.epsilon), inputs.dtype)

    def compute_output_shape(self, input_shape):
        """As the input's."""
        return input_shape

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "epsilon": self.epsilon}
