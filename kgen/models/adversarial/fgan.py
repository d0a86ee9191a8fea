"""f-GAN (Nowozin, Cseke & Tomioka 2016)."""

import keras

from kgen.losses import FDivergence
from kgen.models.adversarial.gan import GAN
from kgen.networks import mlp_discriminator, mlp_generator


@keras.saving.register_keras_serializable("kgen")
class FGAN(GAN):
    """Training that minimises an f-divergence of one's choice, by its variational bound.

    Nowozin, Cseke & Tomioka, *f-GAN: Training Generative Neural Samplers using Variational
    Divergence Minimization*, 2016. The discriminator maximises
    `E g_f(V(x)) - E f*(g_f(V(G(z))))`, a lower bound of the divergence of the data from the model
    (`kgen.losses.f_divergence`); the generator maximises `E g_f(V(G(z)))`, as section 3.2 advises.

    `-discriminator_loss` is the bound. Dense networks, latents from U(-1, 1), Adam with rate 2e-4;
    the paper's batches are of 4096.

    Args:
        divergence: One of `kgen.losses.F_DIVERGENCES`, by default `"kl"`; short for
            `objective=kgen.losses.FDivergence(divergence)`.

    Raises:
        ValueError: For an unknown divergence, or one beside an objective.

    Example:

        >>> model = FGAN.build_default((8, 8, 1), latent_dim=4, width=8, divergence="pearson")
        >>> model.objective
        FDivergence(divergence='pearson', saturating=False)
    """

    paper_objective = FDivergence("kl")

    def __init__(self, generator, discriminator, *, divergence: str | None = None, **kwargs):
        if divergence is not None:
            if kwargs.get("objective") is not None:
                raise ValueError("give a divergence or an objective, not both.")
            kwargs["objective"] = FDivergence(divergence)
        super().__init__(generator, discriminator, **kwargs)

    @classmethod
    def build_default(
        cls,
        image_shape: tuple[int, int, int] = (28, 28, 1),
        latent_dim: int = 100,
        width: int = 1200,
        **kwargs,
    ) -> "FGAN":
        """The paper's networks for MNIST.

        The generator has two hidden layers of ReLU with batch normalisation, the discriminator two
        of ELU, each a fifth as wide.

        Args:
            image_shape: (height, width, channels).
            latent_dim: Length of the latent vectors.
            width: Units of the generator's hidden layers.
            **kwargs: Passed to the constructor.

        Raises:
            ValueError: For a width below 5.
        """
        if width < 5:
            raise ValueError(f"width must be at least 5, got {width}.")
        return cls(
            mlp_generator(image_shape, latent_dim, (width, width), batch_norm=True),
            mlp_discriminator(image_shape, (width // 5, width // 5)),
            **{"latent_distribution": "uniform", **kwargs},
        )

    def default_optimizers(self):
        """Adam, rate 2e-4, for both players."""
        return {player: keras.optimizers.Adam(2e-4) for player in self.players}
