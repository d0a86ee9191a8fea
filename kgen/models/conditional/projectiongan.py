"""GAN with a projection discriminator (Miyato & Koyama 2018)."""

import keras

from kgen.models.conditional.conditionalgan import ConditionalGAN
from kgen.networks.projection import projection_discriminator, projection_generator


@keras.saving.register_keras_serializable("kgen")
class ProjectionGAN(ConditionalGAN):
    """A conditional GAN whose discriminator meets the label in an inner product.

    Miyato & Koyama, *cGANs with Projection Discriminator*, 2018. Where both `p(y | x)` and
    `p_G(y | x)` are softmaxes of linear functions of features `h(x)`, the best logit is (eq. 3)

        D(x, y) = <e(y), h(x)> + w h(x) + b

    so that is the discriminator's form: two labels of one image differ by `<e(y) - e(y'), h(x)>`.
    The generator's batch normalisations have a gain and a shift for each class. Hinge losses, five
    steps of the discriminator for each one of the generator, spectral normalisation in the
    discriminator, latents from N(0, 1). `objective="non_saturating"` gives the paper's other loss.

    The form is the network's (`kgen.networks.projection_discriminator`); arguments are those of
    `ConditionalGAN`. A step's generated images have the labels of its real ones; the authors draw
    theirs evenly.

    Example:

        >>> model = ProjectionGAN.build_default((8, 8, 1), 10, latent_dim=4, width=4)
        >>> model.compile()
        >>> model.sample(2, labels=[3, 7], seed=1).shape
        (2, 8, 8, 1)
    """

    paper_objective = "hinge"
    paper_discriminator_steps = 5

    @classmethod
    def build_default(
        cls,
        image_shape: tuple[int, int, int] = (128, 128, 3),
        classes: int = 1000,
        latent_dim: int = 128,
        width: int = 64,
        **kwargs,
    ) -> "ProjectionGAN":
        """The paper's networks for ImageNet, at any size of 4 or 7 times a power of two.

        Args:
            image_shape: (height, width, channels); square.
            classes: How many classes there are.
            latent_dim: Length of the latent vectors.
            width: Channels of the largest maps.
            **kwargs: Passed to the constructor.

        Raises:
            ValueError: For a size that the networks cannot make.
        """
        return cls(
            projection_generator(image_shape, classes, latent_dim, width),
            projection_discriminator(image_shape, classes, width),
            classes=classes,
            **kwargs,
        )

    def default_optimizers(self):
        """Adam, rate 2e-4, beta_1 0, beta_2 0.9, for both players."""
        return {
            player: keras.optimizers.Adam(2e-4, beta_1=0.0, beta_2=0.9) for player in self.players
        }
