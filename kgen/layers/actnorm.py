"""Actnorm: a scale and a shift for each channel, first set from data (Kingma & Dhariwal 2018)."""

import math

import keras
from keras import ops

from kgen.layers.bijection import Bijection
from kgen.layers.data_dependent import DataDependent

# The authors' code learns a third of the log-scale, so that it moves thrice as fast.
GAIN = 3.0


@keras.saving.register_keras_serializable("kgen")
class ActNorm(DataDependent, Bijection):
    """`y = (x + bias) * scale`, a number for each channel (last axis).

    Kingma & Dhariwal, *Glow*, 2018, section 3.1. `kgen.layers.initialize_from_data` sets both so
    that each channel of `y` has mean 0 and variance 1 on a first batch; from then on they are
    trained as any weight. `log |det dy/dx|` is the number of positions times `sum(log scale)`.

    Args:
        data_dependent: Whether the layer takes part in that initialisation. What follows the last,
            zero convolutions of the authors' networks does not.

    Example:

        >>> from kgen.layers import initialize_from_data
        >>> layer = ActNorm()
        >>> network = keras.Sequential([keras.Input((1,)), layer])
        >>> x = ops.array([[1.0], [5.0]])
        >>> _ = initialize_from_data(network, x)
        >>> y, log_det = layer(x)
        >>> [round(float(v), 3) for v in ops.ravel(y)], round(float(log_det), 3)
        ([-1.0, 1.0], -0.693)
    """

    def __init__(self, data_dependent: bool = True, **kwargs):
        super().__init__(**kwargs)
        self.data_dependent = data_dependent

    def build(self, input_shape):
        """A bias and a log-scale of zeros."""
        shape = (input_shape[-1],)
        self.bias = self.add_weight(name="bias", shape=shape, initializer="zeros")
        self.log_scale = self.add_weight(name="log_scale", shape=shape, initializer="zeros")

    def call(self, x):
        """`(y, log_det)`; the log-determinant is the same for all examples."""
        if self.from_data and self.data_dependent:
            mean, variance = ops.moments(x, axes=list(range(len(x.shape) - 1)))
            self.bias.assign(-mean)
            self.log_scale.assign(-ops.log(ops.sqrt(variance) + 1e-6) / GAIN)
        log_scale = GAIN * self.log_scale
        log_det = math.prod(x.shape[1:-1]) * ops.sum(log_scale)
        return (x + self.bias) * ops.exp(log_scale), log_det

    def inverse(self, y):
        """The `x` whose `y` it is."""
        return y * ops.exp(-GAIN * self.log_scale) - self.bias

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "data_dependent": self.data_dependent}
