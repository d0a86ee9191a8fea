"""The losses of a classifier that is a discriminator as well, on its K logits.

The class 'generated' has the logit 0, so that `p(y | x) = exp(l_y) / (1 + sum_k exp(l_k))` and
`D(x) = 1 - p(generated | x) = sigmoid(Z)` with `Z = log sum_k exp(l_k)`. Salimans et al. 2016,
section 5, is the softmax over K + 1 classes with its last logit taken away, which changes nothing.
All are means over the batch, in float32.
"""

from keras import ops


def real_logit(logits):
    """`Z`, the log-odds that an image is real: (n, K) to (n,).

    Example:

        >>> [round(float(z), 4) for z in real_logit(ops.zeros((1, 10)))]  # log 10
        [2.3026]
    """
    return ops.logsumexp(ops.cast(logits, "float32"), axis=-1)


def labelled_loss(logits, labels):
    """`E -log p(y | x, real) = E Z - l_y`: the classes among themselves.

    Args:
        logits: (n, K).
        labels: (n,), whole numbers from 0 on.

    Example:

        >>> round(float(labelled_loss(ops.zeros((2, 10)), ops.array([3, 9]))), 4)
        2.3026
    """
    logits = ops.cast(logits, "float32")
    own = ops.one_hot(labels, logits.shape[-1], dtype="float32")
    return ops.mean(real_logit(logits) - ops.sum(logits * own, axis=-1))


def unlabelled_loss(real_logits, fake_logits):
    """`-1/2 E log D(x) - 1/2 E log(1 - D(G(z)))`: the discriminator's part, with the code's halves.

    Args:
        real_logits: (n, K), of real images, whatever their class.
        fake_logits: (n, K), of generated ones.

    Example:

        >>> even = ops.zeros((4, 1))  # one class at logit 0: D = 1/2
        >>> round(float(unlabelled_loss(even, even)), 4)
        0.6931
    """
    real, fake = real_logit(real_logits), real_logit(fake_logits)
    return 0.5 * (ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake)))


def class_entropy(logits):
    """`E H(p(y | x, real))` in nats: 0 where every class is certain, log K where none is known.

    Args:
        logits: (n, K), of images without labels.

    Example:

        >>> round(float(class_entropy(ops.zeros((2, 10)))), 4)
        2.3026
    """
    log_probabilities = ops.log_softmax(ops.cast(logits, "float32"), axis=-1)
    return -ops.mean(ops.sum(ops.exp(log_probabilities) * log_probabilities, axis=-1))
