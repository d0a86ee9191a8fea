"""The activation of PixelCNN++."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("kgen")
class ConcatELU(keras.layers.Layer):
    """`elu([x, -x])`, side by side in the channels: an ELU that loses nothing.

    After the concatenated ReLU of Shang et al. 2016; Salimans et al., *PixelCNN++*, 2017.

    Input shape (..., channels); output (..., 2 channels).

    Example:

        >>> [round(float(v), 4) for v in ConcatELU()(ops.array([[1.0]]))[0]]
        [1.0, -0.6321]
    """

    #: Every pixel is computed from itself alone.
    per_pixel = True

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.built = True

    def call(self, inputs):
        """Twice the channels, activated."""
        return ops.elu(ops.concatenate([inputs, -inputs], axis=-1))

    def compute_output_shape(self, input_shape):
        """Twice the channels."""
        return (*input_shape[:-1], 2 * input_shape[-1])
