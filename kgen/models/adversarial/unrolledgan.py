"""Unrolled GAN (Metz, Poole, Pfau & Sohl-Dickstein 2017)."""

import keras
from keras import ops

from kgen.models.adversarial.gan import GAN
from kgen.networks.unrolledgan import tanh_discriminator, tanh_generator
from kgen.training.functional_optimizers import functional


@keras.saving.register_keras_serializable("kgen")
class UnrolledGAN(GAN):
    """A generator that looks some steps of the discriminator ahead.

    Metz, Poole, Pfau & Sohl-Dickstein, *Unrolled Generative Adversarial Networks*, 2017. With `L`
    the discriminator's loss and `theta_k` its weights after `k` further optimizer steps on the
    present batch, the generator minimises `-L(theta_K)` (their eqs. 7 to 10). The gradient goes
    through all K steps, the optimizer's slots included, so it also knows how the discriminator
    would answer. The discriminator itself takes one ordinary step, and none while the generator
    looks ahead. With K = 0 this is the minimax game of Goodfellow et al. 2014.

    The generator's loss is minus the discriminator's for every objective. The discriminator's
    optimizer must be Adam or SGD. Arguments are those of `AdversarialGame` and

    Args:
        unroll_steps: Their K.

    Raises:
        ValueError: If `unroll_steps` is negative; for regularizers of the discriminator, historical
            averaging or feature matching, of which the steps ahead would know nothing.

    Example:

        >>> model = UnrolledGAN.build_default((8, 8, 1), latent_dim=4, width=8, unroll_steps=2)
        >>> model.compile()
        >>> model.sample(3, seed=1).shape
        (3, 8, 8, 1)
    """

    paper_objective = "minimax"
    xla_on_cpu = True

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        unroll_steps: int = 5,
        **kwargs,
    ):
        super().__init__(generator, discriminator, **kwargs)
        if unroll_steps < 0:
            raise ValueError(f"unroll_steps must be at least 0, got {unroll_steps}.")
        if self.feature_matching or self.historical_averaging or self._regularized():
            raise ValueError(
                "the unrolled steps know the objective alone: leave out regularizers of the "
                "discriminator, historical averaging and feature matching."
            )
        self.unroll_steps = unroll_steps

    def _regularized(self):
        return any(each.player == "discriminator" for each in self.regularizers)

    @classmethod
    def build_default(
        cls,
        image_shape: tuple[int, ...] = (2,),
        latent_dim: int = 256,
        width: int = 128,
        **kwargs,
    ) -> "UnrolledGAN":
        """The networks of the authors' notebook: two hidden layers of tanh each.

        Args:
            image_shape: (2,) for points of the plane, or (height, width, channels).
            latent_dim: Length of the latents, which are N(0, 1).
            width: Of the hidden layers.
            **kwargs: Passed to `UnrolledGAN`.
        """
        widths = (width, width)
        return cls(
            tanh_generator(image_shape, latent_dim, widths),
            tanh_discriminator(image_shape, widths),
            **kwargs,
        )

    def default_optimizers(self):
        """Adam with beta_1 0.5: rate 1e-3 for the generator, 1e-4 for the discriminator."""
        rates = {"generator": 1e-3, "discriminator": 1e-4}
        return {p: keras.optimizers.Adam(rates[p], beta_1=0.5) for p in self.players}

    def fool(self, real, fake, training):
        """The generator's turn: minus the discriminator's loss, in training K steps from now."""
        network = self.discriminator
        # What a forward pass does to this state is thrown away with the steps.
        state = [ops.convert_to_tensor(v.value) for v in network.non_trainable_variables]

        def discriminator_loss(*weights):
            def logits(images):
                return network.stateless_call(weights, state, images, training=training)[0]

            return self.discriminator_loss(logits(real), logits(fake), real, fake)

        variables = network.trainable_variables
        weights = [ops.convert_to_tensor(v.value) for v in variables]
        if training and self.unroll_steps:
            step, slots = functional(self.player_optimizer("discriminator"), variables)
            for _ in range(self.unroll_steps):
                gradients = self.functional_gradient(discriminator_loss, weights)
                weights, slots = step(weights, gradients, slots)
        return self.penalty("generator") - discriminator_loss(*weights)

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "unroll_steps": self.unroll_steps}
