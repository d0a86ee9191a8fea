"""The log-likelihood of one choice among many."""

from keras import ops


def categorical_log_prob(x, logits):
    """`log p(x)` in nats of whole numbers `x` under `softmax(logits)`; shape of `x`.

    Args:
        x: int, from 0 to the number of classes - 1.
        logits: (*shape of x, classes).

    Example:

        >>> round(float(categorical_log_prob(ops.array(3), ops.zeros(256))), 4)
        -5.5452
    """
    log_p = ops.log_softmax(ops.cast(logits, "float32"), axis=-1)
    return ops.take_along_axis(log_p, ops.cast(x, "int32")[..., None], axis=-1)[..., 0]
