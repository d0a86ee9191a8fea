"""Moving averages of the mean features of each class."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("kgen")
class ClassCentres(keras.layers.Layer):
    """The mean of each class's features, averaged over batches: Bao et al. 2017, section 3.4.

    A batch has few images of a class or none, so its own means would be noise. A class that occurs
    moves its average by `(1 - momentum)` towards the mean in the batch, corrected for the start at
    nothing as Adam's moments are; the others stay. The centres have the values of the averages and
    the gradient of the batch's means: with the difference of two centres as its estimate, a squared
    distance then has the gradient it should, and not a `(1 - momentum)`-th of it.

    Args:
        classes: How many.
        momentum: Of the averages.

    Inputs: features (n, features) and labels int32 (n,). Outputs: centres (classes, features) and
    whether each class has ever occurred (classes,).

    Raises:
        ValueError: For a momentum outside [0, 1).

    Example:

        >>> layer = ClassCentres(2, momentum=0.5)
        >>> centres, known = layer(ops.array([[1.0], [3.0]]), ops.array([0, 0]), training=True)
        >>> [float(c) for c in centres[:, 0]], [bool(k) for k in known]
        ([2.0, 0.0], [True, False])
        >>> centres, known = layer(ops.array([[5.0], [4.0]]), ops.array([0, 1]), training=True)
        >>> [float(c) for c in centres[:, 0]]  # (2 / 4 + 5 / 2) / (1 / 4 + 1 / 2)
        [4.0, 4.0]
    """

    def __init__(self, classes: int, momentum: float = 0.9, **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})
        if not 0 <= momentum < 1:
            raise ValueError(f"momentum must lie in [0, 1), got {momentum}.")
        self.classes = classes
        self.momentum = momentum

    def build(self, features_shape, labels_shape=None):
        """Makes room for the averages."""
        state = {"trainable": False, "initializer": "zeros", "dtype": "float32"}
        shape = (self.classes, features_shape[-1])
        self.sums = self.add_weight(name="sums", shape=shape, **state)
        self.weights_of = self.add_weight(name="weights_of", shape=(self.classes,), **state)

    def call(self, features, labels, training=False):
        """The centres with this batch; in training it is remembered."""
        hot = ops.one_hot(labels, self.classes, dtype="float32")
        count = ops.sum(hot, axis=0)
        means = ops.matmul(ops.transpose(hot), features) / ops.maximum(count, 1.0)[:, None]
        fixed = ops.stop_gradient(means)
        move = ops.where(count > 0, 1 - self.momentum, 0.0)
        sums = (1 - move)[:, None] * self.sums.value + move[:, None] * fixed
        weights = (1 - move) * self.weights_of.value + move
        if training:
            self.sums.assign(sums)
            self.weights_of.assign(weights)
        known = weights > 0
        averages = sums / ops.where(known, weights, 1.0)[:, None]
        return ops.stop_gradient(averages) + (means - fixed), known

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "classes": self.classes, "momentum": self.momentum}
