"""The Gaussian at the top of a flow, learned, and one for each class (Kingma & Dhariwal 2018)."""

import math

import keras
from keras import ops

from kgen.layers.bijection import Bijection


@keras.saving.register_keras_serializable("kgen")
class GaussianPrior(Bijection):
    """A Gaussian with a mean and a deviation for each channel, as a map to standard normal latents.

    `call(x, labels)` gives `((x - mean) / deviation, log_det)`. Both start at the standard normal.
    (In the code of Kingma & Dhariwal 2018 they come from a convolution of zeros, which lets them
    differ at the border.)

    Args:
        learned: Whether mean and deviation are trained; otherwise the layer does nothing.
        classes: How many classes have a Gaussian of their own; `None` for one Gaussian.

    Raises:
        ValueError: For classes whose Gaussians are not learned.

    Example:

        >>> prior = GaussianPrior(classes=2)
        >>> prior.build((None, 1))
        >>> _ = prior.mean.assign([[0.0], [3.0]])
        >>> latents, log_det = prior(ops.array([[5.0], [5.0]]), ops.array([0, 1]))
        >>> [float(z) for z in ops.ravel(latents)]
        [5.0, 2.0]
    """

    def __init__(self, learned: bool = True, classes: int | None = None, **kwargs):
        super().__init__(**kwargs)
        if classes is not None and not learned:
            raise ValueError(f"{classes} classes differ only by Gaussians that are learned.")
        self.learned, self.classes = learned, classes

    def build(self, input_shape):
        """Means and log-deviations of zero, one row for each class."""
        if self.learned:
            shape = (self.classes or 1, input_shape[-1])
            self.mean = self.add_weight(name="mean", shape=shape, initializer="zeros")
            self.log_deviation = self.add_weight(
                name="log_deviation", shape=shape, initializer="zeros"
            )

    def call(self, x, labels=None):
        """`(latents, log_det)`; the log-determinant is (n,), or () without classes."""
        if not self.learned:
            return x, ops.zeros(())
        mean, log_deviation = self._of(labels, len(x.shape))
        positions = math.prod(x.shape[1:-1])
        log_det = -positions * ops.sum(log_deviation, axis=list(range(1, len(x.shape))))
        latents = (x - mean) * ops.exp(-log_deviation)
        return latents, log_det if self.classes else log_det[0]

    def inverse(self, latents, labels=None):
        """The `x` of these latents."""
        if not self.learned:
            return latents
        mean, log_deviation = self._of(labels, len(latents.shape))
        return latents * ops.exp(log_deviation) + mean

    def _of(self, labels, rank):
        rows = ops.zeros((1,), "int32") if self.classes is None else labels
        picked = (ops.take(w, rows, axis=0) for w in (self.mean, self.log_deviation))
        return [ops.reshape(row, (-1, *[1] * (rank - 2), row.shape[-1])) for row in picked]

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "learned": self.learned, "classes": self.classes}
