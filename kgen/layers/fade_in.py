"""How a new resolution comes into a network that grows."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("kgen")
class FadeIn(keras.layers.Layer):
    """`(1 - a) old + a new`, `a = clip(growth - (level - 1), 0, 1)`: Karras et al. 2018, figure 2.

    As `growth` goes from `level - 1` to `level`, the new takes the place of the old; below and
    above, one of them stands alone, exactly.

    Args:
        level: At which growth the new is alone.

    Inputs `[old, new, growth]`: two of one shape (n, ...), and (n, 1).

    Example:

        >>> old, new = ops.ones((1, 2)), ops.zeros((1, 2))
        >>> [float(y) for y in FadeIn(2)([old, new, ops.array([[1.25]])])[0]]
        [0.75, 0.75]
    """

    def __init__(self, level: int, **kwargs):
        # `growth` is not to lose its digits in half precision.
        super().__init__(autocast=False, **kwargs)
        self.level = level

    def call(self, inputs):
        """Mixes."""
        old, new, growth = inputs
        share = ops.clip(growth - (self.level - 1), 0.0, 1.0)
        share = ops.cast(ops.reshape(share, (-1, *[1] * (len(new.shape) - 1))), new.dtype)
        return (1 - share) * ops.cast(old, new.dtype) + share * new

    def compute_output_shape(self, input_shape):
        """That of the new."""
        return input_shape[1]

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "level": self.level}
