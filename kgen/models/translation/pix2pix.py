"""Pix2pix (Isola, Zhu, Zhou & Efros 2017)."""

import keras
import numpy as np
from keras import ops

from kgen.errors import DataError
from kgen.losses import find_objective, mean_absolute_error
from kgen.losses.objectives import QuadraticPotential
from kgen.models.base import GenerativeModel
from kgen.models.signature import Signature, TensorSpec
from kgen.networks import patchgan, unet
from kgen.training import Noise


@keras.saving.register_keras_serializable("kgen")
class Pix2Pix(GenerativeModel):
    """Translates images of A into images of B, learned from pairs.

    Isola, Zhu, Zhou & Efros, *Image-to-Image Translation with Conditional Adversarial Networks*,
    2017. The discriminator judges pairs patch by patch, and the generator minimises (their eq. 4)

        E -log D(a, G(a, z)) + l1_weight * E |b - G(a, z)|

    with dropout as its only noise z. Both players' gradients are taken at the same weights and on
    the same translations: the generator's from the discriminator before its update, as in the
    authors' code. The paper halves the discriminator's loss, which Adam does not notice; here the
    sum is reported. Batches are `(a, b)`, row by row the same subject; jitter and mirroring are the
    data's (`kgen.datasets.load(..., jitter=30, flip=True)` for the paper's 286 to 256 pixels).

    Dropout stays at inference, as in the paper: `translate` draws it, by a seed if one is given,
    and the signature `translate_ab_drawn` takes its uniform numbers as an input. Without dropout,
    `translate(..., dropout=False)` and the signature `translate_ab`, a translation is a function
    of its image alone.

    Args:
        generator: Images of A to images of B in [-1, 1], or `[images, noise]` to these, where
            `noise` are uniform numbers (n, k) of which dropout is made (`kgen.layers.GivenDropout`)
            in training mode. The latter is in training mode wherever dropout is drawn, so it must
            not have batch statistics.
        discriminator: Pairs, images of A and B one after the other along the channels, to a map of
            logits; or images of B alone, which makes the paper's unconditional variant.
        objective: A key of `kgen.losses.OBJECTIVES` or an object; GAN-QP's compares whole images
            and has no sense for patches.
        l1_weight: Lambda, 100 in the paper; 0 for a purely adversarial generator.
        adversarial_weight: Of the adversarial term; 0 trains a plain U-Net by its L1 loss, and the
            discriminator not at all.
        ema_momentum: See `GenerativeModel`; averages the generator.
        seed: See `GenerativeModel`.
        name: The Keras name.

    Raises:
        ValueError: If the networks do not fit each other, or for an objective of whole images.

    Example:

        >>> model = Pix2Pix.build_default((16, 16, 1), (16, 16, 3), width=4, downsamplings=1)
        >>> model.translate(np.zeros((2, 16, 16, 1)), seed=1).shape
        (2, 16, 16, 3)
    """

    players = {"generator": ("generator",), "discriminator": ("discriminator",)}
    averaged = ("generator",)
    loss_names = ("generator_loss", "discriminator_loss", "adversarial", "l1")
    inference_mode = (
        "instance normalisation works on each image alone, in training and after, and dropout is "
        "made of noise that comes in with the image, or is left out"
    )

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        objective="non_saturating",
        l1_weight: float = 100.0,
        adversarial_weight: float = 1.0,
        **kwargs,
    ):
        super().__init__({"generator": generator, "discriminator": discriminator}, **kwargs)
        self.image_shape_a, *noise = (tuple(given.shape[1:]) for given in generator.inputs)
        self.image_shape_b = tuple(generator.output_shape[1:])
        #: How many uniform numbers the generator's dropout takes, of each image.
        self.noise_size = noise[0][0] if noise else 0
        self.conditional = _is_conditional(discriminator, self.image_shape_a, self.image_shape_b)
        self.objective = find_objective(objective)
        if isinstance(self.objective, QuadraticPotential):
            raise ValueError("GAN-QP compares whole images, not patches: choose another objective.")
        self.l1_weight, self.adversarial_weight = l1_weight, adversarial_weight

    @classmethod
    def build_default(
        cls,
        image_shape: tuple[int, int, int] = (256, 256, 3),
        image_shape_b: tuple[int, int, int] | None = None,
        width: int = 64,
        depth: int | None = None,
        dropout: float = 0.5,
        downsamplings: int = 3,
        conditional: bool = True,
        **kwargs,
    ) -> "Pix2Pix":
        """The paper's networks: a U-Net, and a PatchGAN of 70 x 70 pixels.

        Args:
            image_shape: Of A: (height, width, channels).
            image_shape_b: Of B, of the same height and width; all the same by default.
            width: Channels of the first maps.
            depth: Of the U-Net, see `kgen.networks.unet`; by default all that the size allows.
            dropout: Of the U-Net.
            downsamplings: Of the PatchGAN: 0, 1, 3 and 5 are the paper's patches of 1, 16, 70 and
                286 pixels.
            conditional: Whether the discriminator sees the image of A as well.
            **kwargs: Passed to the constructor.

        Raises:
            ValueError: For a size that the networks cannot take, or sides of two sizes.
        """
        shape_b = tuple(image_shape_b or image_shape)
        if shape_b[:2] != tuple(image_shape[:2]):
            raise ValueError(f"a U-Net keeps the size: it makes no {shape_b} of {image_shape}.")
        channels = shape_b[-1] + (image_shape[-1] if conditional else 0)
        return cls(
            unet(image_shape, shape_b[-1], depth, width, dropout, name="generator"),
            patchgan((*shape_b[:2], channels), width, downsamplings, affine=True),
            **kwargs,
        )

    def default_optimizers(self):
        """Adam, rate 2e-4, beta_1 0.5, for both players."""
        return {player: keras.optimizers.Adam(2e-4, beta_1=0.5) for player in self.players}

    # ---- training --------------------------------------------------------------------------------

    def generate(self, network, images, noise=None):
        """Translations by a network, with dropout made of `noise`, or without any.

        Args:
            network: The generator, or its average.
            images: Of A.
            noise: Uniform numbers (n, noise_size), or `None`.
        """
        if not self.noise_size:
            return network(images, training=False)
        if noise is None:
            noise = ops.zeros((ops.shape(images)[0], self.noise_size))
            return network([images, noise], training=False)
        return network([images, noise], training=True)

    def logits(self, a, b, training: bool):
        """What the discriminator says of pairs, (n, rows, columns, 1)."""
        seen = ops.concatenate([a, ops.cast(b, a.dtype)], axis=-1) if self.conditional else b
        return self.discriminator(seen, training=training)

    def generator_losses(self, a, b, fake, training: bool):
        """The generator's objective on its translations `fake` of `a`.

        Returns:
            `(total, adversarial, l1)`; the terms without weights.
        """
        l1 = mean_absolute_error(fake, b)
        adversarial = ops.zeros(())
        if self.adversarial_weight:
            sees_real = self.objective.generator_sees_real
            real_logits = self.logits(a, b, training) if sees_real else None
            adversarial = self.objective.generator(self.logits(a, fake, training), real_logits)
        return self.adversarial_weight * adversarial + self.l1_weight * l1, adversarial, l1

    def discriminator_loss(self, a, b, fake, training: bool):
        """The discriminator's objective."""
        return self.objective.discriminator(
            self.logits(a, b, training), self.logits(a, fake, training)
        )

    def train_step(self, data):
        """One step of the generator, then one of the discriminator on the same translations."""
        a, b = (ops.convert_to_tensor(side) for side in data)
        noise = self._draw(ops.shape(a)[0], self.noise)

        def generator_loss():
            fake = self.generate(self.generator, a, noise)
            total, *terms = self.generator_losses(a, b, fake, training=True)
            return total, (*terms, fake)

        total, (adversarial, l1, fake) = self.minimize(generator_loss, "generator")
        fake, judged = ops.stop_gradient(fake), 0.0
        if self.adversarial_weight:
            judged = self.minimize(
                lambda: self.discriminator_loss(a, b, fake, training=True), "discriminator"
            )
        return self._report(a, total, judged, adversarial, l1)

    def test_step(self, data):
        """The same losses, with dropout of its own."""
        a, b = (ops.convert_to_tensor(side) for side in data)
        noise = self._draw(ops.shape(a)[0], self.evaluation_noise)
        fake = self.generate(self.inference_network("generator"), a, noise)
        total, *terms = self.generator_losses(a, b, fake, training=False)
        judged = 0.0
        if self.adversarial_weight:
            judged = self.discriminator_loss(a, b, fake, training=False)
        return self._report(a, total, judged, *terms)

    def _draw(self, n, noise):
        return noise.uniform((n, self.noise_size)) if self.noise_size else None

    def _report(self, a, total, judged, adversarial, l1):
        return self.update_metrics(
            ops.shape(a)[0],
            generator_loss=total,
            discriminator_loss=judged,
            adversarial=adversarial,
            l1=l1,
        )

    def batch_images(self, data):
        """The images of both sides."""
        if not (isinstance(data, (tuple, list)) and len(data) == 2):
            raise DataError(
                "Pix2Pix trains on batches (a, b) of pairs: "
                "fit(a, b), or kgen.datasets.load(..., layout='paired')."
            )
        a, b = data
        return {"images of A": (a, self.image_shape_a), "images of B": (b, self.image_shape_b)}

    # ---- capabilities ----------------------------------------------------------------------------

    def signatures(self):
        """`translate_ab`, `translate_ab_drawn` where there is dropout, and `discriminate`."""
        images = TensorSpec((None, *self.image_shape_a))
        targets = TensorSpec((None, *self.image_shape_b))

        def translate(images, noise=None):
            return {"images": self.generate(self.inference_network("generator"), images, noise)}

        signatures = {
            "translate_ab": Signature(translate, {"images": images}, {"images": "image"}),
            "discriminate": Signature(
                lambda images, targets: {"logits": self.logits(images, targets, False)},
                {"images": images, "targets": targets},
                {"logits": "logit"},
            ),
        }
        if self.noise_size:
            noise = TensorSpec((None, self.noise_size), role="uniform")
            inputs = {"images": images, "noise": noise}
            signatures["translate_ab_drawn"] = Signature(translate, inputs, {"images": "image"})
        return signatures

    def translate(
        self, images, domain: str = "b", dropout: bool = True, seed: int | None = None
    ) -> np.ndarray:
        """Translates images of A.

        Args:
            images: (n, height, width, channels) in [-1, 1].
            domain: Only `"b"`: there is no way back.
            dropout: Whether the generator's dropout is drawn, as in the paper; without it, one
                image has one translation.
            seed: The same seed draws the same dropout; `None` draws anew at each call.

        Returns:
            float32 images in [-1, 1].
        """
        if domain != "b":
            raise ValueError(
                f"domain must be 'b', got {domain!r}: pix2pix translates one way. For the other, "
                "train on pairs loaded with direction='ba'."
            )
        if not (dropout and self.noise_size):
            return self.serve("translate_ab", images=images)
        noise = self._draw(len(images), Noise(keras.random.SeedGenerator(seed)))
        noise = ops.convert_to_numpy(noise)
        return self.serve("translate_ab_drawn", images=images, noise=noise)

    def discriminate(self, images, targets) -> np.ndarray:
        """The logits (n, rows, columns, 1) of pairs of images of A and of B."""
        return self.serve("discriminate", images=images, targets=targets)

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "objective": keras.saving.serialize_keras_object(self.objective),
            "l1_weight": self.l1_weight,
            "adversarial_weight": self.adversarial_weight,
        }


def _is_conditional(discriminator, shape_a, shape_b) -> bool:
    """Whether it judges pairs, or images of B alone."""
    *size, channels = discriminator.input_shape[1:]
    fits = shape_a[:2] == shape_b[:2] == tuple(size)
    if not fits or channels not in (shape_b[-1], shape_a[-1] + shape_b[-1]):
        raise ValueError(
            f"the discriminator judges {(*size, channels)}, the generator makes {shape_b} of "
            f"{shape_a}: give it their size, and the channels of both (or of B alone)."
        )
    return channels != shape_b[-1]
