"""Wasserstein GAN with a gradient penalty (Gulrajani et al. 2017)."""

import keras

from kgen.losses import GradientPenalty
from kgen.models.adversarial.gan import GAN
from kgen.networks import dcgan_discriminator, dcgan_generator, wgangp_critic, wgangp_generator


@keras.saving.register_keras_serializable("kgen")
class WGANGP(GAN):
    """A Wasserstein critic whose gradient is pulled to length 1 between real and generated images.

    Gulrajani et al., *Improved Training of Wasserstein GANs*, 2017, eq. 3: the critic minimises
    `E f(G(z)) - E f(x) + 10 E (|grad f(x')| - 1)^2` at places x' between a real image and a
    generated one, in 5 steps for each one of the generator, which minimises `-E f(G(z))`. The
    critic has no batch normalisation, as its gradient is to be that of each image alone.

    `critic_gap` estimates the Wasserstein distance W, and exceeds it while the two distributions
    are apart: where one is the other shifted, by the factor `1 + W / (2 * 10)` or more.
    For points of the plane the authors take a weight of 0.1:
    `regularizers=[kgen.losses.GradientPenalty(0.1)]`.

    Example:

        >>> model = WGANGP.build_default(image_shape=(16, 16, 1), latent_dim=8, width=4)
        >>> model.compile()
        >>> model.sample(3, seed=1).shape
        (3, 16, 16, 1)
    """

    paper_objective = "wasserstein"
    paper_regularizers = (GradientPenalty(10.0),)
    paper_discriminator_steps = 5

    @classmethod
    def build_default(
        cls,
        image_shape: tuple[int, int, int] = (32, 32, 3),
        latent_dim: int = 128,
        width: int = 128,
        architecture: str = "resnet",
        **kwargs,
    ) -> "WGANGP":
        """The paper's networks for CIFAR-10, or DCGAN's.

        Args:
            image_shape: (height, width, channels); square, with a side of 4 or 7 times a power of
                two, or for `"dcgan"` also 6.
            latent_dim: Length of the latent vectors, from N(0, 1).
            width: Channels of the residual networks' maps (128 in the paper), or of the largest map
                of DCGAN's (64 in their code).
            architecture: `"resnet"` or `"dcgan"`.
            **kwargs: Passed to the constructor.

        Raises:
            ValueError: For a size that the networks cannot make, or another architecture.
        """
        if architecture == "resnet":
            generator = wgangp_generator(image_shape, latent_dim, width)
            return cls(generator, wgangp_critic(image_shape, width), **kwargs)
        if architecture == "dcgan":
            critic = dcgan_discriminator(image_shape, width, batch_norm=False)
            return cls(dcgan_generator(image_shape, latent_dim, width), critic, **kwargs)
        raise ValueError(f"architecture must be 'resnet' or 'dcgan', got {architecture!r}.")

    def default_optimizers(self):
        """Adam, rate 1e-4, beta_1 0.5, beta_2 0.9, for both players.

        For the residual networks on CIFAR-10 the authors take rate 2e-4, falling to 0 in a straight
        line over 100,000 updates of the generator, and beta_1 0.
        """
        return {
            player: keras.optimizers.Adam(1e-4, beta_1=0.5, beta_2=0.9) for player in self.players
        }
