"""Spectral normalisation: a kernel divided by its largest singular value."""

import keras
from keras import ops

from kgen.layers.kernels import as_matrix, call_with, channel_axis, kernel_of

_AT_FIRST = 20  # steps of the power method at building


@keras.saving.register_keras_serializable("kgen")
class SpectralNormalization(keras.layers.Wrapper):
    """Runs a layer with the kernel `W / sigma(W)`: Miyato et al. 2018, section 2 and algorithm 1.

    `sigma = v' W u` is the largest singular value of the kernel as a matrix (everything else,
    output channels), with `u` and `v` from the power method, which goes on by `power_iterations`
    at each call in training. For a convolution this is the paper's matrix, not the norm of the
    convolution as an operator.

    The kernel itself stays as it is: gradients reach it through both `W` and `sigma`, with `u` and
    `v` held constant. Keras's layer of this name instead overwrites the kernel in the forward pass,
    before the gradient.

    Args:
        layer: A Dense, Conv, ConvTranspose or Embedding layer.
        power_iterations: Steps of the power method at each call in training.

    Raises:
        ValueError: If `power_iterations` is below 1; at building, for a layer without a kernel.

    Example:

        >>> layer = SpectralNormalization(keras.layers.Dense(2, use_bias=False))
        >>> layer.build((None, 2))
        >>> _ = layer.layer.kernel.assign([[3.0, 0.0], [0.0, 1.0]])
        >>> for _ in range(20):
        ...     outputs = layer(ops.array([[3.0, 3.0]]), training=True)
        >>> [round(float(y), 3) for y in outputs[0]]
        [3.0, 1.0]
    """

    def __init__(self, layer: keras.layers.Layer, power_iterations: int = 1, **kwargs):
        super().__init__(layer, **kwargs)
        if power_iterations < 1:
            raise ValueError(f"power_iterations must be at least 1, got {power_iterations}.")
        self.power_iterations = power_iterations

    def build(self, input_shape):
        """Builds the layer, and its `u` and `v`: random, then brought near to the kernel's."""
        super().build(input_shape)
        self._axis = channel_axis(self.layer)
        shape = tuple(kernel_of(self.layer).shape)
        channels = shape[self._axis]
        rest = 1
        for size in shape:
            rest *= size
        self.left = self._vector("left", rest // channels)
        self.right = self._vector("right", channels)
        # An untrained layer is used as well: to look at, and in the first generator's step.
        self._iterate(as_matrix(ops.cast(kernel_of(self.layer), "float32"), self._axis), _AT_FIRST)

    def _vector(self, name, size):
        return self.add_weight(
            name=name,
            shape=(size,),
            initializer="random_normal",
            trainable=False,
            dtype="float32",
            autocast=False,
        )

    def call(self, inputs, training=False):
        """The layer's output with its normalised kernel."""
        kernel = ops.convert_to_tensor(kernel_of(self.layer))
        matrix = as_matrix(ops.cast(kernel, "float32"), self._axis)
        if training:
            self._iterate(matrix, self.power_iterations)
        sigma = ops.sum(self.left.value * ops.matmul(matrix, self.right.value))
        sigma = ops.where(sigma > 0, sigma, 1.0)  # a kernel of zeros stays one
        normalized = kernel / ops.cast(sigma, kernel.dtype)
        return call_with(self.layer, {id(kernel_of(self.layer)): normalized}, inputs)

    def _iterate(self, matrix, times):
        matrix = ops.stop_gradient(matrix)
        left, right = self.left.value, self.right.value
        for _ in range(times):
            left = _unit(ops.matmul(matrix, right), left)
            right = _unit(ops.matmul(left, matrix), right)
        self.left.assign(left)
        self.right.assign(right)

    def compute_output_shape(self, input_shape):
        """The layer's."""
        return self.layer.compute_output_shape(input_shape)

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "power_iterations": self.power_iterations}


def _unit(vector, otherwise):
    length = ops.norm(vector)
    return ops.where(length > 0, vector / ops.where(length > 0, length, 1.0), otherwise)
