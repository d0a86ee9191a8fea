"""The Gumbel-softmax: a choice among categories that gradients pass through.

Jang et al., *Categorical Reparameterization with Gumbel-Softmax*, 2017; Maddison et al., *The
Concrete Distribution*, 2017.
"""

from keras import ops

_SMALLEST = 1e-30  # in place of a uniform number of 0, whose Gumbel noise would be infinite


def gumbel_noise(uniforms):
    """Standard Gumbel noise `-log(-log u)` of uniform numbers in [0, 1), of their shape.

    Example:

        >>> round(float(gumbel_noise(ops.array(0.5))), 4)
        0.3665
    """
    return -ops.log(-ops.log(ops.maximum(uniforms, _SMALLEST)))


def gumbel_softmax(logits, uniforms, temperature, straight_through: bool = False):
    """A relaxed draw from `softmax(logits)`: `y = softmax((logits + g) / temperature)`.

    The largest entry of `y` is at category k with the probability `softmax(logits)[k]`, whatever
    the temperature. Towards 0 `y` is one-hot, towards infinity uniform.

    Args:
        logits: (..., categories).
        uniforms: In [0, 1), of the logits' shape: what `g` is made of.
        temperature: Above 0.
        straight_through: Return the one-hot row of the largest entry, with the gradient of `y`.

    Returns:
        float32 rows of the logits' shape that sum to 1.

    Example:

        >>> row = gumbel_softmax(ops.zeros(2), ops.array([0.5, 0.9]), 0.5)
        >>> [round(float(y), 3) for y in row]
        [0.023, 0.977]
    """
    logits = ops.cast(logits, "float32")
    soft = ops.softmax((logits + gumbel_noise(uniforms)) / temperature, axis=-1)
    if not straight_through:
        return soft
    hard = ops.one_hot(ops.argmax(soft, axis=-1), soft.shape[-1], dtype="float32")
    return hard + (soft - ops.stop_gradient(soft))  # the bracket is exactly 0
