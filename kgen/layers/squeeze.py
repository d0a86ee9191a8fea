"""Trading space for channels (Dinh et al. 2017)."""

import keras
from keras import ops

from kgen.layers.bijection import Bijection


@keras.saving.register_keras_serializable("kgen")
class Squeeze(Bijection):
    """2 x 2 pixels of c channels become one pixel of 4 c channels; volumes stay.

    Dinh et al., *Density estimation using Real NVP*, 2017, section 3.6. The four values of a
    channel lie side by side, as in the code of Kingma & Dhariwal 2018.

    Raises:
        ValueError: At building, for an odd height or width.

    Example:

        >>> y, _ = Squeeze()(ops.reshape(ops.arange(8.0), (1, 2, 2, 2)))
        >>> [int(v) for v in ops.ravel(y)]
        [0, 2, 4, 6, 1, 3, 5, 7]
    """

    def build(self, input_shape):
        """Checks that the sides can be halved."""
        if len(input_shape) != 4 or input_shape[1] % 2 or input_shape[2] % 2:
            raise ValueError(
                f"{tuple(input_shape[1:])} cannot be squeezed: the sides must be even."
            )

    def call(self, x):
        """`(y, 0)`."""
        _, height, width, channels = x.shape
        y = ops.reshape(x, (-1, height // 2, 2, width // 2, 2, channels))
        y = ops.transpose(y, (0, 1, 3, 5, 2, 4))
        return ops.reshape(y, (-1, height // 2, width // 2, 4 * channels)), ops.zeros(())

    def inverse(self, y):
        """The `x` whose `y` it is."""
        _, height, width, channels = y.shape
        x = ops.reshape(y, (-1, height, width, channels // 4, 2, 2))
        x = ops.transpose(x, (0, 1, 4, 2, 5, 3))
        return ops.reshape(x, (-1, 2 * height, 2 * width, channels // 4))

    def transformed_shape(self, shape):
        """Half the sides, four times the channels."""
        n, height, width, channels = shape
        return (n, height // 2, width // 2, 4 * channels)
