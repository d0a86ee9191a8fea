"""StarGAN (Choi et al. 2018)."""

import keras
import numpy as np
from keras import ops

from kgen.errors import DataError
from kgen.losses import (
    GradientPenalty,
    bernoulli_log_prob,
    mean_absolute_error,
    wasserstein_critic,
    wasserstein_generator,
)
from kgen.models.base import GenerativeModel
from kgen.models.class_labels import OptionalLabels
from kgen.models.signature import Signature, TensorSpec
from kgen.networks import stargan_discriminator, stargan_generator
from kgen.training import LinearDecay


@keras.saving.register_keras_serializable("kgen")
class StarGAN(OptionalLabels, GenerativeModel):
    """Translates between any two of many domains with one generator.

    Choi et al., *StarGAN: Unified Generative Adversarial Networks for Multi-Domain Image-to-Image
    Translation*, 2018. The generator is told the domain to show, as planes joined to the image; the
    discriminator says how real an image is, D_src, and which domain it shows, D_cls. With c' the
    domain of a real image x and c another image's, they minimise (eqs. 5 to 8)

        D:  E D_src(G(x, c)) - E D_src(x) + 10 E (|grad D_src| - 1)^2 - E log D_cls(c' | x)
        G:  -E D_src(G(x, c)) - E log D_cls(c | G(x, c)) + 10 E |x - G(G(x, c), c')|

    in five steps of the discriminator for each one of the generator. The domains asked for are
    those of the batch, permuted. Batches are (images, labels), where a label is either one of
    several classes (faces, seasons), an int, or a vector of attributes that go together freely
    (blond, young), 0 or 1 each; their cross-entropies are summed.

    Args:
        generator: Images and vectors (n, domains) to images of the same shape, in [-1, 1].
        discriminator: Images to logits 'real' of any shape, and logits (n, domains).
        attributes: Whether domains are attributes, and not classes.
        reconstruction_weight: The paper's lambda_rec.
        classification_weight: Lambda_cls.
        penalty_weight: Lambda_gp.
        discriminator_steps: Steps of the discriminator for each one of the generator.
        ema_momentum: See `GenerativeModel`; averages the generator.
        seed: See `GenerativeModel`.
        name: The Keras name.

    Raises:
        ValueError: If the networks do not fit each other.

    Example:

        >>> model = StarGAN.build_default((16, 16, 1), 4, width=4, blocks=1, downsamplings=3)
        >>> model.translate(np.zeros((2, 16, 16, 1)), labels=[0, 3]).shape
        (2, 16, 16, 1)
    """

    players = {"generator": ("generator",), "discriminator": ("discriminator",)}
    averaged = ("generator",)
    loss_names = (
        "discriminator_loss",
        "generator_loss",
        "critic_gap",
        "penalty",
        "real_classification",
        "fake_classification",
        "reconstruction",
    )
    inference_mode = "instance normalisation works on each image alone, in training and after"

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        attributes: bool = False,
        reconstruction_weight: float = 10.0,
        classification_weight: float = 1.0,
        penalty_weight: float = 10.0,
        discriminator_steps: int = 5,
        **kwargs,
    ):
        super().__init__({"generator": generator, "discriminator": discriminator}, **kwargs)
        self.image_shape = tuple(discriminator.input_shape[1:])
        self.classes = discriminator.output_shape[1][-1]
        wants = tuple(shape[-1] for shape in generator.input_shape)
        if wants != (self.image_shape[-1], self.classes):
            raise ValueError(
                f"the generator takes {wants[0]} channels and {wants[1]} domains, the "
                f"discriminator {self.image_shape[-1]} and {self.classes}."
            )
        if discriminator_steps < 1:
            raise ValueError(f"discriminator_steps must be at least 1, got {discriminator_steps}.")
        self.attributes = attributes
        self.reconstruction_weight = reconstruction_weight
        self.classification_weight = classification_weight
        self.penalty_weight = penalty_weight
        self.discriminator_steps = discriminator_steps

    @classmethod
    def build_default(
        cls,
        image_shape: tuple[int, int, int] = (128, 128, 3),
        domains: int = 5,
        width: int = 64,
        blocks: int = 6,
        downsamplings: int = 6,
        **kwargs,
    ) -> "StarGAN":
        """The paper's networks.

        Args:
            image_shape: (height, width, channels), sides multiples of `2 ** downsamplings`.
            domains: How many classes or attributes there are.
            width: Channels of the first maps.
            blocks: Residual blocks of the generator.
            downsamplings: Of the discriminator.
            **kwargs: Passed to the constructor.

        Raises:
            ValueError: For a size that the networks cannot take.
        """
        return cls(
            stargan_generator(image_shape, domains, width, blocks),
            stargan_discriminator(image_shape, domains, width, downsamplings),
            **kwargs,
        )

    def default_optimizers(self):
        """Adam, rate 1e-4, beta_1 0.5, beta_2 0.999, for both players.

        The authors let the rate fall to zero over the second half of 200,000 steps, for which one
        must know the steps to come: `model.compile(**model.decaying_optimizers(steps))`.
        """
        return {player: keras.optimizers.Adam(1e-4, beta_1=0.5) for player in self.players}

    def decaying_optimizers(self, steps: int) -> dict[str, keras.optimizers.Optimizer]:
        """The paper's optimizers with its schedule, as keywords of `compile`.

        Args:
            steps: Of the whole training, batches; of these the generator takes every fifth, or as
                `discriminator_steps` says.
        """
        own = {"generator": max(1, steps // self.discriminator_steps), "discriminator": steps}
        return {
            f"{player}_optimizer": keras.optimizers.Adam(
                LinearDecay(1e-4, taken // 2, taken - taken // 2), beta_1=0.5
            )
            for player, taken in own.items()
        }

    # ---- the losses ------------------------------------------------------------------------------

    def vectors(self, labels):
        """Labels as the networks see them, float32 (n, domains)."""
        if self.attributes:
            return ops.cast(labels, "float32")
        return ops.one_hot(ops.cast(labels, "int32"), self.classes, dtype="float32")

    def classification_loss(self, vectors, logits):
        """`-E log D_cls(c | x)`: of the class, or summed over the attributes."""
        logits = ops.cast(logits, "float32")
        if self.attributes:
            log_probs = bernoulli_log_prob(vectors, logits)
        else:
            log_probs = vectors * ops.log_softmax(logits, axis=-1)
        return -ops.mean(ops.sum(log_probs, axis=-1))

    def discriminator_losses(self, real, fake, origin, training: bool, noise):
        """The discriminator's objective.

        Args:
            real: Images (n, height, width, channels).
            fake: Their translations.
            origin: The domains of the real images, (n, domains).
            training: The network's mode.
            noise: Where the penalty's places come from.

        Returns:
            `(total, critic_gap, penalty, classification)`.
        """
        real = ops.convert_to_tensor(real)
        real_logits, guesses = self.discriminator(real, training=training)
        fake_logits, _ = self.discriminator(fake, training=training)
        adversarial = wasserstein_critic(real_logits, fake_logits)
        penalty = GradientPenalty(self.penalty_weight).penalty(
            real=real,
            fake=fake,
            slope=lambda images: self.input_gradient(
                lambda x: self.discriminator(x, training=training)[0], images
            ),
            noise=noise,
            step=self.step.value,
        )
        classification = self.classification_loss(origin, guesses)
        total = adversarial + penalty + self.classification_weight * classification
        return total, -adversarial, penalty, classification

    def generator_losses(self, real, origin, target, generator, training: bool):
        """The generator's objective.

        Args:
            real: Images (n, height, width, channels).
            origin: Their domains, (n, domains).
            target: The domains to translate them to.
            generator: The network to use.
            training: The networks' mode.

        Returns:
            `(total, classification, reconstruction)`; the terms without weights.
        """
        fake = generator([real, target], training=training)
        logits, guesses = self.discriminator(fake, training=training)
        classification = self.classification_loss(target, guesses)
        reconstruction = mean_absolute_error(generator([fake, origin], training=training), real)
        total = wasserstein_generator(logits) + self.classification_weight * classification
        total = total + self.reconstruction_weight * reconstruction
        return total, classification, reconstruction

    # ---- training --------------------------------------------------------------------------------

    def train_step(self, data):
        """One step of the discriminator, then one of the generator where it is due."""
        real, n, origin, target = self._parts(data, self.noise)

        def discriminator_loss():
            fake = ops.stop_gradient(self.generator([real, target], training=True))
            total, *terms = self.discriminator_losses(real, fake, origin, True, self.noise)
            return total, terms

        def generator_step():
            def loss():
                total, *terms = self.generator_losses(real, origin, target, self.generator, True)
                return total, terms

            total, terms = self.minimize(loss, "generator")
            return (total, *terms)

        loss, terms = self.minimize(discriminator_loss, "discriminator")
        self._report_discriminator(n, loss, *terms)
        due = ops.equal(ops.mod(self.step.value + 1, self.discriminator_steps), 0)
        losses = self.branch(due, generator_step, (0.0, 0.0, 0.0))
        return self._report_generator(n * ops.cast(due, "int32"), *losses)

    def test_step(self, data):
        """The same losses in inference mode."""
        real, n, origin, target = self._parts(data, self.evaluation_noise)
        generator = self.inference_network("generator")
        fake = generator([real, target], training=False)
        losses = self.discriminator_losses(real, fake, origin, False, self.evaluation_noise)
        self._report_discriminator(n, *losses)
        return self._report_generator(
            n, *self.generator_losses(real, origin, target, generator, False)
        )

    def _parts(self, data, noise):
        """The images of a batch, how many, their domains, and the same permuted."""
        real, labels = data[0], data[1]
        n, origin = ops.shape(real)[0], self.vectors(labels)
        return real, n, origin, ops.take(origin, noise.permutation(n), axis=0)

    def _report_discriminator(self, n, total, critic_gap, penalty, classification):
        return self.update_metrics(
            n,
            discriminator_loss=total,
            critic_gap=critic_gap,
            penalty=penalty,
            real_classification=classification,
        )

    def _report_generator(self, n, total, classification, reconstruction):
        return self.update_metrics(
            n,
            generator_loss=total,
            fake_classification=classification,
            reconstruction=reconstruction,
        )

    def batch_images(self, data):
        """The images, of a batch that must have labels."""
        labels = np.asarray(data[1]) if isinstance(data, (tuple, list)) and len(data) == 2 else None
        if labels is None or labels.shape[1:] != ((self.classes,) if self.attributes else ()):
            wanted = f"(n, {self.classes}), 0 or 1 each" if self.attributes else "(n,), whole"
            raise DataError(
                f"{self.name} learns from (images, labels), labels {wanted}: "
                'fit(images, labels), or load the data with layout="labelled".'
            )
        return {"images": (data[0], self.image_shape)}

    # ---- capabilities ----------------------------------------------------------------------------

    def signatures(self):
        """`translate`, `classify` (probabilities of the domains), and `discriminate`."""
        images = {"images": TensorSpec((None, *self.image_shape))}
        spec = TensorSpec((None, self.classes), role="attributes")
        labels = {"attributes": spec} if self.attributes else self.label_inputs

        def translate(images, **labels):
            vectors = self.vectors(*labels.values())
            generator = self.inference_network("generator")
            return {"images": generator([images, vectors], training=False)}

        def classify(images):
            logits = self.discriminator(images, training=False)[1]
            return {"probabilities": (ops.sigmoid if self.attributes else ops.softmax)(logits)}

        def discriminate(images):
            return {"logits": self.discriminator(images, training=False)[0]}

        return {
            "translate": Signature(translate, {**images, **labels}, {"images": "image"}),
            "classify": Signature(classify, images, {"probabilities": "probability"}),
            "discriminate": Signature(discriminate, images, {"logits": "logit"}),
        }

    def translate(self, images, labels) -> np.ndarray:
        """Translates images.

        Args:
            images: (n, height, width, channels) in [-1, 1].
            labels: The domain of each, int (n,), or one int for all; with attributes all of each
                image's, (n, domains), or one vector for all.

        Returns:
            float32 images in [-1, 1].

        Raises:
            DataError: If the labels are no domains.
        """
        images, labels = np.asarray(images), np.asarray(labels)
        if not self.attributes:
            labels = np.broadcast_to(labels, len(images)) if labels.ndim == 0 else labels
            return self.serve(
                "translate", images=images, **self.checked_labels(labels, len(images))
            )
        if labels.shape[-1:] != (self.classes,) or not np.isin(labels, (0, 1)).all():
            raise DataError(
                f"labels must be the {self.classes} attributes of each image, 0 or 1, got shape "
                f"{labels.shape}."
            )
        vectors = (
            np.broadcast_to(labels, (len(images), self.classes)) if labels.ndim == 1 else labels
        )
        return self.serve("translate", images=images, attributes=vectors)

    def classify(self, images) -> np.ndarray:
        """What the discriminator says of the domains: probabilities (n, domains)."""
        return self.serve("classify", images=images)

    def discriminate(self, images) -> np.ndarray:
        """The discriminator's logits (n, rows, columns, 1)."""
        return self.serve("discriminate", images=images)

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "attributes": self.attributes,
            "reconstruction_weight": self.reconstruction_weight,
            "classification_weight": self.classification_weight,
            "penalty_weight": self.penalty_weight,
            "discriminator_steps": self.discriminator_steps,
        }
