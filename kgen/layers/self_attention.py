"""Self-attention over the places of a map."""

import keras
from keras import layers, ops

from kgen.layers.spectral_normalization import SpectralNormalization


@keras.saving.register_keras_serializable("kgen")
class SelfAttention(layers.Layer):
    """`x + gamma o(x)`, where every place looks at all others: Zhang et al. 2019, eq. 1 to 3.

    In the form of Brock et al. 2019: queries and keys have an eighth of the channels, values half
    of them; keys and values are pooled by the maximum over 2 x 2 places. All four 1x1 convolutions
    are without bias and divided by their spectral norm. `gamma` starts at 0, where the layer is the
    identity.

    Args:
        initializer: Of the convolutions. An initializer object is copied for each.

    Input and output (n, height, width, channels), of at least 2 x 2 places.

    Raises:
        ValueError: At building, for a smaller map.

    Example:

        >>> layer = SelfAttention()
        >>> x = ops.ones((1, 4, 4, 8))
        >>> [tuple(v.shape) for v in (layer(x), layer.query.layer.kernel, layer.back.layer.kernel)]
        [(1, 4, 4, 8), (1, 1, 8, 1), (1, 1, 4, 8)]
    """

    def __init__(self, initializer="orthogonal", **kwargs):
        super().__init__(**kwargs)
        self.initializer = keras.initializers.get(initializer)

    def build(self, input_shape):
        """Makes the convolutions and gamma."""
        *_, height, width, channels = input_shape
        if any(side is not None and side < 2 for side in (height, width)):
            raise ValueError(
                f"SelfAttention needs a map of at least 2 x 2 places, got {height} x {width}."
            )
        narrow, half = max(channels // 8, 1), max(channels // 2, 1)
        self.query, self.key = (self._map(name, narrow) for name in ("query", "key"))
        self.value, self.back = self._map("value", half), self._map("back", channels)
        for part in (self.query, self.key, self.value):
            part.build(input_shape)
        self.back.build((*input_shape[:-1], half))
        self.gamma = self.add_weight(name="gamma", shape=(), initializer="zeros")

    def _map(self, name, channels):
        # A copy of the initializer: one object gives equal shapes equal values.
        common = {"name": name, "dtype": self.dtype_policy}
        convolution = layers.Conv2D(
            channels, 1, use_bias=False, kernel_initializer=self.initializer.clone(), **common
        )
        return SpectralNormalization(convolution, **common)

    def call(self, inputs, training=False):
        """What the places see, added to the inputs."""

        def seen(part, pooled):
            x = part(inputs, training=training)
            x = ops.max_pool(x, 2, 2) if pooled else x
            return ops.reshape(x, (ops.shape(x)[0], -1, x.shape[-1]))

        queries = seen(self.query, False)
        keys, values = seen(self.key, True), seen(self.value, True)
        scores = ops.matmul(queries, ops.swapaxes(keys, 1, 2))
        looked = ops.matmul(ops.softmax(scores, axis=-1), values)
        looked = ops.reshape(looked, (*ops.shape(inputs)[:-1], values.shape[-1]))
        return inputs + self.gamma * self.back(looked, training=training)

    def compute_output_shape(self, input_shape):
        """That of the input."""
        return input_shape

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "initializer": keras.initializers.serialize(self.initializer),
        }
