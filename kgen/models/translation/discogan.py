"""DiscoGAN (Kim et al. 2017)."""

import keras
from keras import ops

from kgen.losses import feature_matching
from kgen.models.translation.unpaired import UnpairedTranslation
from kgen.networks import discogan_discriminator, discogan_generator, stages_and_logits


@keras.saving.register_keras_serializable("kgen")
class DiscoGAN(UnpairedTranslation):
    """Finds what two sets of images have in common, and translates by it.

    Kim, Cha, Kim, Lee & Kim, *Learning to Discover Cross-Domain Relations with Generative
    Adversarial Networks*, 2017. The generators minimise the reconstruction of both sides (their
    eqs. 3 to 7) and fool both discriminators, which the authors' code weighs and adds to: for a
    side, with rate r,

        r MSE(x, back(there(x))) + (1 - r) [0.9 * feature matching + 0.1 * -E log D(there(x))]

    where feature matching is `(E f(real) - E f(fake))^2`, a mean over each stage of the
    discriminator and summed over stages, and r rises from 0.01 to 0.5 after 10,000 steps. Each
    discriminator minimises half of its cross-entropy; of three steps the first trains the
    discriminators and the others the generators. Squares are taken as if images were in [0, 1], as
    theirs are. Batches are pairs `(a, b)` of unrelated images.

    Args:
        generator_ab: Images of A to images of B, in [-1, 1].
        generator_ba: Images of B to images of A.
        discriminator_a: Images of A to logits (n, 1); layers whose names begin with "stage" are
            its stages, or what its last layer sees is the only one.
        discriminator_b: Images of B to logits.
        rates: r before and after.
        curriculum_steps: After how many steps it changes.
        matching: The share of feature matching beside the adversarial loss.
        discriminator_every: Every how many-th step is the discriminators'.
        weight_decay: The factor of each weight in its gradient, which Adam then scales; 1e-5 in the
            authors' code, for both players.
        objective: See `UnpairedTranslation`.
        regularizers: See `UnpairedTranslation`.
        ema_momentum: See `GenerativeModel`; averages both generators.
        seed: See `GenerativeModel`.
        name: The Keras name.

    Raises:
        ValueError: If the networks do not fit each other, or `discriminator_every` is below 2.

    Example:

        >>> model = DiscoGAN.build_default((16, 16, 1), width=4)
        >>> model.translate(ops.zeros((2, 16, 16, 1)), domain="a").shape
        (2, 16, 16, 1)
    """

    loss_names = (
        "generator_loss",
        "discriminator_loss",
        "adversarial",
        "matching",
        "reconstruction",
    )
    inference_mode = (
        "batch normalisation uses its moving averages, so that a translation does not depend on "
        "the others of its batch"
    )
    discriminator_weight = 0.5

    def __init__(
        self,
        generator_ab: keras.Model,
        generator_ba: keras.Model,
        discriminator_a: keras.Model,
        discriminator_b: keras.Model,
        *,
        rates: tuple[float, float] = (0.01, 0.5),
        curriculum_steps: int = 10_000,
        matching: float = 0.9,
        discriminator_every: int = 3,
        weight_decay: float = 1e-5,
        **kwargs,
    ):
        super().__init__(generator_ab, generator_ba, discriminator_a, discriminator_b, **kwargs)
        if discriminator_every < 2:
            raise ValueError(
                f"discriminator_every={discriminator_every} leaves the generators no step: it must "
                "be at least 2."
            )
        self.rates, self.curriculum_steps = tuple(rates), curriculum_steps
        self.matching, self.weight_decay = matching, weight_decay
        self.discriminator_every = discriminator_every
        self._look = {
            "a": stages_and_logits(discriminator_a),
            "b": stages_and_logits(discriminator_b),
        }

    @classmethod
    def build_default(
        cls,
        image_shape: tuple[int, int, int] = (64, 64, 3),
        image_shape_b: tuple[int, int, int] | None = None,
        width: int = 64,
        halvings: int | None = None,
        bottleneck: int | None = None,
        **kwargs,
    ) -> "DiscoGAN":
        """The authors' networks: four convolutions each at 64 pixels.

        Args:
            image_shape: Of A: (height, width, channels).
            image_shape_b: Of B, of the same height and width; all the same by default.
            width: Channels of the first maps.
            halvings: See `kgen.networks.discogan_generator`.
            bottleneck: See there.
            **kwargs: Passed to the constructor.

        Raises:
            ValueError: For a size that the networks cannot take.
        """
        shape_a, shape_b = image_shape, image_shape_b or image_shape
        inner = width, halvings, bottleneck
        return cls(
            discogan_generator(shape_a, shape_b[-1], *inner, name="generator_ab"),
            discogan_generator(shape_b, shape_a[-1], *inner, name="generator_ba"),
            discogan_discriminator(shape_a, width, halvings, name="discriminator_a"),
            discogan_discriminator(shape_b, width, halvings, name="discriminator_b"),
            **kwargs,
        )

    def default_optimizers(self):
        """Adam, rate 2e-4, beta_1 0.5, beta_2 0.999, for both players."""
        return {player: keras.optimizers.Adam(2e-4, beta_1=0.5) for player in self.players}

    # ---- training --------------------------------------------------------------------------------

    def rate(self):
        """The share of the reconstruction now, by the saved step."""
        return ops.where(self.step.value < self.curriculum_steps, *self.rates)

    def generator_losses(self, a, b, generator_ab, generator_ba, training):
        """See `UnpairedTranslation`; the terms are adversarial, matching and reconstruction."""
        fake_b, fake_a, *again = self.there_and_back(a, b, generator_ab, generator_ba, training)
        reconstruction = _half_scale_error(again[0], a) + _half_scale_error(again[1], b)
        adversarial = matching = 0.0
        for side, real, fake in (("a", a, fake_a), ("b", b, fake_b)):
            of_real, real_logits = self._look[side](real, training=training)
            of_fake, fake_logits = self._look[side](fake, training=training)
            adversarial += self.objective.generator(fake_logits, real_logits)
            matching += sum(map(feature_matching, of_real, of_fake))
        fooled = self.matching * matching + (1 - self.matching) * adversarial
        total = self.rate() * reconstruction + (1 - self.rate()) * fooled
        terms = {
            "adversarial": adversarial,
            "matching": matching,
            "reconstruction": reconstruction,
        }
        return total, terms, fake_a, fake_b

    def minimize(self, loss_fn, player=None):
        """As for every model, with `weight_decay` times each weight added to its gradient."""

        def decayed():
            loss, aux = loss_fn() if player == "generator" else (loss_fn(), None)
            squares = [ops.sum(ops.square(v)) for v in self.player_variables(player)]
            return loss + self.weight_decay / 2 * sum(squares), (loss, aux)

        _, (loss, aux) = super().minimize(decayed, player)
        return loss if aux is None else (loss, aux)

    def train_step(self, data):
        """A step of the discriminators, or of the generators."""
        a, b = data
        n = ops.shape(a)[0]
        due = ops.equal(ops.mod(self.step.value, self.discriminator_every), 0)

        def discriminators():
            fake_a = self.generator_ba(b, training=True)
            return self.train_discriminators(a, b, fake_a, self.generator_ab(a, training=True))

        def generators():
            total, terms, *_ = self.train_generators(a, b)
            return {"generator_loss": total, **terms}

        judged = self.branch(due, discriminators, 0.0)
        self.update_metrics(n * ops.cast(due, "int32"), discriminator_loss=judged)
        others = dict.fromkeys(set(self.loss_names) - {"discriminator_loss"}, 0.0)
        losses = self.branch(ops.logical_not(due), generators, others)
        return self.update_metrics(n * ops.cast(ops.logical_not(due), "int32"), **losses)

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "rates": self.rates,
            "curriculum_steps": self.curriculum_steps,
            "matching": self.matching,
            "discriminator_every": self.discriminator_every,
            "weight_decay": self.weight_decay,
        }


def _half_scale_error(x, y):
    """The mean square of the difference of images in [-1, 1], were they in [0, 1]."""
    return ops.mean(ops.square((ops.cast(x, "float32") - ops.cast(y, "float32")) / 2))
