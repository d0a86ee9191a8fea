"""Weight normalisation: a kernel's direction and its length as parameters of their own."""

import keras
from keras import ops

from kgen.layers.data_dependent import DataDependent
from kgen.layers.kernels import call_with, channel_axis, kernel_of, linear


@keras.saving.register_keras_serializable("kgen")
class WeightNormalization(DataDependent, keras.layers.Wrapper):
    """Runs a layer with the kernel `scale * v / |v|`: Salimans & Kingma 2016, eq. 2.

    The norm is over all that leads to one output channel. The wrapped layer's own kernel is the
    direction `v`; `scale` has one number a channel.

    `kgen.layers.initialize_from_data` (their section 3) sets scale and bias so that the layer's
    output, before its activation, has mean 0 and the standard deviation `initial_deviation` on a
    first batch.

    Args:
        layer: A Dense, Conv or ConvTranspose layer.
        train_scale: Whether the scale is learned. Salimans et al. 2016 fix it in all but the last
            layer of their discriminators.
        initial_deviation: What the data-dependent initialisation aims at; `None` leaves the layer
            out of it.

    Raises:
        ValueError: At building, for a layer without a kernel.

    Example:

        >>> layer = WeightNormalization(keras.layers.Dense(1, use_bias=False))
        >>> layer.build((None, 2))
        >>> _ = layer.layer.kernel.assign([[3.0], [4.0]])  # the direction (0.6, 0.8), scale 1
        >>> round(float(layer(ops.array([[5.0, 10.0]]))[0, 0]), 4)
        11.0
    """

    def __init__(
        self,
        layer: keras.layers.Layer,
        train_scale: bool = True,
        initial_deviation: float | None = 1.0,
        **kwargs,
    ):
        super().__init__(layer, **kwargs)
        self.train_scale = train_scale
        self.initial_deviation = initial_deviation

    def build(self, input_shape):
        """Builds the layer, and a scale of ones."""
        super().build(input_shape)
        kernel = kernel_of(self.layer)
        self._axis = channel_axis(self.layer)
        self.scale = self.add_weight(
            name="scale",
            shape=(kernel.shape[self._axis],),
            initializer="ones",
            trainable=self.train_scale,
        )

    def call(self, inputs):
        """The layer's output with its normalised kernel."""
        if self.from_data and self.initial_deviation is not None:
            self._set_scale_and_bias(inputs)
        return call_with(self.layer, {id(kernel_of(self.layer)): self.kernel()}, inputs)

    def kernel(self):
        """The normalised kernel."""
        direction = ops.convert_to_tensor(kernel_of(self.layer))
        scale = ops.convert_to_tensor(self.scale)
        others = [i for i in range(len(direction.shape)) if i - len(direction.shape) != self._axis]
        length = ops.sqrt(ops.sum(ops.square(direction), axis=others, keepdims=True))
        return direction * (ops.reshape(scale, _like(length.shape, self._axis)) / length)

    def _set_scale_and_bias(self, inputs):
        """Salimans & Kingma 2016, eqs. 5 and 6; only outside of a compiled function."""
        bias = getattr(self.layer, "bias", None)
        self.scale.assign(ops.ones_like(self.scale.value))
        if bias is not None:
            bias.assign(ops.zeros_like(bias.value))
        with linear(self.layer):
            raw = call_with(self.layer, {id(kernel_of(self.layer)): self.kernel()}, inputs)
        mean, variance = ops.moments(raw, axes=list(range(len(raw.shape) - 1)))
        # A unit that is constant on the batch keeps its scale.
        deviation = ops.where(variance > 0, ops.sqrt(variance), self.initial_deviation)
        self.scale.assign(self.initial_deviation / deviation)
        if bias is not None:
            bias.assign(-mean * self.initial_deviation / deviation)

    def compute_output_shape(self, input_shape):
        """The layer's."""
        return self.layer.compute_output_shape(input_shape)

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "train_scale": self.train_scale,
            "initial_deviation": self.initial_deviation,
        }


def _like(shape, axis):
    return tuple(-1 if i - len(shape) == axis else 1 for i in range(len(shape)))
