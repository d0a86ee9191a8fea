"""CycleGAN (Zhu, Park, Isola & Efros 2017)."""

import keras
import numpy as np
from keras import ops

from kgen.errors import DataError
from kgen.layers import ImagePool
from kgen.losses import (
    least_squares_discriminator,
    least_squares_generator,
    mean_absolute_error,
)
from kgen.models.base import GenerativeModel
from kgen.models.signature import Signature, TensorSpec
from kgen.networks import patchgan, resnet_generator
from kgen.training import LinearDecay


@keras.saving.register_keras_serializable("kgen")
class CycleGAN(GenerativeModel):
    """Translates between two sets of images that are not paired.

    Zhu, Park, Isola & Efros, *Unpaired Image-to-Image Translation using Cycle-Consistent
    Adversarial Networks*, 2017. With generators `G: A -> B`, `F: B -> A` and a discriminator of
    each side, the generators minimise (their eq. 3, with least squares for the log, section 4)

        E (D_B(G(a)) - 1)^2 + E (D_A(F(b)) - 1)^2
        + cycle_weight [E |F(G(a)) - a| + E |G(F(b)) - b|]
        + cycle_weight * identity_weight [E |G(b) - b| + E |F(a) - a|]

    and each discriminator half of `E (D(real) - 1)^2 + E D(fake)^2`, where the fakes come out of a
    pool of earlier ones. Batches are pairs `(a, b)` of unrelated images.

    Args:
        generator_ab: Images of A to images of B, in [-1, 1].
        generator_ba: Images of B to images of A.
        discriminator_a: Images of A to a map of logits.
        discriminator_b: Images of B to a map of logits.
        cycle_weight: Lambda, 10 in the paper.
        identity_weight: Relative to lambda, 0.5 in the authors' code; 0 switches it off, as it must
            where A and B have different channels.
        pool_size: How many fakes of each side are remembered; 0 for none.
        ema_momentum: See `GenerativeModel`; averages both generators.
        seed: See `GenerativeModel`.
        name: The Keras name.

    Raises:
        ValueError: If the networks do not fit each other, or the images' size is left open.

    Example:

        >>> model = CycleGAN.build_default((16, 16, 1), blocks=1, width=4, downsamplings=1)
        >>> model.translate(np.zeros((2, 16, 16, 1)), domain="b").shape
        (2, 16, 16, 1)
    """

    players = {
        "generator": ("generator_ab", "generator_ba"),
        "discriminator": ("discriminator_a", "discriminator_b"),
    }
    averaged = ("generator_ab", "generator_ba")
    loss_names = ("generator_loss", "discriminator_loss", "adversarial", "cycle", "identity")
    xla_on_cpu = True
    inference_mode = "instance normalisation works on each image alone, in training and after"

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
        networks = {
            "generator_ab": generator_ab,
            "generator_ba": generator_ba,
            "discriminator_a": discriminator_a,
            "discriminator_b": discriminator_b,
        }
        super().__init__(networks, **kwargs)
        self.image_shape_a = tuple(discriminator_a.input_shape[1:])
        self.image_shape_b = tuple(discriminator_b.input_shape[1:])
        if None in self.image_shape_a + self.image_shape_b and pool_size:
            raise ValueError(
                "the pool needs the images' size: give the discriminators a fixed one."
            )
        for network, source, target in (
            (generator_ab, self.image_shape_a, self.image_shape_b),
            (generator_ba, self.image_shape_b, self.image_shape_a),
        ):
            made = tuple(network.compute_output_shape((None, *source)))[1:]
            if made != target:
                raise ValueError(
                    f"{network.name} makes {made} of {source}, where the other side has {target}."
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
        """The generators' objective.

        Args:
            a: Images of A, (n, height, width, channels) in [-1, 1].
            b: Images of B.
            generator_ab: The network to use.
            generator_ba: The network to use.
            training: The networks' mode.

        Returns:
            `(total, adversarial, cycle, identity, fake_a, fake_b)`; the terms without weights.
        """
        fake_b = generator_ab(a, training=training)
        fake_a = generator_ba(b, training=training)
        adversarial = least_squares_generator(
            self.discriminator_b(fake_b, training=training)
        ) + least_squares_generator(self.discriminator_a(fake_a, training=training))
        cycle = mean_absolute_error(
            generator_ba(fake_b, training=training), a
        ) + mean_absolute_error(generator_ab(fake_a, training=training), b)
        identity = ops.zeros(())
        if self.identity_weight:
            identity = mean_absolute_error(
                generator_ab(b, training=training), b
            ) + mean_absolute_error(generator_ba(a, training=training), a)
        total = adversarial + self.cycle_weight * (cycle + self.identity_weight * identity)
        return total, adversarial, cycle, identity, fake_a, fake_b

    def discriminator_losses(self, a, b, fake_a, fake_b, training):
        """The sum of both discriminators' objectives."""
        return least_squares_discriminator(
            self.discriminator_a(a, training=training),
            self.discriminator_a(fake_a, training=training),
        ) + least_squares_discriminator(
            self.discriminator_b(b, training=training),
            self.discriminator_b(fake_b, training=training),
        )

    def train_step(self, data):
        """One step of both generators, then one of both discriminators."""
        a, b = data

        def generator_loss():
            generators = self.generator_ab, self.generator_ba
            total, *terms = self.generator_losses(a, b, *generators, training=True)
            return total, terms

        generators, (*terms, fake_a, fake_b) = self.minimize(generator_loss, "generator")
        fake_a = self.pool_a(ops.stop_gradient(fake_a), noise=self.noise)
        fake_b = self.pool_b(ops.stop_gradient(fake_b), noise=self.noise)
        discriminators = self.minimize(
            lambda: self.discriminator_losses(a, b, fake_a, fake_b, training=True),
            "discriminator",
        )
        return self._report(a, generators, discriminators, *terms)

    def test_step(self, data):
        """The same losses without pools."""
        a, b = data
        networks = (self.inference_network(f"generator_{way}") for way in ("ab", "ba"))
        generators, *terms, fake_a, fake_b = self.generator_losses(a, b, *networks, training=False)
        discriminators = self.discriminator_losses(a, b, fake_a, fake_b, training=False)
        return self._report(a, generators, discriminators, *terms)

    def _report(self, a, generators, discriminators, adversarial, cycle, identity):
        return self.update_metrics(
            ops.shape(a)[0],
            generator_loss=generators,
            discriminator_loss=discriminators,
            adversarial=adversarial,
            cycle=cycle,
            identity=identity,
        )

    def batch_images(self, data):
        """The images of both sides."""
        if not (isinstance(data, (tuple, list)) and len(data) == 2):
            raise DataError(
                "CycleGAN trains on batches (a, b) of two unpaired sets: "
                "fit(a, b), or kgen.datasets.load(..., layout='unpaired')."
            )
        a, b = data
        return {"images of A": (a, self.image_shape_a), "images of B": (b, self.image_shape_b)}

    # ---- capabilities ----------------------------------------------------------------------------

    def signatures(self):
        """`translate_ab` and `translate_ba`, images to images, and `discriminate_a`, `_b`."""

        def signature(name, shape, output, role):
            def run(images):
                return {output: self.inference_network(name)(images, training=False)}

            return Signature(run, {"images": TensorSpec((None, *shape))}, {output: role})

        a, b = self.image_shape_a, self.image_shape_b
        return {
            "translate_ab": signature("generator_ab", a, "images", "image"),
            "translate_ba": signature("generator_ba", b, "images", "image"),
            "discriminate_a": signature("discriminator_a", a, "logits", "logit"),
            "discriminate_b": signature("discriminator_b", b, "logits", "logit"),
        }

    def translate(self, images, domain: str = "b") -> np.ndarray:
        """Translates images of the other side into `domain`.

        Args:
            images: (n, height, width, channels) in [-1, 1].
            domain: `"b"` translates from A, `"a"` from B.

        Returns:
            float32 images in [-1, 1].
        """
        return self.serve({"b": "translate_ab", "a": "translate_ba"}[_side(domain)], images=images)

    def discriminate(self, images, domain: str = "b") -> np.ndarray:
        """The logits (n, rows, columns, 1) of the discriminator of `domain`."""
        return self.serve(f"discriminate_{_side(domain)}", images=images)

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "cycle_weight": self.cycle_weight,
            "identity_weight": self.identity_weight,
            "pool_size": self.pool_size,
        }


def _side(domain: str) -> str:
    if domain not in ("a", "b"):
        raise ValueError(f"domain must be 'a' or 'b', got {domain!r}.")
    return domain
