"""CycleGAN (Zhu, Park, Isola & Efros 2017)."""

import keras
from keras import ops

from kgen.layers import ImagePool
from kgen.losses import LeastSquares, mean_absolute_error
from kgen.models.translation.unpaired import UnpairedTranslation
from kgen.networks import patchgan, resnet_generator
from kgen.training import LinearDecay


@keras.saving.register_keras_serializable("kgen")
class CycleGAN(UnpairedTranslation):
    """Translates between two sets of images that are not paired.

    Zhu, Park, Isola & Efros, *Unpaired Image-to-Image Translation using Cycle-Consistent
    Adversarial Networks*, 2017. With generators `G: A -> B`, `F: B -> A` and a discriminator of
    each side, the generators minimise (their eq. 3, with least squares for the log, section 4)

        E (D_B(G(a)) - 1)^2 + E (D_A(F(b)) - 1)^2
        + cycle_weight [E |F(G(a)) - a| + E |G(F(b)) - b|]
        + cycle_weight * identity_weight [E |G(b) - b| + E |F(a) - a|]

    and each discriminator half of `E (D(real) - 1)^2 + E D(fake)^2`, where the fakes come out of a
    pool of earlier ones. With another `objective` it is half of that one's discriminator loss, as
    in the authors' code. Batches are pairs `(a, b)` of unrelated images.

    Args:
        generator_ab: Images of A to images of B, in [-1, 1].
        generator_ba: Images of B to images of A.
        discriminator_a: Images of A to a map of logits.
        discriminator_b: Images of B to a map of logits.
        cycle_weight: Lambda, 10 in the paper.
        identity_weight: Relative to lambda, 0.5 in the authors' code; 0 switches it off, as it must
            where A and B have different channels.
        pool_size: How many fakes of each side are remembered; 0 for none.
        objective: See `UnpairedTranslation`; by default least squares without the halves of Mao et
            al. 2017, which `"least_squares"` has.
        regularizers: See `UnpairedTranslation`.
        ema_momentum: See `GenerativeModel`; averages both generators.
        seed: See `GenerativeModel`.
        name: The Keras name.

    Raises:
        ValueError: If the networks do not fit each other, or the images' size is left open.

    Example:

        >>> model = CycleGAN.build_default((16, 16, 1), blocks=1, width=4, downsamplings=1)
        >>> model.translate(keras.ops.zeros((2, 16, 16, 1)), domain="b").shape
        (2, 16, 16, 1)
    """

    loss_names = ("generator_loss", "discriminator_loss", "adversarial", "cycle", "identity")
    xla_on_cpu = True
    inference_mode = "instance normalisation works on each image alone, in training and after"
    paper_objective = LeastSquares(halved=False)
    discriminator_weight = 0.5

    def __init__(
        self,
        generator_ab: keras.Model,
        generator_ba: keras.Model,
        discriminator_a: keras.Model,
        discriminator_b: keras.Model,
        *,
        cycle_weight: float = 10.0,
        identity_weight: float = 0.5,
        pool_size: int = 50,
        **kwargs,
    ):
        super().__init__(generator_ab, generator_ba, discriminator_a, discriminator_b, **kwargs)
        if None in self.image_shape_a + self.image_shape_b and pool_size:
            raise ValueError(
                "the pool needs the images' size: give the discriminators a fixed one."
            )
        if identity_weight and self.image_shape_a[-1] != self.image_shape_b[-1]:
            raise ValueError(
                f"A has {self.image_shape_a[-1]} channels and B {self.image_shape_b[-1]}: the "
                "identity loss compares images of both, so set identity_weight=0."
            )
        self.cycle_weight, self.identity_weight = cycle_weight, identity_weight
        self.pool_size = pool_size
        self.pool_a, self.pool_b = ImagePool(pool_size), ImagePool(pool_size)
        self.pool_a.build((None, *self.image_shape_a))
        self.pool_b.build((None, *self.image_shape_b))

    @classmethod
    def build_default(
        cls,
        image_shape: tuple[int, int, int] = (256, 256, 3),
        image_shape_b: tuple[int, int, int] | None = None,
        blocks: int | None = None,
        width: int = 64,
        downsamplings: int = 3,
        **kwargs,
    ) -> "CycleGAN":
        """The paper's networks: residual generators and PatchGANs of 70 x 70 pixels.

        Args:
            image_shape: Of A: (height, width, channels), sides multiples of 4.
            image_shape_b: Of B; the same by default.
            blocks: Residual blocks; by default the paper's 9 from 256 pixels on and 6 below.
            width: Channels of the first maps.
            downsamplings: Of the PatchGAN; 3 is the paper's.
            **kwargs: Passed to the constructor.

        Raises:
            ValueError: For a size that the networks cannot take.
        """
        shape_a, shape_b = image_shape, image_shape_b or image_shape
        blocks = blocks or (9 if max(side or 256 for side in shape_a[:2]) >= 256 else 6)
        return cls(
            resnet_generator(shape_a, shape_b[-1], blocks, width, name="generator_ab"),
            resnet_generator(shape_b, shape_a[-1], blocks, width, name="generator_ba"),
            patchgan(shape_a, width, downsamplings, name="discriminator_a"),
            patchgan(shape_b, width, downsamplings, name="discriminator_b"),
            **kwargs,
        )

    def default_optimizers(self):
        """Adam, rate 2e-4, beta_1 0.5, for both players.

        The paper keeps the rate for 100 epochs and takes it to zero over 100 more, for which one
        must know the steps to come: `model.compile(**model.decaying_optimizers(steps))`.
        """
        return {player: keras.optimizers.Adam(2e-4, beta_1=0.5) for player in self.players}

    def decaying_optimizers(self, steps: int) -> dict[str, keras.optimizers.Optimizer]:
        """The paper's optimizers with its schedule, as keywords of `compile`.

        Args:
            steps: Of the whole training; half of them at the full rate, half towards zero.
        """
        return {
            f"{player}_optimizer": keras.optimizers.Adam(
                LinearDecay(2e-4, steps // 2, steps - steps // 2), beta_1=0.5
            )
            for player in self.players
        }

    # ---- training --------------------------------------------------------------------------------

    def generator_losses(self, a, b, generator_ab, generator_ba, training):
        """See `UnpairedTranslation`; the terms are adversarial, cycle and identity."""
        identity = ops.zeros(())
        if self.identity_weight:
            fake_b, same_b = self.through(
                "generator_ab", a, b, training=training, network=generator_ab
            )
            fake_a, same_a = self.through(
                "generator_ba", b, a, training=training, network=generator_ba
            )
            identity = mean_absolute_error(same_b, b) + mean_absolute_error(same_a, a)
        else:
            fake_b = generator_ab(a, training=training)
            fake_a = generator_ba(b, training=training)
        adversarial = self.fool("b", fake_b, b, training) + self.fool("a", fake_a, a, training)
        cycle = mean_absolute_error(
            generator_ba(fake_b, training=training), a
        ) + mean_absolute_error(generator_ab(fake_a, training=training), b)
        total = adversarial + self.cycle_weight * (cycle + self.identity_weight * identity)
        terms = {"adversarial": adversarial, "cycle": cycle, "identity": identity}
        return total, terms, fake_a, fake_b

    def train_step(self, data):
        """One step of both generators, then one of both discriminators."""
        a, b = data
        total, terms, fake_a, fake_b = self.train_generators(a, b)
        fake_a = self.pool_a(ops.stop_gradient(fake_a), noise=self.noise)
        fake_b = self.pool_b(ops.stop_gradient(fake_b), noise=self.noise)
        judged = self.train_discriminators(a, b, fake_a, fake_b)
        n = ops.shape(a)[0]
        return self.update_metrics(n, generator_loss=total, discriminator_loss=judged, **terms)

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "cycle_weight": self.cycle_weight,
            "identity_weight": self.identity_weight,
            "pool_size": self.pool_size,
        }
