"""Divergences in closed form, in nats and one number an example."""

from keras import ops


def standard_normal_kl(mean, log_variance):
    """`KL(N(mean, exp(log_variance)) || N(0, I))`, summed over the last axis.

    Kingma & Welling 2014, appendix B: `-1/2 sum(1 + log s^2 - m^2 - s^2)`.

    Args:
        mean: Shape (..., d).
        log_variance: Shape (..., d).

    Returns:
        Shape (...), at least 0.

    Example:

        >>> float(standard_normal_kl(ops.ones((2,)), ops.zeros((2,))))
        1.0
    """
    mean, log_variance = ops.cast(mean, "float32"), ops.cast(log_variance, "float32")
    terms = 1 + log_variance - ops.square(mean) - ops.exp(log_variance)
    return -0.5 * ops.sum(terms, axis=-1)
