"""Beta-VAE (Higgins et al. 2017), and its form with a capacity (Burgess et al. 2018)."""

import functools

import keras
from keras import ops

from kgen.models.variational.vae import VAE
from kgen.networks import conv_decoder, conv_encoder
from kgen.networks.sizes import doublings


def _with_papers_widths(network):
    """The convolutions of Higgins et al.: 32 channels in the first half of the maps, then 64."""

    @functools.wraps(network)
    def build(image_shape, latent_dim, **kwargs):
        _, times = doublings(image_shape)
        widths = (32,) * (times // 2) + (64,) * (times - times // 2)
        return network(image_shape, latent_dim, widths=widths, **kwargs)

    return build


@keras.saving.register_keras_serializable("kgen")
class BetaVAE(VAE):
    """A VAE whose KL term weighs more, so that its latents part the factors of the images.

    Higgins et al., *beta-VAE: Learning Basic Visual Concepts with a Constrained Variational
    Framework*, 2017, eq. 4; the loss is

        -E_q log p(x|z) + beta KL(q(z|x) || p(z))

    Burgess et al., *Understanding disentangling in beta-VAE*, 2018, eq. 8, let the KL grow to a
    capacity C that rises in a straight line from 0 over the first steps:

        -E_q log p(x|z) + gamma |KL(q(z|x) || p(z)) - C|

    The KL between the bars is the mean over the batch. How much a beta weighs depends on the number
    of pixels: Higgins et al. compare by `beta * latent_dim / pixels`. `reconstruction`, `kl`,
    `bits_per_dim` and `log_prob` are those of a VAE, without beta.

    Args:
        encoder: See `VAE`.
        decoder: See `VAE`.
        beta: The weight of the first form; 4 if neither form is named.
        gamma: The weight of the second form.
        capacity: The C that is reached, in nats.
        capacity_steps: After so many steps.
        **kwargs: See `VAE`.

    Raises:
        ValueError: For both forms at once, negative weights, or fewer than one step.

    Example:

        >>> model = BetaVAE.build_default((8, 8, 1), latent_dim=2, gamma=100.0, capacity=5.0)
        >>> model.compile()
        >>> model.sample(3, seed=1).shape
        (3, 8, 8, 1)
    """

    architectures = {
        **VAE.architectures,
        "conv": (_with_papers_widths(conv_encoder), _with_papers_widths(conv_decoder)),
    }

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        *,
        beta: float | None = None,
        gamma: float | None = None,
        capacity: float = 25.0,
        capacity_steps: int = 100_000,
        **kwargs,
    ):
        super().__init__(encoder, decoder, **kwargs)
        if beta is not None and gamma is not None:
            raise ValueError("beta and gamma are two forms of the loss: pass one of them.")
        if min(beta or 0, gamma or 0, capacity) < 0 or capacity_steps < 1:
            raise ValueError(
                f"beta, gamma and capacity must be at least 0 and capacity_steps at least 1, got "
                f"{beta}, {gamma}, {capacity} and {capacity_steps}."
            )
        self.beta = 4.0 if beta is None and gamma is None else beta
        self.gamma = gamma
        self.capacity, self.capacity_steps = capacity, capacity_steps

    @classmethod
    def build_default(
        cls,
        image_shape: tuple[int, int, int] = (64, 64, 1),
        latent_dim: int = 10,
        architecture: str = "conv",
        **kwargs,
    ) -> "BetaVAE":
        """The paper's networks: 4x4 convolutions of stride 2, and 256 units on either side.

        Args:
            image_shape: See `VAE.build_default`.
            latent_dim: Length of the latent vectors; 10 for dSprites, 32 for photographs.
            architecture: See `VAE.build_default`.
            **kwargs: See `VAE.build_default`.

        Raises:
            ValueError: See `VAE.build_default`.
        """
        return super().build_default(image_shape, latent_dim, architecture, **kwargs)

    def default_optimizers(self):
        """Adam, rate 1e-4."""
        return {"model": keras.optimizers.Adam(1e-4)}

    def objective(self, likelihood, kl):
        """One of the two forms."""
        if self.gamma is None:
            return ops.mean(self.beta * kl - likelihood)
        return self.gamma * ops.abs(ops.mean(kl) - self.present_capacity()) - ops.mean(likelihood)

    def present_capacity(self):
        """The C of the present step, in nats."""
        done = ops.cast(self.step.value, "float32") / self.capacity_steps
        return self.capacity * ops.minimum(done, 1.0)

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "beta": self.beta,
            "gamma": self.gamma,
            "capacity": self.capacity,
            "capacity_steps": self.capacity_steps,
        }
