"""What regularises a discriminator, as mathematics: on gradients, logits and weights.

Gradients are those of each image's logit with respect to that image, (n, ...), and all norms are
over everything but the first axis. Results are float32 scalars, means over the batch.
"""

from keras import ops


def gradient_norm(gradients):
    """Euclidean norm for each example, without an epsilon and yet differentiable at zero.

    Where all of a gradient vanishes the norm has no slope; it is given the slope zero.

    Args:
        gradients: Shape (n, ...).

    Returns:
        Shape (n,).

    Example:

        >>> [float(v) for v in gradient_norm(ops.array([[3.0, 4.0], [0.0, 0.0]]))]
        [5.0, 0.0]
    """
    squares = _squared_norm(gradients)
    positive = squares > 0
    # The inner choice keeps the root's infinite slope out of the gradient, where 0 * inf is NaN.
    return ops.where(positive, ops.sqrt(ops.where(positive, squares, 1.0)), 0.0)


def one_centred_penalty(gradients):
    """`E (|g| - 1)^2`: Gulrajani et al. 2017, eq. 3.

    Example:

        >>> float(one_centred_penalty(ops.array([[3.0, 4.0]])))
        16.0
    """
    return ops.mean(ops.square(gradient_norm(gradients) - 1))


def zero_centred_penalty(gradients):
    """`E |g|^2`: Mescheder et al. 2018, eq. 9, without its factor; summed over pixels.

    Example:

        >>> float(zero_centred_penalty(ops.array([[3.0, 4.0]])))
        25.0
    """
    return ops.mean(_squared_norm(gradients))


def jensen_shannon_penalty(real_logits, fake_logits, real_gradients, fake_gradients):
    """`E_P (1 - D)^2 |g|^2 + E_Q D^2 |g|^2` with `D = sigmoid(logits)`: Roth et al. 2017.

    Their Jensen-Shannon regularizer: to first order, training with noise on all images.

    Example:

        >>> zero = ops.zeros((1, 1))
        >>> float(jensen_shannon_penalty(zero, zero, ops.array([[2.0]]), ops.array([[4.0]])))
        5.0
    """
    real, fake = (
        ops.sigmoid(ops.reshape(ops.cast(logits, "float32"), (-1,)))
        for logits in (real_logits, fake_logits)
    )
    of_real = ops.mean(ops.square(1 - real) * _squared_norm(real_gradients))
    return of_real + ops.mean(ops.square(fake) * _squared_norm(fake_gradients))


def drift_penalty(real_logits):
    """`E D(x)^2`: Karras et al. 2018, appendix A.1; holds a Wasserstein critic near zero.

    Example:

        >>> float(drift_penalty(ops.array([3.0, -1.0])))
        5.0
    """
    return ops.mean(ops.square(ops.cast(real_logits, "float32")))


def orthogonality_penalty(kernel, diagonal: bool = False):
    """`|W^T W * (1 - I)|^2`: Brock et al. 2019, eq. 3; with the diagonal `|W^T W - I|^2`, eq. 2.

    The columns of W are the filters: a kernel (..., inputs, filters) with all but the last axis
    flattened. Zero where no two filters overlap.

    Args:
        kernel: Shape (..., filters).
        diagonal: Also hold the length of each filter at 1.

    Example:

        >>> kernel = ops.array([[2.0, 1.0], [0.0, 1.0]])
        >>> float(orthogonality_penalty(kernel)), float(orthogonality_penalty(kernel, True))
        (8.0, 18.0)
    """
    matrix = ops.reshape(ops.cast(kernel, "float32"), (-1, kernel.shape[-1]))
    product = ops.matmul(ops.transpose(matrix), matrix)
    identity = ops.eye(kernel.shape[-1], dtype="float32")
    excess = product - identity if diagonal else product * (1 - identity)
    return ops.sum(ops.square(excess))


def _squared_norm(gradients):
    gradients = ops.cast(gradients, "float32")
    return ops.sum(ops.square(gradients), axis=tuple(range(1, len(gradients.shape))))
