"""Adversarial objectives on logits, each a pair: the discriminator's loss and the generator's.

All are means over the batch (and over the patches of a PatchGAN), in float32. The families with
more to them have files of their own: `f_divergence` and `gan_qp`. `objectives` gives every pair a
name and one interface.
"""

from keras import ops


def _float(logits):
    return ops.cast(logits, "float32")


def non_saturating_discriminator(real_logits, fake_logits, label_smoothing: float = 0.0):
    """`-E log D(x) - E log(1 - D(G(z)))` with `D = sigmoid(logits)`.

    Goodfellow et al. 2014, eq. 1, with the sign turned. Equal to `2 ln 2` at logits 0.

    Args:
        real_logits: Of real images.
        fake_logits: Of generated images.
        label_smoothing: Real images have the target `1 - label_smoothing`; generated ones keep 0
            (one-sided: Salimans et al. 2016, section 3.4).

    Example:

        >>> round(float(non_saturating_discriminator(ops.zeros(4), ops.zeros(4))), 4)
        1.3863
    """
    real = _float(real_logits)
    # -a log s(l) - (1 - a) log(1 - s(l)) = softplus(-l) + (1 - a) l
    of_real = ops.mean(ops.softplus(-real)) + label_smoothing * ops.mean(real)
    return of_real + ops.mean(ops.softplus(_float(fake_logits)))


def non_saturating_generator(fake_logits):
    """`-E log D(G(z))`: Goodfellow et al. 2014, section 3, for gradients that do not vanish."""
    return ops.mean(ops.softplus(-_float(fake_logits)))


def minimax_generator(fake_logits):
    """`E log(1 - D(G(z)))`: Goodfellow et al. 2014, eq. 1; flat where the discriminator is sure.

    Example:

        >>> round(float(minimax_generator(ops.zeros(4))), 4)
        -0.6931
    """
    return -ops.mean(ops.softplus(_float(fake_logits)))


def maximum_likelihood_generator(fake_logits):
    """`-E D / (1 - D) = -E exp(logits)`: Goodfellow 2016 (tutorial), section 3.2.6.

    With the optimal discriminator its gradient is that of `KL(data || model)`. Few samples carry
    nearly all of it, so its variance is high; from logits of 88 on it overflows.

    Example:

        >>> float(maximum_likelihood_generator(ops.zeros(4)))
        -1.0
    """
    return -ops.mean(ops.exp(_float(fake_logits)))


def least_squares_discriminator(real_logits, fake_logits, real: float = 1.0, fake: float = 0.0):
    """`1/2 E (D(x) - b)^2 + 1/2 E (D(G(z)) - a)^2`: Mao et al. 2017, eq. 9 where a = 0, b = 1.

    Args:
        real_logits: Of real images.
        fake_logits: Of generated images.
        real: The target `b` of real images.
        fake: The target `a` of generated ones.
    """
    of_real = ops.mean(ops.square(_float(real_logits) - real))
    return 0.5 * (of_real + ops.mean(ops.square(_float(fake_logits) - fake)))


def least_squares_generator(fake_logits, target: float = 1.0):
    """`E (D(G(z)) - c)^2`: CycleGAN's form, without the half of Mao et al. 2017, eq. 9."""
    return ops.mean(ops.square(_float(fake_logits) - target))


def hinge_discriminator(real_logits, fake_logits):
    """`E max(0, 1 - D(x)) + E max(0, 1 + D(G(z)))`: Lim & Ye 2017; Miyato et al. 2018, eq. 16.

    Example:

        >>> float(hinge_discriminator(ops.array([2.0, 0.0]), ops.array([-3.0, 1.0])))
        1.5
    """
    of_real = ops.mean(ops.relu(1 - _float(real_logits)))
    return of_real + ops.mean(ops.relu(1 + _float(fake_logits)))


def wasserstein_critic(real_scores, fake_scores):
    """`E f(G(z)) - E f(x)`: Arjovsky et al. 2017, eq. 2, with the sign turned.

    Minus this is a lower bound of the Wasserstein-1 distance, times the critic's Lipschitz
    constant; some other part must bound that constant.

    Example:

        >>> float(wasserstein_critic(ops.array([2.0, 4.0]), ops.array([1.0, 1.0])))
        -2.0
    """
    return ops.mean(_float(fake_scores)) - ops.mean(_float(real_scores))


def wasserstein_generator(fake_scores):
    """`-E f(G(z))`; also the generator's side of the hinge loss."""
    return -ops.mean(_float(fake_scores))


def relativistic_discriminator(real_logits, fake_logits):
    """`E softplus(-(D(x) - D(G(z))))`, each real image against one generated one of its batch.

    Jolicoeur-Martineau 2019 (RpGAN). Equal to `ln 2` at equal logits, whatever their level.

    Example:

        >>> round(float(relativistic_discriminator(ops.ones(4), ops.ones(4))), 4)
        0.6931
    """
    return ops.mean(ops.softplus(_float(fake_logits) - _float(real_logits)))


def relativistic_generator(fake_logits, real_logits):
    """`E softplus(-(D(G(z)) - D(x)))`: the discriminator's loss with the roles exchanged."""
    return relativistic_discriminator(fake_logits, real_logits)


def feature_matching(real_features, fake_features):
    """`mean_k (E f_k(x) - E f_k(G(z)))^2`: Salimans et al. 2016, section 3.1.

    The paper has the sum over the features `k`; its authors' code has this mean.

    Args:
        real_features: What a layer of the discriminator says of real images, (n, ...).
        fake_features: And of generated ones.

    Example:

        >>> float(feature_matching(ops.array([[0.0, 4.0]]), ops.array([[1.0, 1.0], [3.0, 1.0]])))
        6.5
    """
    difference = ops.mean(_float(real_features), axis=0) - ops.mean(_float(fake_features), axis=0)
    return ops.mean(ops.square(difference))
