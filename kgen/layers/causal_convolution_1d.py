"""The dilated causal convolution of WaveNet (van den Oord et al. 2016, section 2.1)."""

import keras
from keras import ops

from kgen.layers.causal import CausalLayer


@keras.saving.register_keras_serializable("kgen")
class CausalConv1D(CausalLayer):
    """A convolution of sequences that sees no sample to come.

    The output at t reads the samples t - shift - d (k - 1), ..., t - shift - d, t - shift, where k
    is the size of the kernel and d the dilation rate; before the sequence is zero. It is computed
    as one matrix product of those samples side by side.

    Drawn sample by sample, it remembers its last `shift + d (k - 1)` inputs in a ring, of which a
    step reads k and overwrites one. (Paine et al., *Fast Wavenet Generation Algorithm*, 2016.)

    Args:
        filters: Output channels.
        kernel_size: How many samples an output reads.
        dilation_rate: Their distance from one another.
        shift: 1 to leave out the sample itself, as the first layer of a network must.
        activation: As in Keras.
        use_bias: Whether to add one number per channel.
        kernel_initializer: As in Keras.

    Input shape (n, length, channels); output (n, length, filters).

    Raises:
        ValueError: For a kernel or a dilation below 1, or a shift that is not 0 or 1.

    Example:

        >>> layer = CausalConv1D(1, 2, dilation_rate=2, kernel_initializer="ones")
        >>> x = ops.reshape(ops.array([1.0, 2.0, 4.0, 8.0]), (1, 4, 1))
        >>> [float(v) for v in ops.ravel(layer(x))]
        [1.0, 2.0, 5.0, 10.0]
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int = 2,
        dilation_rate: int = 1,
        *,
        shift: int = 0,
        activation=None,
        use_bias: bool = True,
        kernel_initializer="glorot_uniform",
        **kwargs,
    ):
        super().__init__(**kwargs)
        if kernel_size < 1 or dilation_rate < 1:
            raise ValueError(
                f"kernel_size={kernel_size} and dilation_rate={dilation_rate} must be at least 1."
            )
        if shift not in (0, 1):
            raise ValueError(f"shift must be 0 or 1, got {shift}.")
        self.filters = filters
        self.kernel_size, self.dilation_rate, self.shift = kernel_size, dilation_rate, shift
        self.activation = keras.activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.hides_last_colour = shift == 1
        # How far back each tap of the kernel reads, the oldest first.
        self.lags = [shift + dilation_rate * tap for tap in reversed(range(kernel_size))]

    def build(self, input_shape):
        """Makes the kernel, (kernel_size, channels, filters) as Keras has it, and the bias."""
        self.kernel = self.add_weight(
            name="kernel",
            shape=(self.kernel_size, input_shape[-1], self.filters),
            initializer=self.kernel_initializer,
        )
        self.bias = (
            self.add_weight(name="bias", shape=(self.filters,), initializer="zeros")
            if self.use_bias
            else None
        )

    def call(self, inputs):
        """The convolution of whole sequences."""
        length, memory = ops.shape(inputs)[1], self.lags[0]
        x = ops.pad(inputs, ((0, 0), (memory, 0), (0, 0)))
        taps = [x[:, memory - lag : memory - lag + length] for lag in self.lags]
        return self._apply(taps, self.weights_to_step())

    def _apply(self, taps, weights):
        taps = taps[0] if len(taps) == 1 else ops.concatenate(taps, axis=-1)
        y = ops.matmul(taps, weights["kernel"])
        return self.activation(y if weights["bias"] is None else y + weights["bias"])

    # ---- sample by sample ----------------------------------------------------------------------

    def weights_to_step(self, kernel=None):
        """The kernel as a matrix, and the bias."""
        kernel = ops.convert_to_tensor(self.kernel) if kernel is None else kernel
        kernel = ops.reshape(kernel, (-1, self.filters))
        return {
            "kernel": ops.cast(kernel, self.compute_dtype),
            "bias": None if self.bias is None else ops.cast(self.bias, self.compute_dtype),
        }

    def first_carry(self, n):
        """The ring, (memory, n, 1, channels), of zeros; nothing for a kernel without memory."""
        shape = (self.lags[0], n, 1, self.kernel.shape[1])
        return (ops.zeros(shape, self.compute_dtype),) if self.lags[0] else ()

    def step(self, weights, context, carry, x, row, column):
        """One sample (n, 1, channels)."""
        x = ops.cast(x, self.compute_dtype)
        if not carry:
            return self._apply([x], weights), ()
        ring, size = carry[0], self.lags[0]
        taps = [ops.take(ring, (column - lag) % size, axis=0) if lag else x for lag in self.lags]
        ring = ops.slice_update(ring, (column % size, 0, 0, 0), x[None])
        return self._apply(taps, weights), (ring,)

    # ---- Keras ---------------------------------------------------------------------------------

    def compute_output_shape(self, input_shape):
        """Of the input, with `filters` channels."""
        return (*input_shape[:-1], self.filters)

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "dilation_rate": self.dilation_rate,
            "shift": self.shift,
            "activation": keras.activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }
