"""The pull-away term: rows of features that point in different directions."""

from keras import ops


def pull_away(features):
    """The mean squared cosine between the features of two different examples of a batch.

    Zhao et al. 2017 (EBGAN), eq. 6: 0 where all are orthogonal, 1 where all point one way. A batch
    of one example has no pair, and the value 0.

    Args:
        features: (n, features).

    Example:

        >>> [round(float(pull_away(rows)), 4) for rows in (ops.eye(3), ops.ones((3, 2)))]
        [0.0, 1.0]
    """
    features = ops.cast(features, "float32")
    squares = ops.sum(ops.square(features), axis=-1, keepdims=True)
    directions = features * ops.rsqrt(ops.maximum(squares, 1e-12))
    cosines = ops.matmul(directions, ops.transpose(directions))
    own = ops.square(ops.sum(ops.square(directions), axis=-1))
    n = ops.cast(ops.shape(features)[0], "float32")
    return (ops.sum(ops.square(cosines)) - ops.sum(own)) / ops.maximum(n * (n - 1), 1.0)
