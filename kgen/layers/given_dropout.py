"""Dropout by noise that is given."""

import math

import keras
from keras import ops


@keras.saving.register_keras_serializable("kgen")
class GivenDropout(keras.layers.Layer):
    """Drops what given uniform numbers say, so that the noise is an input of the network.

    In training mode `x` is zero where its number is below `rate`, and `x / (1 - rate)` elsewhere;
    in inference mode nothing is dropped and the noise is not looked at. Several layers can share
    one vector of noise, each with a place of its own in it.

    Args:
        rate: The share of the numbers to drop, in [0, 1).
        start: Where in the vector of noise this layer's numbers begin.
        **kwargs: Passed to the layer.

    Raises:
        ValueError: If the rate is not in [0, 1), or the noise too short.

    Example:

        >>> layer = GivenDropout(0.5, start=1)
        >>> noise = ops.convert_to_tensor([[0.0, 0.4, 0.6, 0.5]])
        >>> layer(ops.ones((1, 3)), noise, training=True).numpy().tolist()
        [[0.0, 2.0, 2.0]]
        >>> layer(ops.ones((1, 3)), noise).numpy().tolist()
        [[1.0, 1.0, 1.0]]
    """

    def __init__(self, rate: float, start: int = 0, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= rate < 1:
            raise ValueError(f"rate must lie in [0, 1), got {rate}.")
        self.rate, self.start = rate, start

    def build(self, x_shape, noise_shape):
        """Checks that the noise reaches."""
        needed = self.start + math.prod(x_shape[1:])
        if noise_shape[-1] < needed:
            raise ValueError(f"the noise has {noise_shape[-1]} numbers, {needed} are needed.")
        self.built = True

    def compute_output_shape(self, x_shape, noise_shape):
        """That of `x`."""
        return x_shape

    def call(self, x, noise, training=False):
        """Drops numbers of `x` (n, ...) by `noise` (n, at least start + all of x's)."""
        if not training:
            return x
        size = math.prod(x.shape[1:])
        mine = ops.reshape(noise[:, self.start : self.start + size], (-1, *x.shape[1:]))
        kept = ops.cast(mine >= self.rate, x.dtype)
        return x * kept / (1 - self.rate)

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "rate": self.rate, "start": self.start}
