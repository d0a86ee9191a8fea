"""The discretised logistic mixture of PixelCNN++ (Salimans et al. 2017, section 2.1).

An 8-bit level v is the number x = v / 127.5 - 1 and stands for the bin x - 1/255 ... x + 1/255; the
lowest and the highest bin are open. The mass of a bin is a difference of sigmoids.
"""

from keras import ops

#: No logistic is narrower: its scale is then about a ninth of a bin.
MIN_LOG_SCALE = -7.0


def discretized_logistic_log_prob(x, mean, log_scale):
    """The log mass in nats of the bins around `x` under a logistic density; shapes broadcast.

    With `p` and `m` the bin's ends in units of the scale, the mass is
    `sigmoid(p) - sigmoid(m) = sigmoid(p) sigmoid(-m) (1 - exp(m - p))`, whose logarithm needs no
    care in the tails (the authors fall back on the density there).

    Args:
        x: Levels on the scale [-1, 1].
        mean: Of the density, on the same scale.
        log_scale: Of the density; `MIN_LOG_SCALE` where it is smaller.

    Example:

        >>> x = ops.array([-1.0, 0.0, 1.0])  # a very wide density lies almost all outside
        >>> [round(float(v), 2) for v in discretized_logistic_log_prob(x, 0.0, 10.0)]
        [-0.69, -16.23, -0.69]
    """
    scale = ops.exp(-ops.maximum(log_scale, MIN_LOG_SCALE))
    upper, lower = (x - mean + 1 / 255) * scale, (x - mean - 1 / 255) * scale
    below, above = -ops.softplus(-upper), -ops.softplus(lower)  # log mass below, and above
    inner = below + above + ops.log(-ops.expm1(-2 / 255 * scale))
    return ops.where(x < -0.999, below, ops.where(x > 0.999, above, inner))


def logistic_mixture_size(channels: int) -> int:
    """How many parameters one component has for a pixel of that many channels.

    A weight, a mean and a log-scale for each channel, and a coefficient for each pair of channels.

    Example:

        >>> logistic_mixture_size(1), logistic_mixture_size(3)
        (3, 10)
    """
    return 1 + 2 * channels + channels * (channels - 1) // 2


def split_logistic_mixture(parameters, channels: int):
    """The parts of a mixture's parameters.

    Args:
        parameters: (..., components * logistic_mixture_size(channels)).
        channels: Of a pixel.

    Returns:
        The weights' logits (..., components); means and log-scales (..., channels, components); the
        pairs' coefficients in (-1, 1), a list with one (..., components) for each pair: that of G
        on R, then of B on R and on G.
    """
    parts = ops.split(parameters, logistic_mixture_size(channels), axis=-1)
    logits, rest = parts[0], parts[1:]
    means = ops.stack(rest[:channels], axis=-2)
    log_scales = ops.stack(rest[channels : 2 * channels], axis=-2)
    return logits, means, log_scales, [ops.tanh(c) for c in rest[2 * channels :]]


def logistic_mixture_log_prob(x, parameters):
    """`log p(x)` in nats of whole pixels: Salimans et al. 2017, eqs. 2 and 3.

    All channels of a pixel have one component in common. Within it the mean of G depends on the
    R that was seen, and that of B on R and G, linearly.

    Args:
        x: Levels on the scale [-1, 1], (..., channels).
        parameters: (..., components * logistic_mixture_size(channels)).

    Returns:
        (...), summed over the channels.

    Example:

        >>> one = ops.zeros((1, 10))  # mean 0, scale 1
        >>> p = logistic_mixture_log_prob(ops.zeros((1, 3)), one)
        >>> round(float(p[0]), 3)  # 3 log(2 sigmoid(1 / 255) - 1) = 3 log(0.001961)
        -18.703
    """
    channels = x.shape[-1]
    logits, means, log_scales, coefficients = split_logistic_mixture(parameters, channels)
    coefficients = iter(coefficients)
    log_p = ops.log_softmax(logits, axis=-1)
    for i in range(channels):
        mean = means[..., i, :]
        for j in range(i):
            mean = mean + next(coefficients) * x[..., j, None]
        log_p = log_p + discretized_logistic_log_prob(x[..., i, None], mean, log_scales[..., i, :])
    return ops.logsumexp(log_p, axis=-1)


def draw_logistic_mixture(parameters, uniforms, channels: int):
    """One pixel of the mixture by inverse distribution functions, on exact 8-bit levels.

    Args:
        parameters: (..., components * logistic_mixture_size(channels)).
        uniforms: In [0, 1), (..., 1 + channels): for the component, then for each channel.
        channels: Of a pixel.

    Returns:
        (..., channels) on the scale [-1, 1], rounded to the level whose bin was hit.

    Example:

        >>> two = ops.array([[0.0, 9.0, -1.0, 1.0, -7.0, -7.0]])  # the second is nearly certain
        >>> x = draw_logistic_mixture(two, 0.5 * ops.ones((1, 2)), 1)  # its median
        >>> float(x[0, 0])
        1.0
    """
    logits, means, log_scales, coefficients = split_logistic_mixture(parameters, channels)
    coefficients = iter(coefficients)
    chosen = choose(ops.exp(ops.log_softmax(logits, axis=-1)), uniforms[..., 0])
    chosen = ops.one_hot(chosen, logits.shape[-1], dtype=logits.dtype)
    pixel = []
    for i in range(channels):
        mean = means[..., i, :]
        for j in range(i):
            mean = mean + next(coefficients) * pixel[j][..., None]
        u = uniforms[..., 1 + i]
        scale = ops.exp(ops.maximum(log_scales[..., i, :], MIN_LOG_SCALE))
        mean, scale = (ops.sum(chosen * t, axis=-1) for t in (mean, scale))
        x = ops.clip(mean + scale * (ops.log(u) - ops.log1p(-u)), -1.0, 1.0)
        # XLA multiplies by 1 / 127.5, and may end one rounding step outside.
        pixel.append(ops.clip(ops.round((x + 1) * 127.5) / 127.5 - 1, -1.0, 1.0))
    return ops.stack(pixel, axis=-1)


def choose(probabilities, uniforms):
    """One of several classes by the inverse of their distribution function.

    Args:
        probabilities: (..., classes).
        uniforms: In [0, 1), (...).

    Returns:
        int32 (...): how many of the cumulative probabilities lie at or below the number.

    Example:

        >>> [int(choose(ops.array([0.5, 0.0, 0.5]), ops.array(u))) for u in (0.0, 0.49, 0.5, 0.99)]
        [0, 0, 2, 2]
    """
    below = ops.cumsum(probabilities, axis=-1) <= uniforms[..., None]
    # Rounding may leave the last cumulative probability short of 1.
    last = probabilities.shape[-1] - 1
    return ops.minimum(ops.sum(ops.cast(below, "int32"), axis=-1), last)
