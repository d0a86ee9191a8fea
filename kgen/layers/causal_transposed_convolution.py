"""The convolution that doubles a map's size without looking ahead (Salimans et al. 2017)."""

import keras
from keras import ops

from kgen.layers.causal import CausalLayer


@keras.saving.register_keras_serializable("kgen")
class CausalConv2DTranspose(CausalLayer):
    """Each pixel of a map becomes two by two, from that pixel and (if centred) its neighbours.

    The transposed down-shifted (`"centred"`, 2x3) and down-right-shifted (`"left"`, 2x2)
    convolutions of stride 2 of PixelCNN++. Row R makes the rows 2R and 2R + 1; a centred kernel
    spreads column C over 2C - 1 ... 2C + 1, so it is causal only on maps that depend on rows above.

    Args:
        filters: Output channels.
        columns: `"centred"` or `"left"`.
        activation: As in Keras.
        use_bias: Whether to add one number per channel.
        kernel_initializer: As in Keras.

    Input shape (n, height, width, channels); output (n, 2 height, 2 width, filters).

    Raises:
        ValueError: For an unknown kind of columns.

    Example:

        >>> layer = CausalConv2DTranspose(1, kernel_initializer="ones")
        >>> x = ops.reshape(ops.array([1.0, 5.0]), (1, 1, 2, 1))
        >>> [float(v) for v in ops.ravel(layer(x)[0, 0])]
        [1.0, 6.0, 5.0, 5.0]
    """

    takes_rows = True

    def __init__(
        self,
        filters: int,
        columns: str = "centred",
        *,
        activation=None,
        use_bias: bool = True,
        kernel_initializer="glorot_uniform",
        **kwargs,
    ):
        super().__init__(**kwargs)
        if columns not in ("centred", "left"):
            raise ValueError(f"columns must be 'centred' or 'left', got {columns!r}.")
        self.filters = filters
        self.columns = columns
        self.activation = keras.activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape):
        """Makes the kernel, (2, width, filters, channels) as Keras has transposed ones."""
        width = 3 if self.columns == "centred" else 2
        self.kernel = self.add_weight(
            name="kernel",
            shape=(2, width, self.filters, input_shape[-1]),
            initializer=self.kernel_initializer,
        )
        self.bias = (
            self.add_weight(name="bias", shape=(self.filters,), initializer="zeros")
            if self.use_bias
            else None
        )

    @property
    def reads_the_right(self) -> bool:
        """Whether the output depends on pixels to its right."""
        return self.columns == "centred"

    def call(self, inputs):
        """The map at twice the size."""
        return self._double(inputs, self.weights_to_step())

    def _double(self, x, weights):
        y = ops.conv_transpose(x, weights["kernel"], 2, "valid")
        if self.columns == "centred":  # the column left of the first, and the one right of the last
            y = y[:, :, 1:]
        y = y[:, :, : 2 * x.shape[2]]
        return self.activation(y if weights["bias"] is None else y + weights["bias"])

    # ---- pixel by pixel ------------------------------------------------------------------------

    def weights_to_step(self, kernel=None):
        """The kernel and the bias."""
        kernel = self.kernel if kernel is None else kernel
        return {
            "kernel": ops.cast(kernel, self.compute_dtype),
            "bias": None if self.bias is None else ops.cast(self.bias, self.compute_dtype),
        }

    def first_memory(self, n, width):
        """The second of two rows."""
        return (ops.zeros((n, 1, 2 * width, self.filters), self.compute_dtype),)

    def begin_row(self, weights, memory, row):
        """What an odd row will be."""
        return memory

    def first_carry(self, n):
        """The two by two pixels made last."""
        return (ops.zeros((n, 2, 2, self.filters), self.compute_dtype),)

    def step(self, weights, context, carry, x, row, column):
        """One of the four pixels that one of the input makes; those to come are kept."""
        made = self._double(ops.cast(x, self.compute_dtype), weights)
        block = ops.where(column % 2 == 0, made, carry[0])
        even = ops.where(column % 2 == 0, block[:, :1, :1], block[:, :1, 1:])
        return ops.where(row % 2 == 0, even, context[0]), (block,)

    def end_row(self, weights, memory, carries):
        """After an even row, the odd one that it has made."""
        second = carries[0][:, :, 1]  # (2 width, n, 2, filters): each block is there twice
        pairs = ops.transpose(second[1::2], (1, 0, 2, 3))
        return (ops.reshape(pairs, (-1, 1, 2 * pairs.shape[1], self.filters)),)

    def whole_row(self, weights, memory, x, row):
        """Of an even row, the first of the two rows that it makes; the second is kept."""
        two = self._double(ops.cast(x, self.compute_dtype), weights)
        even = row % 2 == 0
        return ops.where(even, two[:, :1], memory[0]), (ops.where(even, two[:, 1:], memory[0]),)

    # ---- Keras ---------------------------------------------------------------------------------

    def compute_output_shape(self, input_shape):
        """Twice the size."""
        n, *size, _ = input_shape
        return (n, *(None if side is None else 2 * side for side in size), self.filters)

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "columns": self.columns,
            "activation": keras.activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }
