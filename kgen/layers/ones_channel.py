"""A channel that tells an image from its padding."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("kgen")
class OnesChannel(keras.layers.Layer):
    """Adds a channel of ones, which a convolution sees as zeros where it pads the border.

    Salimans et al., *PixelCNN++*, 2017, the authors' code.

    Input shape (..., channels); output (..., channels + 1).

    Example:

        >>> [float(v) for v in OnesChannel()(ops.array([[5.0]]))[0]]
        [5.0, 1.0]
    """

    #: Every pixel is computed from itself alone.
    per_pixel = True

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.built = True

    def call(self, inputs):
        """The input and its ones."""
        return ops.concatenate([inputs, ops.ones_like(inputs[..., :1])], axis=-1)

    def compute_output_shape(self, input_shape):
        """One channel more."""
        return (*input_shape[:-1], input_shape[-1] + 1)
