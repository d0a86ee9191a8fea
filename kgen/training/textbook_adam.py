"""Adam with its epsilon where the paper's algorithm has it."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("kgen")
class TextbookAdam(keras.optimizers.Adam):
    """Adam as in Kingma & Ba 2015, algorithm 1: `rate * m_t / (sqrt(v_t) + epsilon)`.

    There `v_t` is the second moment corrected for its start from zero. Keras adds epsilon to the
    root of the uncorrected one (the paper's remark at the end of section 2), which makes the
    epsilon of early steps larger by `1 / sqrt(1 - beta_2^t)`: 30 times at the first. That is
    nothing for an epsilon of 1e-7, and much for one of the size of the gradients.

    Arguments are those of `keras.optimizers.Adam`.

    Example:

        >>> x = keras.Variable([1.0])
        >>> TextbookAdam(0.1, epsilon=1.0).apply([ops.array([3.0])], [x])
        >>> round(float(x.value[0]), 4)  # 1 - 0.1 * 3 / (3 + 1)
        0.925
    """

    def update_step(self, gradient, variable, learning_rate):
        """One step of one variable."""
        epsilon = self.epsilon
        step = ops.cast(self.iterations + 1, variable.dtype)
        self.epsilon = epsilon * ops.sqrt(1 - ops.power(self.beta_2, step))
        try:
            super().update_step(gradient, variable, learning_rate)
        finally:
            self.epsilon = epsilon
