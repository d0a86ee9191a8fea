"""DualGAN (Yi et al. 2017)."""

import keras
from keras import ops

from kgen.losses import WeightClipping, mean_absolute_error
from kgen.models.translation.unpaired import UnpairedTranslation
from kgen.networks import patchgan, unet


@keras.saving.register_keras_serializable("kgen")
class DualGAN(UnpairedTranslation):
    """Translates between two unpaired sets with Wasserstein critics and U-Nets.

    Yi, Zhang, Tan & Gong, *DualGAN: Unsupervised Dual Learning for Image-to-Image Translation*,
    2017. Each critic minimises `E D(fake) - E D(real)` (their eqs. 1 and 2), and both generators
    (eq. 3)

        lambda [E |a - F(G(a))| + E |b - G(F(b))|] - E D_A(F(b)) - E D_B(G(a))

    after several steps of the critics, all with RMSProp. As in the paper the critics' weights are
    clipped. The authors' code has a gradient penalty instead, and one step of each:
    `regularizers=["gradient_penalty"], discriminator_steps=1`. With `discriminator_steps=k` each
    batch is one step of the critics, and every k-th trains the generators as well. Batches are
    pairs `(a, b)` of unrelated images. The noise that the paper gets from dropout its code has
    switched off, and so it is here.

    Args:
        generator_ab: Images of A to images of B, in [-1, 1].
        generator_ba: Images of B to images of A.
        discriminator_a: Images of A to scores, such as a map.
        discriminator_b: Images of B to scores.
        cycle_weight: Lambda, 100 to 1000 in the paper.
        discriminator_steps: Steps of the critics for each one of the generators, 2 to 4 in the
            paper.
        objective: See `UnpairedTranslation`.
        regularizers: See there; by default weights are clipped to 0.01 (0.01 to 0.1 in the paper:
            `[kgen.losses.WeightClipping(0.1)]`).
        ema_momentum: See `GenerativeModel`; averages both generators.
        seed: See `GenerativeModel`.
        name: The Keras name.

    Raises:
        ValueError: If the networks do not fit each other, or for `discriminator_steps` below 1.

    Example:

        >>> model = DualGAN.build_default((16, 16, 1), width=4, downsamplings=1)
        >>> model.translate(ops.zeros((2, 16, 16, 1)), domain="a").shape
        (2, 16, 16, 1)
    """

    loss_names = ("generator_loss", "discriminator_loss", "adversarial", "cycle")
    inference_mode = "instance normalisation works on each image alone, in training and after"
    paper_objective = "wasserstein"
    paper_regularizers = (WeightClipping(0.01),)

    def __init__(
        self,
        generator_ab: keras.Model,
        generator_ba: keras.Model,
        discriminator_a: keras.Model,
        discriminator_b: keras.Model,
        *,
        cycle_weight: float = 500.0,
        discriminator_steps: int = 3,
        **kwargs,
    ):
        super().__init__(generator_ab, generator_ba, discriminator_a, discriminator_b, **kwargs)
        if discriminator_steps < 1:
            raise ValueError(f"discriminator_steps must be at least 1, got {discriminator_steps}.")
        self.cycle_weight, self.discriminator_steps = cycle_weight, discriminator_steps

    @classmethod
    def build_default(
        cls,
        image_shape: tuple[int, int, int] = (256, 256, 3),
        image_shape_b: tuple[int, int, int] | None = None,
        width: int = 64,
        depth: int | None = None,
        downsamplings: int = 3,
        **kwargs,
    ) -> "DualGAN":
        """U-Nets and PatchGANs of 70 x 70 pixels.

        Normalisation is of each instance, what the authors' batch normalisation is on their batch
        of one, and in the critics without the gain that clipping would shrink to 0.01.

        Args:
            image_shape: Of A: (height, width, channels).
            image_shape_b: Of B, of the same height and width; all the same by default.
            width: Channels of the first maps.
            depth: Of the U-Nets, see `kgen.networks.unet`.
            downsamplings: Of the PatchGANs.
            **kwargs: Passed to the constructor.

        Raises:
            ValueError: For a size that the networks cannot take.
        """
        shape_a, shape_b = image_shape, image_shape_b or image_shape
        return cls(
            unet(shape_a, shape_b[-1], depth, width, name="generator_ab"),
            unet(shape_b, shape_a[-1], depth, width, name="generator_ba"),
            patchgan(shape_a, width, downsamplings, name="discriminator_a"),
            patchgan(shape_b, width, downsamplings, name="discriminator_b"),
            **kwargs,
        )

    def default_optimizers(self):
        """RMSProp, rate 5e-5, decay 0.9, and the 1e-10 of TensorFlow 1, for both players."""
        return {
            player: keras.optimizers.RMSprop(5e-5, rho=0.9, epsilon=1e-10)
            for player in self.players
        }

    # ---- training --------------------------------------------------------------------------------

    def generator_losses(self, a, b, generator_ab, generator_ba, training):
        """See `UnpairedTranslation`; the terms are adversarial and cycle."""
        fake_b, fake_a, *again = self.there_and_back(a, b, generator_ab, generator_ba, training)
        adversarial = self.fool("a", fake_a, a, training) + self.fool("b", fake_b, b, training)
        cycle = mean_absolute_error(again[0], a) + mean_absolute_error(again[1], b)
        terms = {"adversarial": adversarial, "cycle": cycle}
        return adversarial + self.cycle_weight * cycle, terms, fake_a, fake_b

    def train_step(self, data):
        """One step of the critics, then one of the generators where it is due."""
        a, b = data
        n = ops.shape(a)[0]
        fake_a, fake_b = self.generator_ba(b, training=True), self.generator_ab(a, training=True)
        judged = self.train_discriminators(a, b, fake_a, fake_b)
        self.update_metrics(n, discriminator_loss=judged)
        due = ops.equal(ops.mod(self.step.value + 1, self.discriminator_steps), 0)

        def generators():
            total, terms, *_ = self.train_generators(a, b)
            return {"generator_loss": total, **terms}

        others = dict.fromkeys(("generator_loss", "adversarial", "cycle"), 0.0)
        losses = self.branch(due, generators, others)
        return self.update_metrics(n * ops.cast(due, "int32"), **losses)

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "cycle_weight": self.cycle_weight,
            "discriminator_steps": self.discriminator_steps,
        }
