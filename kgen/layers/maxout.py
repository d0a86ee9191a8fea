"""Maxout, the activation that learns its own shape."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("kgen")
class Maxout(keras.layers.Layer):
    """Dense units that each give the largest of several linear maps: Goodfellow et al. 2013, eq. 1.

    `h_i(x) = max_j (x · W_ij + b_ij)`, so a unit is a convex, piecewise linear function of its
    input.

    Args:
        units: How many units.
        pieces: Linear maps per unit.
        use_bias: Whether the maps have offsets.
        kernel_initializer: For the weights; as Keras names them.
        bias_initializer: For the offsets.

    Input shape (..., features); output (..., units).

    Raises:
        ValueError: For fewer than one unit or piece.

    Example:

        >>> absolute = Maxout(1, pieces=2, use_bias=False)
        >>> absolute.build((None, 1))
        >>> _ = absolute.kernel.assign([[1.0, -1.0]])
        >>> [float(v) for v in ops.ravel(absolute(ops.array([[-3.0], [2.0]])))]
        [3.0, 2.0]
    """

    def __init__(
        self,
        units: int,
        pieces: int = 2,
        use_bias: bool = True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        **kwargs,
    ):
        super().__init__(**kwargs)
        if units < 1 or pieces < 1:
            raise ValueError(f"units and pieces must be at least 1, got {units} and {pieces}.")
        self.units = units
        self.pieces = pieces
        self.use_bias = use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)

    def build(self, input_shape):
        """Makes one matrix for all the maps; those of a unit stand side by side."""
        width = self.units * self.pieces
        self.kernel = self.add_weight(
            name="kernel",
            shape=(input_shape[-1], width),
            initializer=self.kernel_initializer,
        )
        self.bias = (
            self.add_weight(name="bias", shape=(width,), initializer=self.bias_initializer)
            if self.use_bias
            else None
        )

    def call(self, inputs):
        """The largest piece of each unit."""
        maps = ops.matmul(inputs, self.kernel)
        if self.bias is not None:
            maps = maps + self.bias
        shape = ops.shape(maps)[:-1]
        return ops.max(ops.reshape(maps, (*shape, self.units, self.pieces)), axis=-1)

    def compute_output_shape(self, input_shape):
        """One number a unit."""
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "units": self.units,
            "pieces": self.pieces,
            "use_bias": self.use_bias,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
        }
