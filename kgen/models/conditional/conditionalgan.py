"""Conditional GAN (Mirza & Osindero 2014)."""

import keras
import numpy as np

from kgen.models.adversarial.dcgan import DCGAN
from kgen.models.conditional.labelled import LabelledGAN
from kgen.networks.conditional import cgan_mlp_discriminator, cgan_mlp_generator
from kgen.networks.dcgan import dcgan_discriminator, dcgan_generator


@keras.saving.register_keras_serializable("kgen")
class ConditionalGAN(LabelledGAN):
    """A GAN whose two networks are both told the class.

    Mirza & Osindero, *Conditional Generative Adversarial Nets*, 2014. The game is played within
    each class (eq. 2):

        min_G max_D E log D(x | y) + E log(1 - D(G(z | y) | y))

    here with the generator's non-saturating loss; `objective="minimax"` is eq. 2. For a class y the
    best discriminator is `p(x | y) / (p(x | y) + p_G(x | y))`, so at the optimum every class is
    drawn as the data have it. Data are `(images, labels)`; a step's generated images have its
    labels. Objectives, regularizers and stabilizers are those of `AdversarialGame`.

    Args:
        generator: `[latents, labels]` to images in [-1, 1], the labels int32 (n,).
        discriminator: `[images, labels]` to logits (n, 1).
        classes: How many classes there are.
        **kwargs: See `AdversarialGame`.

    Raises:
        ValueError: If one of the networks takes no labels, or there is no class.

    Example:

        >>> model = ConditionalGAN.build_default((8, 8, 1), 10, latent_dim=4, width=24)
        >>> model.compile()
        >>> model.sample(2, labels=[3, 7], seed=1).shape
        (2, 8, 8, 1)
    """

    def __init__(self, generator: keras.Model, discriminator: keras.Model, **kwargs):
        super().__init__(generator, discriminator, **kwargs)
        if len(discriminator.inputs) != 2:
            raise ValueError(
                "the discriminator must take [images, labels]; this one has "
                f"{len(discriminator.inputs)} input(s)."
            )

    @classmethod
    def build_default(
        cls,
        image_shape: tuple[int, int, int] = (28, 28, 1),
        classes: int = 10,
        latent_dim: int = 100,
        architecture: str = "mlp",
        width: int | None = None,
        **kwargs,
    ) -> "ConditionalGAN":
        """The paper's networks for MNIST, or DCGAN's with the label beside every layer's input.

        Args:
            image_shape: (height, width, channels).
            classes: How many classes there are.
            latent_dim: Length of the latent vectors, which are uniform.
            architecture: `"mlp"` or `"dcgan"`.
            width: Units of the dense generator's joint layer, to which all others are in
                proportion, 1200 in the paper; or channels of the largest convolutional map, 128
                in Radford et al. 2016.
            **kwargs: Passed to the constructor.

        Raises:
            ValueError: For another architecture, a width below 6, or a size that DCGAN cannot make.
        """
        kwargs = {"latent_distribution": "uniform", **kwargs}
        if architecture == "mlp":
            width = 1200 if width is None else width
            if width < 6:
                raise ValueError(f"width must be at least 6, got {width}.")
            return cls(
                cgan_mlp_generator(image_shape, classes, latent_dim, width),
                cgan_mlp_discriminator(image_shape, classes, max(1, width // 5)),
                classes=classes,
                **kwargs,
            )
        if architecture == "dcgan":
            width = 128 if width is None else width
            return cls(
                dcgan_generator(image_shape, latent_dim, width, classes=classes),
                dcgan_discriminator(image_shape, width, classes=classes),
                classes=classes,
                **kwargs,
            )
        raise ValueError(f"architecture must be 'mlp' or 'dcgan', got {architecture!r}.")

    def default_optimizers(self):
        """DCGAN's.

        The paper's for its dense networks, SGD with momentum 0.5 (rising to 0.7) and rate 0.1,
        divided by 1.00004 at each step down to 1e-6, do not train these: on the built-in digits the
        discriminator had won after 400 steps, and weights were not finite before step 1,200.
        """
        return DCGAN.default_optimizers(self)

    def discriminator_input(self, images, *, labels):
        """Images and labels."""
        return [images, labels]

    def discriminator_conditions(self):
        """The labels."""
        return self.label_inputs

    def discriminate(self, images, labels) -> np.ndarray:
        """The discriminator's logits (n, 1) of images in [-1, 1], each as one of its label."""
        labels = self.checked_labels(labels, len(images))
        return self.serve("discriminate", images=images, **labels)

    def features(self, images, labels) -> np.ndarray:
        """What the discriminator's last layer sees (n, features), given the labels."""
        return self.serve("features", images=images, **self.checked_labels(labels, len(images)))
