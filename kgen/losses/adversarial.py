"""Adversarial objectives on logits, each a pair: the discriminator's loss and the generator's.

All are means over the batch (and over the patches of a PatchGAN), in float32.
"""

from keras import ops


def _float(logits):
    return ops.cast(logits, "float32")


def non_saturating_discriminator(real_logits, fake_logits):
    """`-E log D(x) - E log(1 - D(G(z)))` with `D = sigmoid(logits)`.

    Goodfellow et al. 2014, eq. 1, with the sign turned. Equal to `2 ln 2` at logits 0.

    Example:

        >>> round(float(non_saturating_discriminator(ops.zeros(4), ops.zeros(4))), 4)
        1.3863
    """
    return ops.mean(ops.softplus(-_float(real_logits))) + ops.mean(
        ops.softplus(_float(fake_logits))
    )


def non_saturating_generator(fake_logits):
    """`-E log D(G(z))`: Goodfellow et al. 2014, section 3, for gradients that do not vanish."""
    return ops.mean(ops.softplus(-_float(fake_logits)))


def least_squares_discriminator(real_logits, fake_logits):
    """`1/2 E (D(x) - 1)^2 + 1/2 E D(G(z))^2`: Mao et al. 2017, eq. 9 (a = 0, b = c = 1)."""
    real, fake = _float(real_logits), _float(fake_logits)
    return 0.5 * (ops.mean(ops.square(real - 1)) + ops.mean(ops.square(fake)))


def least_squares_generator(fake_logits):
    """`E (D(G(z)) - 1)^2`: CycleGAN's form, without the half of Mao et al. 2017, eq. 9."""
    return ops.mean(ops.square(_float(fake_logits) - 1))
