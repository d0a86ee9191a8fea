"""Equalised learning rate: He's constant at run time instead of in the initial weights."""

import math

import keras
from keras import ops

from kgen.layers.kernels import call_with, channel_axis, kernel_of


@keras.saving.register_keras_serializable("kgen")
class EqualizedLearningRate(keras.layers.Wrapper):
    """Runs a layer with the kernel `W * gain / sqrt(fan_in)`, W from N(0, 1): Karras et al. 2018.

    Section 4.1. An optimizer whose steps do not depend on the scale of the gradient, such as Adam,
    then moves all weights at the same speed relative to their range. The output has the variance
    `gain^2` times the mean square of the input, and the gradient with respect to W is the usual one
    times the same constant. The bias stays as it is.

    Args:
        layer: A Dense, Conv or ConvTranspose layer. Its kernel starts from N(0, 1), whatever its
            own initializer is.
        gain: sqrt(2) before (leaky) ReLU, 1 where nothing follows.

    Raises:
        ValueError: At building, for a layer without a kernel.

    Example:

        >>> layer = EqualizedLearningRate(keras.layers.Dense(1), gain=1.0)
        >>> layer.build((None, 4))
        >>> _ = layer.layer.kernel.assign([[1.0], [2.0], [3.0], [4.0]])
        >>> float(layer(ops.ones((1, 4)))[0, 0])
        5.0
    """

    def __init__(self, layer: keras.layers.Layer, gain: float = math.sqrt(2), **kwargs):
        super().__init__(layer, **kwargs)
        self.gain = gain
        layer.kernel_initializer = keras.initializers.RandomNormal(0.0, 1.0)

    def build(self, input_shape):
        """Builds the layer."""
        super().build(input_shape)
        shape = kernel_of(self.layer).shape
        fan_in = math.prod(shape) // shape[channel_axis(self.layer)]
        self.scale = self.gain / math.sqrt(fan_in)

    def call(self, inputs):
        """The layer's output with its scaled kernel."""
        kernel = ops.convert_to_tensor(kernel_of(self.layer))
        return call_with(self.layer, {id(kernel_of(self.layer)): kernel * self.scale}, inputs)

    def compute_output_shape(self, input_shape):
        """The layer's."""
        return self.layer.compute_output_shape(input_shape)

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "gain": self.gain}
