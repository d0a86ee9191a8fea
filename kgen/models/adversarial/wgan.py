"""Wasserstein GAN with weight clipping (Arjovsky, Chintala & Bottou 2017)."""

import keras
from keras import ops

from kgen.losses import WeightClipping
from kgen.models.adversarial.dcgan import DCGAN

# Of the authors' code: so many steps of the critic for each of the generator's first, and for every
# so many-th from there on.
_PATIENCE, _FIRST, _EVERY = 100, 25, 500


@keras.saving.register_keras_serializable("kgen")
class WGAN(DCGAN):
    """A critic, trained towards its optimum, that estimates a Wasserstein distance.

    Arjovsky, Chintala & Bottou, *Wasserstein GAN*, 2017. The critic minimises
    `E f(G(z)) - E f(x)` with all its weights in [-0.01, 0.01], the generator `-E f(G(z))`. The
    critic takes 5 steps for each one of the generator, as `AdversarialGame` says, but with `warmup`
    100 for each of the generator's first 25 updates and for every 500th, as in the authors' code.

    `-discriminator_loss`, which is `critic_gap`, is the estimate of the distance, up to a factor
    that the bound on the weights sets. DCGAN's networks, the critic's with batch normalisation,
    latents from N(0, 1), RMSprop with rate 5e-5 and batches of 64.

    Args:
        warmup: Whether the critic takes these 100 steps.

    Example:

        >>> model = WGAN.build_default(image_shape=(16, 16, 1), latent_dim=8, width=4)
        >>> model.compile()
        >>> float(abs(model.discriminator.get_weights()[0]).max()) <= 0.01
        True
    """

    paper_objective = "wasserstein"
    paper_regularizers = (WeightClipping(0.01),)
    paper_discriminator_steps = 5

    def __init__(self, generator, discriminator, *, warmup: bool = True, **kwargs):
        super().__init__(generator, discriminator, **kwargs)
        self.warmup = warmup
        self.generator_updates = self._counter("generator_updates")
        self.critic_steps = self._counter("critic_steps")  # since the generator's last update

    @classmethod
    def build_default(
        cls,
        image_shape: tuple[int, int, int] = (64, 64, 3),
        latent_dim: int = 100,
        width: int = 64,
        **kwargs,
    ) -> "WGAN":
        """DCGAN's networks at the width of the authors' code.

        Args:
            image_shape: (height, width, channels); square, with a side of 4, 6 or 7 times a power
                of two.
            latent_dim: Length of the latent vectors.
            width: Channels of the largest hidden map.
            **kwargs: Passed to the constructor.

        Raises:
            ValueError: For a size that the networks cannot make.
        """
        kwargs = {"latent_distribution": "normal", **kwargs}
        return super().build_default(image_shape, latent_dim, width, **kwargs)

    def default_optimizers(self):
        """RMSprop of rate 5e-5, averaging over 100 steps, for both players."""
        return {
            player: keras.optimizers.RMSprop(5e-5, rho=0.99, epsilon=1e-8)
            for player in self.players
        }

    def generator_is_due(self):
        """After so many steps of the critic as the schedule wants for this update."""
        wanted = self.discriminator_steps
        if self.warmup:
            updates = self.generator_updates.value
            long = ops.logical_or(updates < _FIRST, ops.equal(ops.mod(updates, _EVERY), 0))
            wanted = ops.where(long, _PATIENCE, wanted)
        return self.critic_steps.value + 1 >= wanted

    def train_step(self, data):
        """A step of the critic, and one of the generator where it is due."""
        due = ops.cast(self.generator_is_due(), "int32")
        logs = super().train_step(data)
        self.generator_updates.assign_add(due)
        self.critic_steps.assign((self.critic_steps.value + 1) * (1 - due))
        return logs

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "warmup": self.warmup}
