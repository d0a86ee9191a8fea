"""A convolution in groups that trains on a CPU."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("kgen")
class GroupedConv2D(keras.layers.Conv2D):
    """Keras's convolution in groups, 3x3 and of stride 1, also where TensorFlow has none.

    TensorFlow lacks its gradient on a CPU, and Keras compiles each call by itself with XLA instead,
    which takes seconds a layer. There this one is a product of matrices: all neighbours of a place,
    group by group, times the kernel. Elsewhere it is Keras's own.

    Args:
        filters: Output channels.
        groups: How many; must divide the channels of input and output.
        **kwargs: Passed to `keras.layers.Conv2D`.

    Input shape (n, height, width, channels); output (n, height, width, filters).

    Example:

        >>> tuple(GroupedConv2D(6, groups=2)(ops.ones((1, 5, 5, 4))).shape)
        (1, 5, 5, 6)
    """

    def __init__(self, filters: int, groups: int, **kwargs):
        super().__init__(filters, **{"kernel_size": 3, "padding": "same", **kwargs}, groups=groups)

    def call(self, inputs):
        """The convolution."""
        if keras.backend.backend() != "tensorflow" or keras.distribution.list_devices("gpu"):
            return super().call(inputs)
        n, height, width, channels = ops.shape(inputs)
        padded = ops.pad(inputs, ((0, 0), (1, 1), (1, 1), (0, 0)))
        groups = (n, height + 2, width + 2, self.groups, channels // self.groups)
        padded = ops.reshape(padded, groups)
        neighbours = [padded[:, i : i + height, j : j + width] for i in range(3) for j in range(3)]
        kernel = ops.cast(self.kernel, inputs.dtype)
        kernel = ops.reshape(kernel, (-1, self.groups, self.filters // self.groups))
        made = ops.einsum("nhwgk,kgd->nhwgd", ops.concatenate(neighbours, axis=-1), kernel)
        made = ops.reshape(made, (n, height, width, self.filters))
        return made if self.bias is None else made + ops.cast(self.bias, made.dtype)
