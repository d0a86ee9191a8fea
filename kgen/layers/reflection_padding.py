"""Padding by reflection, which Keras does not have as a layer."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("kgen")
class ReflectionPadding2D(keras.layers.Layer):
    """Pads images by mirroring them at their borders, without repeating the border itself.

    Args:
        padding: How many pixels on each side.

    Input shape (n, height, width, channels); output (n, height + 2p, width + 2p, channels).

    Example:

        >>> x = keras.ops.reshape(keras.ops.arange(3.0), (1, 1, 3, 1))
        >>> x = keras.ops.repeat(x, 3, axis=1)
        >>> [float(v) for v in keras.ops.ravel(ReflectionPadding2D(1)(x)[0, 0])]
        [1.0, 0.0, 1.0, 2.0, 1.0]
    """

    def __init__(self, padding: int, **kwargs):
        super().__init__(**kwargs)
        self.padding = padding
        self.built = True

    def call(self, inputs):
        """Pads the two spatial axes."""
        p = self.padding
        return ops.pad(inputs, ((0, 0), (p, p), (p, p), (0, 0)), mode="reflect")

    def compute_output_shape(self, input_shape):
        """Adds the padding to the two spatial axes."""
        n, height, width, channels = input_shape
        grow = 2 * self.padding
        return (
            n,
            None if height is None else height + grow,
            None if width is None else width + grow,
            channels,
        )

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "padding": self.padding}
