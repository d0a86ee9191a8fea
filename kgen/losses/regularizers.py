"""The regularizers of adversarial training by name, behind one interface.

A model gives each of them, by name, all there is of a step, and it takes what it needs:

- `real`, `fake`: the images that the discriminator sees, and `real_logits`, `fake_logits`;
- `real_slopes`, `fake_slopes`: the gradients of these logits with respect to their images,
  differentiable again, given to a regularizer that names them in `slopes_of`;
- `slope(images)`: the same at any other images;
- `noise`: where random numbers come from (`kgen.training.Noise`);
- `kernels`: the weights of the player's network with more than one axis;
- `step`: how many steps the model was trained, an int32 tensor.
"""

import keras
from keras import ops

from kgen.losses import penalties
from kgen.losses.configured import Configured, resolve


class Regularizer(Configured):
    """A term of a player's loss, or a bound on its weights.

    A `weight` is a number, or a schedule of the model's step
    (`keras.optimizers.schedules.LearningRateSchedule`), with which a term fades.
    """

    #: Whose loss gets the term, or whose weights are bounded.
    player: str = "discriminator"
    #: Whether there is a term.
    has_penalty: bool = True
    #: `"real"` and `"fake"`, where the term is of the slopes at these images.
    slopes_of: tuple[str, ...] = ()

    def penalty(self, **seen):
        """The term, a scalar with its weight."""
        raise NotImplementedError

    def project(self, variables) -> None:
        """Brings the player's variables back within bounds, after each of its steps."""


def at_step(weight, step):
    """A weight that may be a schedule, as it is now."""
    return weight(step) if callable(weight) else weight


@keras.saving.register_keras_serializable("kgen")
class GradientPenalty(Regularizer):
    """`weight E (|grad D| - centre)^2` between real and generated images.

    With centre 1 that of WGAN-GP (Gulrajani et al. 2017, eq. 3), with centre 0 the zero-centred
    one of Thanh-Tung et al. 2019. The places are `a x + (1 - a) G(z)` with one `a ~ U(0, 1)` for
    each image.

    Args:
        weight: 10 for images and 0.1 for points of the plane, in the first paper.
        centre: 1 or 0.

    Raises:
        ValueError: For another centre.
    """

    def __init__(self, weight=10.0, centre: int = 1):
        if centre not in (0, 1):
            raise ValueError(f"the gradient penalty is centred at 0 or 1, not at {centre!r}.")
        self.weight = weight
        self.centre = centre

    def penalty(self, *, real, fake, slope, noise, step, **_):
        """See `Regularizer`."""
        share = noise.uniform((ops.shape(real)[0], *[1] * (len(real.shape) - 1)))
        slopes = slope(share * real + (1 - share) * fake)
        form = penalties.one_centred_penalty if self.centre else penalties.zero_centred_penalty
        return at_step(self.weight, step) * form(slopes)


@keras.saving.register_keras_serializable("kgen")
class R1(Regularizer):
    """`weight / 2 E |grad D(x)|^2` at real images: Mescheder et al. 2018, eq. 9.

    Args:
        weight: Their gamma. It goes with the number of pixels, over which the norm sums.
    """

    slopes_of = ("real",)

    def __init__(self, weight=10.0):
        self.weight = weight

    def penalty(self, *, real_slopes, step, **_):
        """See `Regularizer`."""
        return at_step(self.weight, step) / 2 * penalties.zero_centred_penalty(real_slopes)


@keras.saving.register_keras_serializable("kgen")
class R2(Regularizer):
    """`weight / 2 E |grad D(G(z))|^2` at generated images: Mescheder et al. 2018, eq. 10.

    Args:
        weight: Their gamma.
    """

    slopes_of = ("fake",)

    def __init__(self, weight=10.0):
        self.weight = weight

    def penalty(self, *, fake_slopes, step, **_):
        """See `Regularizer`."""
        return at_step(self.weight, step) / 2 * penalties.zero_centred_penalty(fake_slopes)


@keras.saving.register_keras_serializable("kgen")
class JensenShannonRegularizer(Regularizer):
    """`weight / 2` times `kgen.losses.jensen_shannon_penalty`: Roth et al. 2017.

    Stands for training with noise on all images, whose variance is `weight`, without drawing any.
    For objectives whose logits are log-odds.

    Args:
        weight: Their gamma. They let it fall exponentially to a hundredth:
            `keras.optimizers.schedules.ExponentialDecay(0.1, steps, 0.01)`.
    """

    slopes_of = ("real", "fake")

    def __init__(self, weight=0.1):
        self.weight = weight

    def penalty(self, *, real_logits, fake_logits, real_slopes, fake_slopes, step, **_):
        """See `Regularizer`."""
        term = penalties.jensen_shannon_penalty(real_logits, fake_logits, real_slopes, fake_slopes)
        return at_step(self.weight, step) / 2 * term


@keras.saving.register_keras_serializable("kgen")
class Drift(Regularizer):
    """`weight E D(x)^2`: Karras et al. 2018, for critics whose level is free.

    Args:
        weight: 0.001 in the paper.
    """

    def __init__(self, weight=1e-3):
        self.weight = weight

    def penalty(self, *, real_logits, step, **_):
        """See `Regularizer`."""
        return at_step(self.weight, step) * penalties.drift_penalty(real_logits)


@keras.saving.register_keras_serializable("kgen")
class Orthogonality(Regularizer):
    """`weight` times the sum of `kgen.losses.orthogonality_penalty` over a network's kernels.

    Args:
        weight: 1e-4 in Brock et al. 2019.
        diagonal: Whether filters are held at length 1 as well.
        player: `"discriminator"` or `"generator"`.
    """

    def __init__(self, weight=1e-4, diagonal: bool = False, player: str = "discriminator"):
        self.weight = weight
        self.diagonal = diagonal
        self.player = player

    def penalty(self, *, kernels, step, **_):
        """See `Regularizer`."""
        terms = [penalties.orthogonality_penalty(kernel, self.diagonal) for kernel in kernels]
        return at_step(self.weight, step) * sum(terms)


@keras.saving.register_keras_serializable("kgen")
class WeightClipping(Regularizer):
    """Every weight of the critic in [-bound, bound]: Arjovsky et al. 2017, algorithm 1.

    As in the authors' code that is every trainable variable, gains and shifts of batch
    normalisation too. They clip before each step of the critic; here it starts clipped and is
    clipped after each step, so that the bound always holds.

    Args:
        bound: 0.01 in the paper.

    Raises:
        ValueError: If it is not positive.
    """

    has_penalty = False

    def __init__(self, bound: float = 0.01):
        if bound <= 0:
            raise ValueError(f"bound must be positive, got {bound}.")
        self.bound = bound

    def project(self, variables):
        """See `Regularizer`."""
        for variable in variables:
            variable.assign(ops.clip(variable.value, -self.bound, self.bound))


#: Every regularizer by name, as a function without arguments.
REGULARIZERS = {
    "gradient_penalty": GradientPenalty,
    "zero_centred_penalty": lambda: GradientPenalty(centre=0),
    "r1": R1,
    "r2": R2,
    "jensen_shannon": JensenShannonRegularizer,
    "drift": Drift,
    "orthogonality": Orthogonality,
    "weight_clipping": WeightClipping,
}


def find_regularizer(given) -> Regularizer:
    """A regularizer from its name, itself, or its saved configuration.

    Raises:
        ValueError: If it is none of these.

    Example:

        >>> find_regularizer("drift")
        Drift(weight=0.001)
    """
    return resolve(given, Regularizer, REGULARIZERS, "a regularizer")
