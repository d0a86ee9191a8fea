"""Auxiliary classifier GAN (Odena, Olah & Shlens 2017)."""

import keras
import numpy as np
from keras import ops

from kgen.losses import labelled_loss
from kgen.models.conditional.labelled import LabelledGAN
from kgen.models.signature import Signature, TensorSpec
from kgen.networks.acgan import acgan_discriminator, acgan_generator, linear_head


@keras.saving.register_keras_serializable("kgen")
class ACGAN(LabelledGAN):
    """A conditional GAN whose discriminator is not told the class, but must tell it.

    Odena, Olah & Shlens, *Conditional Image Synthesis with Auxiliary Classifier GANs*, 2017. A
    classifier reads the features of the discriminator's last layer. With (eqs. 2 and 3)

        L_S = E log P(real | x) + E log P(generated | G(z, c))
        L_C = E log P(c | x)    + E log P(c | G(z, c))

    discriminator and classifier maximise `L_S + L_C`, the generator `L_C - L_S`, the latter here in
    its non-saturating form. The classifier learns from generated images as well, so with the
    discriminator's features fixed its optimum is the posterior of the mixture of both,
    `(p(x, c) + p_G(x, c)) / (p(x) + p_G(x))`; where it says nothing, each of its terms is ln K.
    Data are `(images, labels)`; a step's generated images have its labels.

    Args:
        generator: `[latents, labels]` to images in [-1, 1], the labels int32 (n,).
        discriminator: Images to logits (n, 1).
        classifier: The discriminator's features (n, features) to logits (n, classes). It moves
            with the discriminator.
        class_weight: A factor on the classifier's terms in the discriminator's loss.
        generator_class_weight: And in the generator's; 0.1 in Gulrajani et al. 2017.
        **kwargs: See `AdversarialGame`.

    Raises:
        ValueError: If the networks do not fit each other, or for a negative weight.

    Example:

        >>> model = ACGAN.build_default((8, 8, 1), 10, latent_dim=4, width=4)
        >>> model.compile()
        >>> model.classify(model.sample(2, labels=[3, 7], seed=1)).shape
        (2, 10)
    """

    players = {"generator": ("generator",), "discriminator": ("discriminator", "classifier")}
    reads_features = True

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        classifier: keras.Model,
        *,
        class_weight: float = 1.0,
        generator_class_weight: float = 1.0,
        **kwargs,
    ):
        classes = classifier.output_shape[-1]
        super().__init__(
            generator,
            discriminator,
            classes=classes,
            more_networks={"classifier": classifier},
            **kwargs,
        )
        if min(class_weight, generator_class_weight) < 0:
            raise ValueError(
                "class_weight and generator_class_weight must be at least 0, got "
                f"{class_weight} and {generator_class_weight}."
            )
        self.check_head(classifier)
        self.class_weight = class_weight
        self.generator_class_weight = generator_class_weight
        self._report(("classification_loss", "real_accuracy", "fake_accuracy"))

    @classmethod
    def build_default(
        cls,
        image_shape: tuple[int, int, int] = (32, 32, 3),
        classes: int = 10,
        latent_dim: int = 100,
        width: int = 96,
        **kwargs,
    ) -> "ACGAN":
        """The paper's networks for CIFAR-10, at any size of 4 or 7 times a power of two.

        Args:
            image_shape: (height, width, channels); square.
            classes: How many classes there are.
            latent_dim: Length of the latent vectors, from N(0, 1).
            width: Channels of the generator's last hidden map; the discriminator's first has a
                sixth of them.
            **kwargs: Passed to the constructor.

        Raises:
            ValueError: For a size that the networks cannot make.
        """
        discriminator = acgan_discriminator(image_shape, max(1, width // 6))
        return cls(
            acgan_generator(image_shape, classes, latent_dim, width),
            discriminator,
            linear_head(discriminator, classes),
            **kwargs,
        )

    def default_optimizers(self):
        """Adam, rate 2e-4, beta_1 0.5, for both players."""
        return {player: keras.optimizers.Adam(2e-4, beta_1=0.5) for player in self.players}

    def head_loss(self, player, real_features, fake_features, training, *, labels):
        """Minus `L_C`; of the generated images alone in the generator's turn."""

        def classified(features):
            logits = self.classifier(features, training=training)
            right = ops.equal(ops.cast(ops.argmax(logits, axis=-1), "int32"), labels)
            return labelled_loss(logits, labels), ops.mean(ops.cast(right, "float32"))

        fake, fake_accuracy = classified(fake_features)
        if player == "generator":
            return self.generator_class_weight * fake, {}
        real, real_accuracy = classified(real_features)
        return self.class_weight * (real + fake), {
            "classification_loss": real + fake,
            "real_accuracy": real_accuracy,
            "fake_accuracy": fake_accuracy,
        }

    # ---- capabilities ----------------------------------------------------------------------------

    def signatures(self):
        """Those of `GAN`, and `classify`."""

        def classify(images):
            features, _ = self.look(images, False, features=True)
            return {"probabilities": ops.softmax(self.classifier(features, training=False))}

        images = {"images": TensorSpec((None, *self.image_shape))}
        return {
            **super().signatures(),
            "classify": Signature(classify, images, {"probabilities": "probability"}),
        }

    def classify(self, images) -> np.ndarray:
        """The probabilities (n, classes) of the classes of images in [-1, 1]."""
        return self.serve("classify", images=images)

    def get_config(self):
        """The constructor's arguments."""
        config = {
            **super().get_config(),
            "class_weight": self.class_weight,
            "generator_class_weight": self.generator_class_weight,
        }
        del config["classes"]  # the classifier's
        return config
