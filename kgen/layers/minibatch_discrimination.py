"""Minibatch discrimination: a discriminator that sees how alike the images of a batch are."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("kgen")
class MinibatchDiscrimination(keras.layers.Layer):
    """Appends to each row how close it is to the others: Salimans et al. 2016, section 3.2.

    Each of the `kernels` maps a row to `dims` numbers `M_ib`; its output is the sum over all other
    rows `o_b = sum_j exp(-|M_ib - M_jb|_1)`, plus a bias that starts at -1. The maps have
    directions and scales of their own, as in weight normalisation, like the authors' code. Rows
    that are all alike give `o_b = n - 1`.

    In inference a row's output must not depend on its neighbours: there the closeness is a moving
    average of what training saw, as batch normalisation does it.

    Args:
        kernels: How many numbers are appended.
        dims: Length of the vectors compared.
        momentum: Of the moving average.

    Input shape (n, features); output (n, features + kernels).

    Raises:
        ValueError: For less than one kernel or dimension.

    Example:

        >>> layer = MinibatchDiscrimination(kernels=2, dims=3)
        >>> alike = layer(ops.ones((5, 4)), training=True)
        >>> [float(o) for o in alike[0]]  # 5 - 1 others, and the bias
        [1.0, 1.0, 1.0, 1.0, 3.0, 3.0]
    """

    def __init__(self, kernels: int = 100, dims: int = 5, momentum: float = 0.9, **kwargs):
        super().__init__(**kwargs)
        if kernels < 1 or dims < 1:
            raise ValueError(f"kernels and dims must be at least 1, got {kernels} and {dims}.")
        self.kernels = kernels
        self.dims = dims
        self.momentum = momentum

    def build(self, input_shape):
        """Makes the maps; with a scale of `exp(0)` their columns have length 1."""
        width = self.kernels * self.dims
        self.direction = self.add_weight(
            name="direction",
            shape=(input_shape[-1], width),
            initializer=keras.initializers.RandomNormal(0.0, 0.05),
        )
        self.log_scale = self.add_weight(name="log_scale", shape=(width,), initializer="zeros")
        self.bias = self.add_weight(
            name="bias", shape=(self.kernels,), initializer=keras.initializers.Constant(-1.0)
        )
        self.moving_closeness = self.add_weight(
            name="moving_closeness", shape=(self.kernels,), initializer="zeros", trainable=False
        )

    def call(self, inputs, training=False):
        """The rows with their closeness appended."""
        if training:
            closeness = self._closeness(inputs)
            mean = ops.cast(ops.mean(closeness, axis=0), self.moving_closeness.dtype)
            self.moving_closeness.assign(
                self.momentum * self.moving_closeness + (1 - self.momentum) * mean
            )
        else:
            # Zeros of the rows' shape, so that an open batch size stays open.
            shape = ops.zeros_like(inputs[:, :1])
            closeness = shape + ops.cast(self.moving_closeness, inputs.dtype)
        return ops.concatenate([inputs, closeness + self.bias], axis=-1)

    def _closeness(self, inputs):
        length = ops.sqrt(ops.sum(ops.square(self.direction), axis=0))
        maps = ops.matmul(inputs, self.direction * (ops.exp(self.log_scale) / length))
        maps = ops.reshape(maps, (-1, self.kernels, self.dims))
        distance = ops.sum(ops.abs(maps[:, None] - maps[None]), axis=-1)
        itself = ops.eye(ops.shape(inputs)[0], dtype=inputs.dtype)[:, :, None]
        return ops.sum(ops.exp(-distance) * (1 - itself), axis=1)

    def compute_output_shape(self, input_shape):
        """As many more features as kernels."""
        return (*input_shape[:-1], input_shape[-1] + self.kernels)

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "kernels": self.kernels,
            "dims": self.dims,
            "momentum": self.momentum,
        }
