"""Convolutions that see only pixels before: van den Oord et al. 2016; Salimans et al. 2017."""

import keras
from keras import ops

from kgen.layers.causal import CausalLayer, as_row

_COLUMNS = ("centred", "left")


@keras.saving.register_keras_serializable("kgen")
class CausalConv2D(CausalLayer):
    """A convolution whose kernel lies above and to the left of the output's pixel.

    The output at (r, c) reads the rows r - down - (height - 1) ... r - down, and the columns
    c - width // 2 ... c + width // 2 (`"centred"`) or c - right - (width - 1) ... c - right
    (`"left"`); outside of the image is zero. A centred kernel with `down=0` sees pixels to the
    right in its own row, and is causal only on maps that depend on rows above alone, as in the
    vertical stack of a Gated PixelCNN.

    These are the down-shifted ("centred") and down-right-shifted ("left") convolutions of
    PixelCNN++, where `down=1` or `right=1` is the shift before the first of them. (The authors
    shift the output and leave a border of zeros, where this shifts the input.)

    Args:
        filters: Output channels.
        kernel_size: (height, width); the width is odd for a centred kernel.
        columns: `"centred"` or `"left"`.
        down: 1 to leave out the pixel's own row.
        right: 1 to leave out the pixel's own column, for `"left"`.
        strides: 2 gives every other row and column.
        activation: As in Keras.
        use_bias: Whether to add one number per channel.
        kernel_initializer: As in Keras.

    Input shape (n, height, width, channels); output (n, height / strides, width / strides,
    filters).

    Raises:
        ValueError: For an even centred kernel, a shift that is not 0 or 1, or strides with a shift.

    Example:

        >>> left = CausalConv2D(1, (1, 2), "left", right=1, kernel_initializer="ones")
        >>> x = ops.reshape(ops.array([1.0, 2.0, 4.0]), (1, 1, 3, 1))
        >>> [float(v) for v in ops.ravel(left(x))]
        [0.0, 1.0, 3.0]
    """

    takes_rows = True

    def __init__(
        self,
        filters: int,
        kernel_size: tuple[int, int],
        columns: str = "centred",
        *,
        down: int = 0,
        right: int = 0,
        strides: int = 1,
        activation=None,
        use_bias: bool = True,
        kernel_initializer="glorot_uniform",
        **kwargs,
    ):
        super().__init__(**kwargs)
        height, width = kernel_size
        if columns not in _COLUMNS:
            raise ValueError(f"columns must be one of {_COLUMNS}, got {columns!r}.")
        if min(height, width) < 1 or (columns == "centred" and width % 2 == 0):
            raise ValueError(f"a {columns} kernel cannot have the size {tuple(kernel_size)}.")
        if down not in (0, 1) or right not in (0, 1) or (right and columns == "centred"):
            raise ValueError(f"a {columns} kernel cannot be shifted by down={down}, right={right}.")
        if strides > 1 and (down or right):
            raise ValueError("strides do not go with a shift.")
        self.filters = filters
        self.kernel_size = (height, width)
        self.columns = columns
        self.down, self.right = down, right
        self.strides = strides
        self.activation = keras.activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.strictly_above = down == 1
        self.hides_last_colour = down == 1 or right == 1
        # How far the kernel reaches to the left, and to the right (-1: not even its own column).
        self.before = width // 2 if columns == "centred" else width - 1 + right
        self.after = width // 2 if columns == "centred" else -right
        self.rows_above = height - 1 + down

    def build(self, input_shape):
        """Makes the kernel and the bias."""
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, input_shape[-1], self.filters),
            initializer=self.kernel_initializer,
        )
        self.bias = (
            self.add_weight(name="bias", shape=(self.filters,), initializer="zeros")
            if self.use_bias
            else None
        )

    @property
    def reads_the_right(self) -> bool:
        """Whether the output depends on pixels to its right, in its own row of the input."""
        return self.down == 0 and self.after > 0

    def causal_kernel(self):
        """The kernel as it is used."""
        return ops.convert_to_tensor(self.kernel)

    def call(self, inputs):
        """The convolution of whole images."""
        x = inputs[:, : -self.down] if self.down else inputs
        x = self._pad_columns(x)
        x = ops.pad(x, ((0, 0), (self.rows_above, 0), (0, 0), (0, 0)))
        kernel = ops.cast(self.causal_kernel(), self.compute_dtype)
        return self._finish(ops.conv(x, kernel, self.strides, "valid"), self._bias())

    def _pad_columns(self, x):
        if self.after < 0:
            x = x[:, :, : self.after]
        return ops.pad(x, ((0, 0), (0, 0), (self.before, max(self.after, 0)), (0, 0)))

    def _bias(self):
        return None if self.bias is None else ops.cast(self.bias, self.compute_dtype)

    def _finish(self, x, bias):
        return self.activation(x if bias is None else x + bias)

    # ---- pixel by pixel ------------------------------------------------------------------------

    def weights_to_step(self, kernel=None):
        """The kernel in two parts: the rows above, and what is left in the pixel's own row."""
        kernel = self.causal_kernel() if kernel is None else kernel
        kernel = ops.cast(kernel, self.compute_dtype)
        own = kernel[-1, : self.before + 1]
        return {
            "whole": kernel,
            "above": kernel if self.down else kernel[:-1],
            "own": ops.reshape(own, (-1, self.filters)),
            "bias": self._bias(),
        }

    def first_memory(self, n, width):
        """Rows of zeros."""
        shape = (n, self.rows_above, width, self.kernel.shape[2])
        return (ops.zeros(shape, self.compute_dtype),) if self.rows_above else ()

    def begin_row(self, weights, memory, row):
        """The rows above, convolved; none for a kernel of one row."""
        if not memory:
            return ()
        above = ops.conv(self._pad_columns(memory[0]), weights["above"], 1, "valid")
        return (self._finish(above, weights["bias"]) if self.strictly_above else above,)

    def first_carry(self, n):
        """As many pixels of zeros as the kernel reaches to the left, and at least one."""
        shape = (n, 1, max(self.before, 1), self.kernel.shape[2])
        return (ops.zeros(shape, self.compute_dtype),)

    def step(self, weights, context, carry, x, row, column):
        """The kernel's last row, up to the pixel itself."""
        x = ops.cast(x, self.compute_dtype)
        pixels = ops.concatenate([carry[0], x], axis=2)
        width = self.before + 1 + min(self.after, 0)
        first = carry[0].shape[2] - self.before
        window = pixels[:, :, first : first + width]
        y = ops.matmul(ops.reshape(window, (-1, width * x.shape[-1])), weights["own"])
        y = ops.reshape(y, (-1, 1, 1, self.filters))
        return self._finish(y + context[0] if context else y, weights["bias"]), (pixels[:, :, 1:],)

    def end_row(self, weights, memory, carries):
        """Takes in the row that the carries end with."""
        return self._push(memory, as_row(carries[0][..., -1:, :])) if memory else memory

    def whole_row(self, weights, memory, x, row):
        """A row of a map that is known a row at a time."""
        x = ops.cast(x, self.compute_dtype)
        rows = ops.concatenate([*memory, x], axis=1)
        # A stride skips rows as well: those are computed, and not asked for.
        y = ops.conv(self._pad_columns(rows), weights["whole"], (1, self.strides), "valid")
        return self._finish(y, weights["bias"]), self._push(memory, x)

    def _push(self, memory, x):
        return (ops.concatenate([memory[0][:, 1:], x], axis=1),) if memory else ()

    # ---- Keras ---------------------------------------------------------------------------------

    def compute_output_shape(self, input_shape):
        """Of the input, divided by the strides."""
        n, *size, _ = input_shape
        size = [None if side is None else -(-side // self.strides) for side in size]
        return (n, *size, self.filters)

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "columns": self.columns,
            "down": self.down,
            "right": self.right,
            "strides": self.strides,
            "activation": keras.activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }
