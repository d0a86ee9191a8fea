"""A number on a scale of levels, as one of that many categories."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("kgen")
class OneHotLevels(keras.layers.Layer):
    """Numbers in [-1, 1] as the nearest of `levels` equally spaced ones, one-hot.

    Args:
        levels: How many, from -1 to 1.

    Input shape (..., channels); output (..., channels * levels).

    Raises:
        ValueError: For fewer than two levels.

    Example:

        >>> OneHotLevels(3)(ops.array([[-1.0], [0.1]])).numpy().tolist()
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    """

    #: Every pixel is computed from itself alone.
    per_pixel = True

    def __init__(self, levels: int, **kwargs):
        super().__init__(**kwargs)
        if levels < 2:
            raise ValueError(f"levels must be at least 2, got {levels}.")
        self.levels = levels

    def call(self, inputs):
        """The categories."""
        level = ops.round((ops.cast(inputs, "float32") + 1) * ((self.levels - 1) / 2))
        hot = ops.one_hot(ops.cast(level, "int32"), self.levels, dtype=self.compute_dtype)
        return ops.reshape(hot, (*ops.shape(inputs)[:-1], inputs.shape[-1] * self.levels))

    def compute_output_shape(self, input_shape):
        """`levels` channels for each one."""
        return (*input_shape[:-1], input_shape[-1] * self.levels)

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "levels": self.levels}
