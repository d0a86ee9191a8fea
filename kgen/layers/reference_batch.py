"""A fixed batch that travels through a network beside every other one."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("kgen")
class ReferenceBatch(keras.layers.Layer):
    """Puts a fixed batch before the rows of its input: Salimans et al. 2016, section 3.4.

    Stand it at the beginning of a network, `VirtualBatchNormalization` or
    `ReferenceBatchNormalization` of the same `size` inside, and `DropReference` at the end. All
    other layers treat the rows of the reference like any others, so that the reference has its own
    activations at every depth. Layers that mix the rows of a batch would mix it in: leave these
    outside.

    The reference is a weight that is not trained: drawn at building, saved with the network, set by
    `layer.reference.assign(images)`. A generator's is a batch of latents.

    Args:
        size: Rows of the reference.
        initializer: What it is drawn from: N(0, 1) if `None`.

    Input shape (n, ...), all but n fixed; output (size + n, ...).

    Example:

        >>> from kgen.layers import VirtualBatchNormalization
        >>> latents = keras.Input((3,))
        >>> x = ReferenceBatch(8)(latents)
        >>> x = VirtualBatchNormalization(8)(keras.layers.Dense(4)(x))
        >>> network = keras.Model(latents, DropReference(8)(x))
        >>> tuple(network(ops.ones((2, 3))).shape)
        (2, 4)
    """

    def __init__(self, size: int, initializer=None, **kwargs):
        super().__init__(**kwargs)
        _check(size)
        self.size = size
        self.initializer = keras.initializers.get(
            initializer or keras.initializers.RandomNormal(0.0, 1.0)
        )

    def build(self, input_shape):
        """Draws the reference."""
        self.reference = self.add_weight(
            name="reference",
            shape=(self.size, *input_shape[1:]),
            initializer=self.initializer,
            trainable=False,
        )

    def call(self, inputs):
        """The reference, then the inputs."""
        reference = ops.cast(self.reference, inputs.dtype)
        return ops.concatenate([reference, inputs], axis=0)

    def compute_output_shape(self, input_shape):
        """The rows of both."""
        n = input_shape[0]
        return (None if n is None else n + self.size, *input_shape[1:])

    def get_config(self) -> dict:
        """The constructor's arguments."""
        initializer = keras.initializers.serialize(self.initializer)
        return {**super().get_config(), "size": self.size, "initializer": initializer}


@keras.saving.register_keras_serializable("kgen")
class DropReference(keras.layers.Layer):
    """Takes the first `size` rows away, which `ReferenceBatch` put there.

    Args:
        size: Rows of the reference.

    Example:

        >>> [float(x) for x in DropReference(2)(ops.arange(5.0))]
        [2.0, 3.0, 4.0]
    """

    def __init__(self, size: int, **kwargs):
        super().__init__(**kwargs)
        _check(size)
        self.size = size
        self.built = True

    def call(self, inputs):
        """The other rows."""
        return inputs[self.size :]

    def compute_output_shape(self, input_shape):
        """Fewer rows."""
        n = input_shape[0]
        return (None if n is None else n - self.size, *input_shape[1:])

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "size": self.size}


def _check(size):
    if size < 1:
        raise ValueError(f"size must be at least 1, got {size}.")
