"""Batch normalisation that looks at a reference batch instead of at the neighbours."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("kgen")
class VirtualBatchNormalization(keras.layers.Layer):
    """Normalises each example by a reference batch and itself: Salimans et al. 2016, section 3.4.

    The first `size` rows of the input are the reference (`ReferenceBatch` puts them there). It is
    normalised by its own mean and variance. Every other example is normalised by the mean and
    variance of the reference and that example together, in which the example weighs
    `1 / (size + 1)`. So no output depends on the other examples of its batch, in training or out of
    it. Statistics are taken over all axes but the last; of one example, over its places.

    Args:
        size: Rows of the reference.
        epsilon: Added to the variance.
        scale: Whether to multiply by a learned gain.
        center: Whether to add a learned offset.

    Input shape (size + n, ..., channels); the output's is the same.

    Raises:
        ValueError: For a reference of less than one row.

    Example:

        >>> layer = VirtualBatchNormalization(1, epsilon=0.0)
        >>> [float(y) for y in layer(ops.array([[0.0], [2.0], [-6.0]]))[1:, 0]]  # (0, 2), (0, -6)
        [1.0, -1.0]
    """

    def __init__(
        self,
        size: int,
        epsilon: float = 1e-5,
        scale: bool = True,
        center: bool = True,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if size < 1:
            raise ValueError(f"size must be at least 1, got {size}.")
        self.size = size
        self.epsilon = epsilon
        self.scale = scale
        self.center = center

    def build(self, input_shape):
        """Makes the gain and the offset."""
        channels = (input_shape[-1],)
        self.gamma = self.beta = None
        if self.scale:
            self.gamma = self.add_weight(name="gamma", shape=channels, initializer="ones")
        if self.center:
            self.beta = self.add_weight(name="beta", shape=channels, initializer="zeros")

    def own_share(self) -> float:
        """How much an example weighs in the statistics that it is normalised by."""
        return 1.0 / (self.size + 1)

    def call(self, inputs):
        """The normalised reference, then the normalised examples."""
        x = ops.cast(inputs, "float32")
        reference, examples = x[: self.size], x[self.size :]
        everywhere = list(range(len(inputs.shape) - 1))
        mean, variance = ops.moments(reference, axes=everywhere, keepdims=True)
        normal = [self._normalized(reference, mean, variance)]
        share = self.own_share()
        if share:
            own_mean, own_variance = examples, ops.zeros_like(examples)
            if everywhere[1:]:
                own_mean, own_variance = ops.moments(examples, axes=everywhere[1:], keepdims=True)
            # The variance of a mixture: the mean of the variances, and that between the means.
            between = share * (1 - share) * ops.square(own_mean - mean)
            variance = (1 - share) * variance + share * own_variance + between
            mean = (1 - share) * mean + share * own_mean
        normal.append(self._normalized(examples, mean, variance))
        outputs = ops.concatenate(normal, axis=0)
        if self.gamma is not None:
            outputs = outputs * ops.cast(self.gamma, "float32")
        if self.beta is not None:
            outputs = outputs + ops.cast(self.beta, "float32")
        return ops.cast(outputs, inputs.dtype)

    def _normalized(self, x, mean, variance):
        return (x - mean) * ops.rsqrt(variance + self.epsilon)

    def compute_output_shape(self, input_shape):
        """The input's."""
        return input_shape

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "size": self.size,
            "epsilon": self.epsilon,
            "scale": self.scale,
            "center": self.center,
        }
