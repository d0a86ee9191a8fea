"""A dense layer whose kernel is the transpose of another's."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("kgen")
class TiedDense(keras.layers.Layer):
    """`y = x W^T + b` with the kernel `W` of another dense layer, and a bias of its own.

    The kernel stays the other layer's: it is trained, counted and saved there. A file holds no such
    bond, so whoever owns both layers ties them after loading, as `kgen.models.AE` does.

    Args:
        units: Size of the output, the other layer's input.

    Raises:
        ValueError: When called before `tie`, or tied to a kernel of another shape.

    Example:

        >>> dense, tied = keras.layers.Dense(2), TiedDense(3)
        >>> x = ops.ones((1, 3))
        >>> code = dense(x)
        >>> tied.tie(dense)
        >>> bool(ops.all(tied(code) == ops.matmul(code, ops.transpose(dense.kernel))))
        True
    """

    def __init__(self, units: int, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        # A function, because Keras would count a variable held here as this layer's own.
        self._kernel_of = None

    def build(self, input_shape):
        """The bias."""
        self.bias = self.add_weight(name="bias", shape=(self.units,), initializer="zeros")

    def tie(self, dense: keras.layers.Dense) -> None:
        """Takes the kernel of a built `Dense` layer of `units` inputs."""
        if dense.kernel.shape[0] != self.units:
            raise ValueError(
                f"{self.name} gives {self.units} numbers and cannot be tied to {dense.name}, which "
                f"takes {dense.kernel.shape[0]}."
            )
        self._kernel_of = lambda: dense.kernel

    def call(self, inputs):
        """(n, the other layer's units) to (n, units)."""
        if self._kernel_of is None:
            raise ValueError(f"{self.name} is tied to no layer yet: call tie(dense) first.")
        kernel = ops.cast(self._kernel_of(), inputs.dtype)
        return ops.matmul(inputs, ops.transpose(kernel)) + self.bias

    def compute_output_shape(self, input_shape):
        """(n, units)."""
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "units": self.units}
