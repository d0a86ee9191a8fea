"""One choice among many: its log-likelihood, and drawing it."""

import math

from keras import ops

_BELOW_ONE = 1 - 2**-24  # the largest float32 below 1


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


def draw_category(logits, uniforms):
    """Draws from `softmax(logits)` by the inverse of its distribution function.

    One uniform number is enough for any number of classes. It is looked up in two stages, first
    among blocks of classes and then within one, so that no sum runs over all the classes in turn:
    there may be thousands. A class of probability zero is never drawn.

    Args:
        logits: (n, classes).
        uniforms: In [0, 1), (n,).

    Returns:
        int32 (n,).

    Example:

        >>> logits = ops.log(ops.array([[0.5, 0.0, 0.5]] * 4))
        >>> draw_category(logits, ops.array([0.0, 0.49, 0.5, 0.99])).numpy().tolist()
        [0, 0, 2, 2]
    """
    classes = logits.shape[-1]
    side = math.isqrt(classes - 1) + 1
    logits = ops.cast(logits, "float32")
    weights = ops.exp(logits - ops.max(logits, axis=-1, keepdims=True))
    weights = ops.pad(weights, ((0, 0), (0, side * side - classes)))
    weights = ops.reshape(weights, (-1, side, side))
    block, within = _look_up(ops.sum(weights, axis=-1), uniforms)
    place, _ = _look_up(ops.take_along_axis(weights, block[:, None, None], axis=1)[:, 0], within)
    return block * side + place


def _look_up(weights, uniforms):
    """Which of some weights (n, k) a number falls into, and how far, in [0, 1): both (n,)."""
    ends = ops.cumsum(weights, axis=-1)
    # A number below 1 stays below the last end, and so never falls behind it.
    target = uniforms * ends[:, -1]
    place = ops.sum(ops.cast(ends <= target[:, None], "int32"), axis=-1)[:, None]
    end, width = (ops.take_along_axis(t, place, axis=-1)[:, 0] for t in (ends, weights))
    return place[:, 0], ops.clip((target - (end - width)) / width, 0.0, _BELOW_ONE)
