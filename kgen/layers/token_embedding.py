"""A table of vectors for tokens, which soft tokens are looked up in as well."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("kgen")
class TokenEmbedding(keras.layers.Layer):
    """Each token as a learned vector; a distribution over tokens as the mean of their vectors.

    Whole numbers are looked up. Rows of `vocabulary` numbers, such as the output of a softmax, are
    multiplied by the same table, so that a gradient reaches them; a one-hot row gives exactly the
    vector of its token.

    Args:
        vocabulary: How many tokens there are.
        width: Length of a vector.
        stddev: Of the Gaussian that the vectors are drawn from.

    Input shape int (...), or float (..., vocabulary); output (..., width).

    Example:

        >>> embedding = TokenEmbedding(5, 3)
        >>> vector = embedding(ops.array([4]))
        >>> row = embedding(ops.one_hot(ops.array([4]), 5))
        >>> tuple(vector.shape), bool(ops.all(ops.equal(vector, row)))
        ((1, 3), True)
    """

    def __init__(self, vocabulary: int, width: int, stddev: float = 0.1, **kwargs):
        super().__init__(autocast=False, **kwargs)  # of whole numbers a cast would make rows
        self.vocabulary, self.width, self.stddev = vocabulary, width, stddev

    def build(self, input_shape):
        """Makes the table."""
        self.table = self.add_weight(
            name="table",
            shape=(self.vocabulary, self.width),
            initializer=keras.initializers.RandomNormal(stddev=self.stddev),
        )

    def call(self, tokens):
        """The vectors."""
        table = ops.cast(self.table, self.compute_dtype)
        if keras.backend.is_float_dtype(tokens.dtype):
            return ops.matmul(ops.cast(tokens, self.compute_dtype), table)
        # TensorFlow's gradient of a look-up is sparse, with a row for each look-up, and would be
        # clipped by the norm of these; that of a reshaping is the sum of them.
        table = ops.reshape(table, (self.vocabulary, self.width))
        return ops.take(table, tokens, axis=0)

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "vocabulary": self.vocabulary,
            "width": self.width,
            "stddev": self.stddev,
        }
