"""The adversarial objectives by name, each with both players' losses behind one interface."""

import keras

from kgen.losses import adversarial, f_divergence, gan_qp
from kgen.losses.configured import Configured, resolve


class Objective(Configured):
    """What the two players minimise, on the discriminator's logits; all means over the batch.

    A subclass defines both losses. Every one is given all there is and takes what it needs: the
    logits of both kinds, and the images that they are of.
    """

    #: Whether a logit is the log-odds of 'real', so that its sigmoid is a probability.
    log_odds: bool = False
    #: Whether the generator's loss reads the logits of real images.
    generator_sees_real: bool = False

    def discriminator(self, real_logits, fake_logits, real=None, fake=None):
        """The discriminator's loss; the images only matter to GAN-QP."""
        raise NotImplementedError

    def generator(self, fake_logits, real_logits=None):
        """The generator's loss; `real_logits` are given where `generator_sees_real`."""
        raise NotImplementedError


@keras.saving.register_keras_serializable("kgen")
class NonSaturating(Objective):
    """Cross-entropy for the discriminator, `-E log D(G(z))` for the generator.

    Goodfellow et al. 2014, section 3.

    Args:
        label_smoothing: See `kgen.losses.non_saturating_discriminator`; 0.1 in Salimans et al.
            2016. The optimal discriminator becomes `(1 - label_smoothing) p / (p + q)`.

    Raises:
        ValueError: If `label_smoothing` is not in [0, 1).

    Example:

        >>> objective = NonSaturating(label_smoothing=0.1)
        >>> round(float(objective.generator(keras.ops.zeros((4, 1)))), 4)
        0.6931
    """

    log_odds = True

    def __init__(self, label_smoothing: float = 0.0):
        if not 0 <= label_smoothing < 1:
            raise ValueError(f"label_smoothing must lie in [0, 1), got {label_smoothing}.")
        self.label_smoothing = label_smoothing

    def discriminator(self, real_logits, fake_logits, real=None, fake=None):
        """See `Objective`."""
        return adversarial.non_saturating_discriminator(
            real_logits, fake_logits, self.label_smoothing
        )

    def generator(self, fake_logits, real_logits=None):
        """See `Objective`."""
        return adversarial.non_saturating_generator(fake_logits)


@keras.saving.register_keras_serializable("kgen")
class Minimax(NonSaturating):
    """The two-player zero-sum game: the generator minimises `E log(1 - D(G(z)))`, and saturates."""

    def generator(self, fake_logits, real_logits=None):
        """See `Objective`."""
        return adversarial.minimax_generator(fake_logits)


@keras.saving.register_keras_serializable("kgen")
class MaximumLikelihood(NonSaturating):
    """`-E exp(logits)` for the generator: the gradient of the likelihood, at an optimal D."""

    def generator(self, fake_logits, real_logits=None):
        """See `Objective`."""
        return adversarial.maximum_likelihood_generator(fake_logits)


@keras.saving.register_keras_serializable("kgen")
class LeastSquares(Objective):
    """Mao et al. 2017, eq. 2, both halves included.

    Args:
        fake: The discriminator's target `a` for generated images.
        real: Its target `b` for real ones.
        target: What the generator wants it to say, `c`. The defaults are eq. 9; (-1, 1, 0) is
            eq. 8, which minimises a Pearson divergence.
        halved: Without their halves both losses are twice as large, as CycleGAN has them.

    Example:

        >>> float(LeastSquares().generator(keras.ops.zeros((4, 1))))
        0.5
    """

    def __init__(
        self, fake: float = 0.0, real: float = 1.0, target: float = 1.0, halved: bool = True
    ):
        self.fake = fake
        self.real = real
        self.target = target
        self.halved = halved

    def discriminator(self, real_logits, fake_logits, real=None, fake=None):
        """See `Objective`."""
        loss = adversarial.least_squares_discriminator(
            real_logits, fake_logits, self.real, self.fake
        )
        return loss if self.halved else 2 * loss

    def generator(self, fake_logits, real_logits=None):
        """See `Objective`."""
        loss = adversarial.least_squares_generator(fake_logits, self.target)
        return 0.5 * loss if self.halved else loss


@keras.saving.register_keras_serializable("kgen")
class Hinge(Objective):
    """Margins of 1 for the discriminator, `-E D(G(z))` for the generator: Lim & Ye 2017."""

    def discriminator(self, real_logits, fake_logits, real=None, fake=None):
        """See `Objective`."""
        return adversarial.hinge_discriminator(real_logits, fake_logits)

    def generator(self, fake_logits, real_logits=None):
        """See `Objective`."""
        return adversarial.wasserstein_generator(fake_logits)


@keras.saving.register_keras_serializable("kgen")
class Wasserstein(Objective):
    """`E f(G(z)) - E f(x)`: Arjovsky et al. 2017. Without a regularizer it has no minimum."""

    def discriminator(self, real_logits, fake_logits, real=None, fake=None):
        """See `Objective`."""
        return adversarial.wasserstein_critic(real_logits, fake_logits)

    def generator(self, fake_logits, real_logits=None):
        """See `Objective`."""
        return adversarial.wasserstein_generator(fake_logits)


@keras.saving.register_keras_serializable("kgen")
class Relativistic(Objective):
    """Is this image more real than that one? `softplus` of the pairs' differences.

    Jolicoeur-Martineau 2019 (RpGAN), as R3GAN has it.
    """

    generator_sees_real = True

    def discriminator(self, real_logits, fake_logits, real=None, fake=None):
        """See `Objective`."""
        return adversarial.relativistic_discriminator(real_logits, fake_logits)

    def generator(self, fake_logits, real_logits=None):
        """See `Objective`."""
        return adversarial.relativistic_generator(fake_logits, real_logits)


@keras.saving.register_keras_serializable("kgen")
class FDivergence(Objective):
    """The variational bound of an f-divergence: Nowozin et al. 2016.

    Args:
        divergence: One of `kgen.losses.F_DIVERGENCES`.
        saturating: Whether the generator minimises the bound itself; by default it takes the
            paper's trick, `-E g_f(v(G(z)))`.

    Raises:
        ValueError: For an unknown divergence.

    Example:

        >>> float(FDivergence("reverse_kl").discriminator(*keras.ops.zeros((2, 4, 1))))
        0.0
    """

    def __init__(self, divergence: str = "kl", saturating: bool = False):
        if divergence not in f_divergence.F_DIVERGENCES:
            names = ", ".join(f_divergence.F_DIVERGENCES)
            raise ValueError(f"the divergence must be one of {names}, got {divergence!r}.")
        self.divergence = divergence
        self.saturating = saturating

    def discriminator(self, real_logits, fake_logits, real=None, fake=None):
        """See `Objective`."""
        return f_divergence.f_discriminator(real_logits, fake_logits, self.divergence)

    def generator(self, fake_logits, real_logits=None):
        """See `Objective`."""
        return f_divergence.f_generator(fake_logits, self.divergence, self.saturating)


@keras.saving.register_keras_serializable("kgen")
class QuadraticPotential(Objective):
    """GAN-QP: a quadratic term, scaled by the distance of each pair, and no Lipschitz constraint.

    Su 2018.

    Args:
        distance: One of `kgen.losses.QP_DISTANCES`.
        weight: The paper's lambda, the scale of the scores.

    Raises:
        ValueError: For an unknown distance, or a weight that is not positive.
    """

    generator_sees_real = True

    def __init__(self, distance: str = "l1", weight: float = 10.0):
        if distance not in gan_qp.QP_DISTANCES:
            names = ", ".join(gan_qp.QP_DISTANCES)
            raise ValueError(f"the distance must be one of {names}, got {distance!r}.")
        if weight <= 0:
            raise ValueError(f"weight must be positive, got {weight}.")
        self.distance = distance
        self.weight = weight

    def discriminator(self, real_logits, fake_logits, real=None, fake=None):
        """See `Objective`."""
        distance = gan_qp.qp_distance(real, fake, self.distance)
        return gan_qp.qp_discriminator(real_logits, fake_logits, distance, self.weight)

    def generator(self, fake_logits, real_logits=None):
        """See `Objective`."""
        return gan_qp.qp_generator(fake_logits, real_logits)


#: Every objective by name, as a function without arguments.
OBJECTIVES = {
    "minimax": Minimax,
    "non_saturating": NonSaturating,
    "maximum_likelihood": MaximumLikelihood,
    "least_squares": LeastSquares,
    "hinge": Hinge,
    "wasserstein": Wasserstein,
    "relativistic": Relativistic,
    **{
        f"f_{divergence}": lambda divergence=divergence: FDivergence(divergence)
        for divergence in f_divergence.F_DIVERGENCES
    },
    **{
        f"gan_qp_{distance}": lambda distance=distance: QuadraticPotential(distance)
        for distance in gan_qp.QP_DISTANCES
    },
}


def find_objective(given) -> Objective:
    """An objective from its name, itself, or its saved configuration.

    Raises:
        ValueError: If it is none of these.

    Example:

        >>> find_objective("gan_qp_l2")
        QuadraticPotential(distance='l2', weight=10.0)
    """
    return resolve(given, Objective, OBJECTIVES, "the objective")
