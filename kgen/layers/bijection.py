"""An invertible layer that knows by how much it changes volumes."""

import keras


class Bijection(keras.layers.Layer):
    """`y = f(x)` with its inverse and its Jacobian, the part that normalising flows are made of.

    `call(x)` gives `(y, log_det)` with `log_det = log |det dy/dx|`, of shape (n,), or () where it
    is the same for all examples. `inverse(y)` gives `x`. Both compute in float32 under any policy,
    because a likelihood and an exact inverse need every digit.
    """

    def __init__(self, **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})

    def call(self, x):
        """`(y, log_det)`."""
        raise NotImplementedError

    def inverse(self, y):
        """The `x` whose `y` it is."""
        raise NotImplementedError

    def transformed_shape(self, shape: tuple) -> tuple:
        """The shape of `y` for that of `x`, both with the batch."""
        return tuple(shape)
