"""Least-squares GAN (Mao et al. 2017)."""

import keras

from kgen.models.adversarial.dcgan import DCGAN


@keras.saving.register_keras_serializable("kgen")
class LSGAN(DCGAN):
    """A discriminator that does regression to 1 and 0, whose loss is nowhere flat.

    Mao et al., *Least Squares Generative Adversarial Networks*, 2017. Eq. 9: the discriminator
    minimises `1/2 E (D(x) - 1)^2 + 1/2 E D(G(z))^2` and the generator `1/2 E (D(G(z)) - 1)^2`. For
    their eq. 8, which minimises a Pearson divergence between `p + q` and `2 q`, pass
    `objective=kgen.losses.LeastSquares(fake=-1, real=1, target=0)`.

    Networks and optimizers are DCGAN's. The logits are no log-odds, so training reports
    `critic_gap` beside the losses, `E D(x) - E D(G(z))`: 1 for a perfect discriminator and 0 for a
    fooled one.

    Example:

        >>> model = LSGAN.build_default(image_shape=(16, 16, 1), latent_dim=8, width=4)
        >>> model.compile()
        >>> model.sample(3, seed=1).shape
        (3, 16, 16, 1)
    """

    paper_objective = "least_squares"

    @classmethod
    def build_default(
        cls,
        image_shape: tuple[int, int, int] = (112, 112, 3),
        latent_dim: int = 100,
        width: int = 64,
        **kwargs,
    ) -> "LSGAN":
        """DCGAN's networks, at the size and width of the paper's discriminator.

        Args:
            image_shape: (height, width, channels); square, with a side of 4, 6 or 7 times a power
                of two.
            latent_dim: Length of the latent vectors.
            width: Channels of the largest hidden map.
            **kwargs: Passed to the constructor.

        Raises:
            ValueError: For a size that the networks cannot make.
        """
        return super().build_default(image_shape, latent_dim, width, **kwargs)
