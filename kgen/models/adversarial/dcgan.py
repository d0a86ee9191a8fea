"""Deep convolutional GAN (Radford, Metz & Chintala 2016)."""

import keras

from kgen.models.adversarial.gan import GAN
from kgen.networks import dcgan_discriminator, dcgan_generator


@keras.saving.register_keras_serializable("kgen")
class DCGAN(GAN):
    """A GAN of strided convolutions and batch normalisation.

    Radford, Metz & Chintala, *Unsupervised Representation Learning with Deep Convolutional
    Generative Adversarial Networks*, 2016. The objective is the non-saturating GAN's; the paper is
    its networks (`kgen.networks.dcgan_generator`, `dcgan_discriminator`) and their training: Adam
    with rate 2e-4 and beta_1 0.5, latents from U(-1, 1), batches of 128.

    The authors' code normalises with the statistics of the batch also when it samples. Here
    inference uses moving averages, so that a served image does not depend on its neighbours. The
    discriminator's averages are over real and generated batches alike, so `discriminate` and
    `evaluate` are milder than the losses of training. Their code's weight decay of 1e-5 is left
    out, as the paper does not have it.

    Example:

        >>> model = DCGAN.build_default(image_shape=(16, 16, 1), latent_dim=8, width=4)
        >>> model.compile()
        >>> images = model.sample(3, seed=1)
        >>> images.shape
        (3, 16, 16, 1)
    """

    @classmethod
    def build_default(
        cls,
        image_shape: tuple[int, int, int] = (64, 64, 3),
        latent_dim: int = 100,
        width: int = 128,
        **kwargs,
    ) -> "DCGAN":
        """The paper's networks, at any size of 4, 6 or 7 times a power of two.

        Args:
            image_shape: (height, width, channels); square.
            latent_dim: Length of the latent vectors.
            width: Channels of the largest hidden map; 128 is the paper's.
            **kwargs: Passed to `GAN`.

        Raises:
            ValueError: For a size that the networks cannot make.
        """
        return cls(
            dcgan_generator(image_shape, latent_dim, width),
            dcgan_discriminator(image_shape, width),
            **{"latent_distribution": "uniform", **kwargs},
        )

    def default_optimizers(self):
        """Adam, rate 2e-4, beta_1 0.5, for both players."""
        return {player: keras.optimizers.Adam(2e-4, beta_1=0.5) for player in self.players}
