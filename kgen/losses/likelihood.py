"""Log-likelihoods in nats, element by element; the caller sums."""

import math

from keras import ops


def bernoulli_log_prob(x, logits):
    """`log p(x)` of binary `x` (0 or 1) under `p(1) = sigmoid(logits)`; shape of `x`.

    Example:

        >>> round(float(bernoulli_log_prob(ops.ones(()), ops.zeros(()))), 4)
        -0.6931
    """
    logits = ops.cast(logits, "float32")
    return x * logits - ops.softplus(logits)


def normal_log_prob(x, mean=0.0, log_variance=0.0):
    """`log N(x; mean, exp(log_variance))`; the arguments' shapes broadcast.

    Example:

        >>> round(float(normal_log_prob(ops.zeros(()))), 4)
        -0.9189
    """
    x = ops.cast(x, "float32")
    mean, log_variance = ops.cast(mean, "float32"), ops.cast(log_variance, "float32")
    scaled = ops.square(x - mean) * ops.exp(-log_variance)
    return -0.5 * (math.log(2 * math.pi) + log_variance + scaled)


def bits_per_dim(nats, dimensions: int):
    """Nats of a whole example as bits for each of its `dimensions`: `nats / (D ln 2)`."""
    return nats / (dimensions * math.log(2))


def log_mean_exp(log_weights):
    """`log mean exp` over the last axis: (..., k) to (...).

    Of the logs of k importance weights it is the bound of Burda et al. 2016, eq. 8.

    Example:

        >>> round(float(log_mean_exp(ops.array([0.0, 0.0, 0.0]))), 4)
        0.0
    """
    k = ops.cast(ops.shape(log_weights)[-1], "float32")
    return ops.logsumexp(log_weights, axis=-1) - ops.log(k)
