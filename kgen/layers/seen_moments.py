"""The mean and deviation of all vectors that were seen."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("kgen")
class SeenMoments(layers.Layer):
    """Numbers of mean 0 and deviation 1 to ones that are distributed as those seen so far.

    `update` counts vectors (n, size) in, all with the same weight (Chan, Golub & LeVeque 1979).
    `call` gives `mean + deviation * x`, coordinate by coordinate; before the first update, `x`.

    Args:
        size: Length of the vectors.

    Example:

        >>> moments = SeenMoments(2)
        >>> for batch in ([[0.0, 1.0], [2.0, 1.0]], [[4.0, 1.0]]):
        ...     moments.update(ops.array(batch))
        >>> ops.convert_to_numpy(moments(ops.ones((1, 2)))).round(3)
        array([[3.633, 1.   ]], dtype=float32)
    """

    def __init__(self, size: int, **kwargs):
        super().__init__(**kwargs)
        self.size = size
        zeros = {"initializer": "zeros", "trainable": False, "dtype": "float32"}
        zeros["aggregation"] = "only_first_replica"
        self.count = self.add_weight(name="count", shape=(), **zeros)
        self.mean = self.add_weight(name="mean", shape=(size,), **zeros)
        self.scatter = self.add_weight(name="scatter", shape=(size,), **zeros)
        self.built = True

    def update(self, x) -> None:
        """Counts vectors (n, size) in."""
        x = ops.cast(x, "float32")
        new, before = ops.cast(ops.shape(x)[0], "float32"), self.count.value
        count, mean = before + new, ops.mean(x, axis=0)
        apart = mean - self.mean.value
        scatter = ops.sum(ops.square(x - mean), axis=0) + ops.square(apart) * before * new / count
        self.scatter.assign_add(scatter)
        self.mean.assign_add(apart * new / count)
        self.count.assign(count)

    def call(self, inputs):
        """(n, size) to (n, size)."""
        variance = self.scatter.value / ops.maximum(self.count.value, 1.0)
        deviation = ops.where(self.count.value > 0, ops.sqrt(variance), 1.0)
        return self.mean.value + deviation * inputs

    def compute_output_shape(self, input_shape):
        """The same."""
        return input_shape

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "size": self.size}
