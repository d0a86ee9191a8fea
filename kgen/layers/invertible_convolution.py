"""The invertible 1x1 convolution, by its LU decomposition (Kingma & Dhariwal 2018)."""

import math

import keras
import numpy as np
import scipy.linalg
from keras import ops

from kgen.layers.bijection import Bijection


@keras.saving.register_keras_serializable("kgen")
class InvertibleConv1x1(Bijection):
    """`y = x W` at every position, with `W = P L (U + diag(s))`.

    Kingma & Dhariwal, *Glow*, 2018, section 3.2, eqs. 9 and 10. `W` starts as a random rotation.
    The permutation `P` and the signs of `s` stay as its decomposition has them; `L` (unit lower
    triangular), `U` (strictly upper triangular) and `log |s|` are trained. So `W` always has an
    inverse, and `log |det dy/dx|` is the number of positions times `sum(log |s|)`.

    Works on the last axis of any shape: on (n, channels) it is a dense layer.

    Example:

        >>> layer = InvertibleConv1x1()
        >>> y, log_det = layer(ops.array([[3.0, 4.0]]))  # rotated: as long as before
        >>> round(float(ops.norm(y)), 4), abs(round(float(log_det), 4))
        (5.0, 0.0)
    """

    def build(self, input_shape):
        """The decomposition of a random rotation."""
        channels = input_shape[-1]
        rotation = ops.convert_to_numpy(keras.initializers.Orthogonal()((channels, channels)))
        permutation, lower, upper = scipy.linalg.lu(rotation.astype("float64"))
        diagonal = np.diag(upper)
        self.permutation = self._weight("permutation", permutation, trainable=False)
        self.signs = self._weight("signs", np.sign(diagonal), trainable=False)
        self.log_diagonal = self._weight("log_diagonal", np.log(np.abs(diagonal)))
        self.lower = self._weight("lower", np.tril(lower, -1))
        self.upper = self._weight("upper", np.triu(upper, 1))

    def _weight(self, name, value, trainable=True):
        return self.add_weight(
            name=name,
            shape=value.shape,
            initializer=lambda shape, dtype=None: ops.convert_to_tensor(value, dtype),
            trainable=trainable,
        )

    def _factors(self):
        """`P`, `L` and `U + diag(s)`."""
        lower = ops.tril(self.lower, -1) + ops.eye(self.lower.shape[0])
        upper = ops.triu(self.upper, 1) + ops.diag(self.signs * ops.exp(self.log_diagonal))
        return ops.convert_to_tensor(self.permutation), lower, upper

    def matrix(self):
        """`W`, (channels, channels)."""
        permutation, lower, upper = self._factors()
        return ops.matmul(permutation, ops.matmul(lower, upper))

    def call(self, x):
        """`(y, log_det)`; the log-determinant is the same for all examples."""
        return ops.matmul(x, self.matrix()), math.prod(x.shape[1:-1]) * ops.sum(self.log_diagonal)

    def inverse(self, y):
        """The `x` whose `y` it is, by two triangular systems."""
        permutation, lower, upper = self._factors()
        half = ops.solve_triangular(lower, ops.transpose(permutation), lower=True)
        return ops.matmul(y, ops.solve_triangular(upper, half))
