"""Minibatch standard deviation: one map that shows how much the images of a batch vary."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("kgen")
class MinibatchStandardDeviation(keras.layers.Layer):
    """Appends the mean standard deviation over a group as a channel: Karras et al. 2018, section 3.

    The batch is parted into groups; of each group the standard deviation of every feature at every
    place is taken over its images and averaged to one number, which fills the new channel. Images
    that are all alike give 0.

    In inference an image's output must not depend on its neighbours: there the number is a moving
    average of what training saw, as batch normalisation does it.

    Args:
        group_size: Images in a group; `None` is the whole batch, as in the paper. The authors' code
            has 4 or 16. Image `i` is with `i + k`, `i + 2 k`, ... where there are `k` groups.
        momentum: Of the moving average.

    Input shape (n, height, width, channels), in training with n a multiple of the group size;
    output (n, height, width, channels + 1).

    Raises:
        ValueError: For a group of less than two, or a batch that is no multiple of it.

    Example:

        >>> images = ops.reshape(ops.array([0.0, 4.0, 2.0, 2.0]), (4, 1, 1, 1))
        >>> outputs = MinibatchStandardDeviation(2)(images, training=True)  # groups 0, 2 and 4, 2
        >>> [float(y) for y in outputs[:, 0, 0, 1]]
        [1.0, 1.0, 1.0, 1.0]
    """

    def __init__(self, group_size: int | None = 4, momentum: float = 0.9, **kwargs):
        super().__init__(**kwargs)
        if group_size is not None and group_size < 2:
            raise ValueError(f"group_size must be at least 2 or None, got {group_size}.")
        self.group_size = group_size
        self.momentum = momentum

    def build(self, input_shape):
        """Makes room for the moving average."""
        self.moving_deviation = self.add_weight(
            name="moving_deviation", shape=(), initializer="zeros", trainable=False
        )

    def call(self, inputs, training=False):
        """The images with their channel appended."""
        if training:
            deviation = self._deviation(inputs)
            mean = ops.cast(ops.mean(deviation), self.moving_deviation.dtype)
            self.moving_deviation.assign(
                self.momentum * self.moving_deviation + (1 - self.momentum) * mean
            )
        else:
            deviation = ops.cast(self.moving_deviation, inputs.dtype)
        channel = ops.zeros_like(inputs[..., :1]) + deviation
        return ops.concatenate([inputs, channel], axis=-1)

    def _deviation(self, inputs):
        """One number for each image, (n, 1, 1, 1)."""
        n = ops.shape(inputs)[0]
        size = self.group_size or n
        if isinstance(n, int) and n % size:
            raise ValueError(
                f"a batch of {n} cannot be parted into groups of {size}: choose another batch_size."
            )
        groups = ops.reshape(inputs, (size, -1, *inputs.shape[1:]))
        variance = ops.mean(ops.square(groups - ops.mean(groups, axis=0)), axis=0)
        # The root has no gradient at 0, where a group is all alike.
        varies = variance > 0
        deviation = ops.where(varies, ops.sqrt(ops.where(varies, variance, 1.0)), 0.0)
        each = ops.mean(deviation, axis=(1, 2, 3), keepdims=True)
        return ops.tile(each, (size, 1, 1, 1))

    def compute_output_shape(self, input_shape):
        """One channel more."""
        return (*input_shape[:-1], input_shape[-1] + 1)

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "group_size": self.group_size,
            "momentum": self.momentum,
        }
