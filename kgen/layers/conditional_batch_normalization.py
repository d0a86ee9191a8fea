"""Batch normalisation whose gain and shift are told by a condition."""

import keras
from keras import layers, ops

from kgen.layers.spectral_normalization import SpectralNormalization


@keras.saving.register_keras_serializable("kgen")
class ConditionalBatchNormalization(layers.Layer):
    """`(1 + gain(c)) (x - mean) / std + shift(c)` for each channel: Dumoulin et al. 2017, eq. 5.

    Mean and deviation are those of the whole batch, whatever its conditions; outside training they
    are moving averages, so that an output does not depend on its neighbours. The condition is a
    class, with a table of gains and one of shifts (de Vries et al. 2017; Miyato & Koyama 2018), or
    a vector, such as a shared embedding joined with a chunk of the latents (Brock et al. 2019,
    appendix B), with a linear map without bias in the place of either table.

    Args:
        classes: How many classes there are; `None` for vectors.
        momentum: Of the moving averages.
        epsilon: Added to the variance.
        initializer: Of tables or maps; with "zeros" it begins as plain batch normalisation. An
            initializer object is copied, so that the two do not begin alike.
        spectral_norm: Whether to divide the maps by their spectral norm, as Brock et al. do.

    Input `[x, condition]`: (n, ..., channels), and int (n,) or float (n, features). Output as `x`.

    Raises:
        ValueError: For less than one class; for tables with `spectral_norm`; at building, for
            another number of inputs, or a condition that is no class or no vector.

    Example:

        >>> layer = ConditionalBatchNormalization(2, epsilon=0.0)
        >>> x, labels = ops.array([[1.0], [1.0], [3.0], [3.0]]), ops.array([0, 1, 0, 1])
        >>> [float(y[0]) for y in layer([x, labels], training=True)]
        [-1.0, -1.0, 1.0, 1.0]
        >>> _ = layer.shift.embeddings.assign([[0.0], [5.0]])
        >>> [float(y[0]) for y in layer([x, labels], training=True)]
        [-1.0, 4.0, 1.0, 6.0]
    """

    def __init__(
        self,
        classes: int | None = None,
        momentum: float = 0.9,
        epsilon: float = 1e-5,
        initializer="zeros",
        spectral_norm: bool = False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if classes is not None and classes < 1:
            raise ValueError(f"classes must be at least 1, got {classes}.")
        if classes is not None and spectral_norm:
            raise ValueError("spectral_norm is for the maps of vectors: leave classes out.")
        self.classes = classes
        self.momentum = momentum
        self.epsilon = epsilon
        self.initializer = keras.initializers.get(initializer)
        self.spectral_norm = spectral_norm
        self.normalization = layers.BatchNormalization(
            momentum=momentum, epsilon=epsilon, center=False, scale=False, dtype=self.dtype_policy
        )

    def build(self, input_shape):
        """Makes the statistics, and the tables or maps."""
        rank = 1 if self.classes is not None else 2
        if len(input_shape) != 2 or len(input_shape[1]) != rank:
            kind = (
                f"{self.classes} classes" if self.classes is not None else "vectors (n, features)"
            )
            raise ValueError(
                f"ConditionalBatchNormalization of {kind} takes [x, condition], got the shapes "
                f"{input_shape}."
            )
        shape, condition = (tuple(each) for each in input_shape)
        self.normalization.build(shape)
        self.gain, self.shift = (self._part(name, shape[-1]) for name in ("gain", "shift"))
        for part in (self.gain, self.shift):
            part.build(condition)

    def _part(self, name, channels):
        # A copy: one object gives equal shapes equal values.
        initializer = self.initializer.clone()
        common = {"name": name, "dtype": self.dtype_policy}
        if self.classes is not None:
            return layers.Embedding(
                self.classes, channels, embeddings_initializer=initializer, **common
            )
        dense = layers.Dense(channels, use_bias=False, kernel_initializer=initializer, **common)
        return SpectralNormalization(dense, **common) if self.spectral_norm else dense

    def call(self, inputs, training=False):
        """The normalised inputs with the gain and shift of their condition."""
        x, condition = inputs
        between = [1] * (len(x.shape) - 2)

        def each(part):
            values = part(condition, training=training) if self.spectral_norm else part(condition)
            return ops.reshape(values, (-1, *between, x.shape[-1]))

        normalized = self.normalization(x, training=training)
        return normalized * (1 + each(self.gain)) + each(self.shift)

    def compute_output_shape(self, input_shape):
        """That of `x`."""
        return tuple(input_shape[0])

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "classes": self.classes,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "initializer": keras.initializers.serialize(self.initializer),
            "spectral_norm": self.spectral_norm,
        }
