"""R3GAN (Huang et al. 2024): a relativistic loss, two gradient penalties, a plain network."""

import math

import keras
from keras import ops

from kgen.losses import R1, R2
from kgen.models.adversarial.gan import GAN
from kgen.networks import r3gan_discriminator, r3gan_generator
from kgen.training import ScheduledAdam


@keras.saving.register_keras_serializable("kgen")
class R3GAN(GAN):
    """The GAN whose loss needs no tricks.

    Huang, Gokaslan, Kuleshov & Tompkin, *The GAN is dead; long live the GAN! A Modern Baseline
    GAN*, 2024. The discriminator minimises
    `E softplus(-(D(x) - D(G(z)))) + gamma/2 E |grad D(x)|^2 + gamma/2 E |grad D(G(z))|^2`, the
    generator `E softplus(-(D(G(z)) - D(x)))`, in pairs of a batch. Both steps have one batch of
    real images, with latents of their own; the authors draw a second one for the generator.

    Over `schedule_steps` steps, along half a period of a cosine, the learning rate falls from 2e-4
    to 5e-5 and gamma to a tenth, Adam's beta_2 rises from 0.9 to 0.99 (beta_1 is 0), and the
    half-life of the generator's moving average from nothing to that of `ema_momentum`. The defaults
    are those for CIFAR-10 in batches of 512: 20 million images, and a half-life of 5 million. The
    authors' augmentation is left out.

    The generator ends in no tanh; sampled and exported images are clipped to [-1, 1].

    Args:
        gamma: The weight of both penalties at the start: 0.05 for CIFAR-10, 2 for FFHQ at 64
            pixels, 150 at 256. Given `regularizers` take their place.
        schedule_steps: How long the schedules run.

    Raises:
        ValueError: If `schedule_steps` is below 1.

    Example:

        >>> model = R3GAN.build_default((8, 8, 1), latent_dim=4, width=4, cardinality=2)
        >>> model.compile()
        >>> model.sample(3, seed=1).shape
        (3, 8, 8, 1)
    """

    paper_objective = "relativistic"
    xla_on_cpu = True  # grouped convolutions and their penalties: a third of the time

    def __init__(
        self,
        generator,
        discriminator,
        *,
        gamma: float = 0.05,
        schedule_steps: int = 39_062,
        **kwargs,
    ):
        if schedule_steps < 1:
            raise ValueError(f"schedule_steps must be at least 1, got {schedule_steps}.")
        if kwargs.get("regularizers") is None:
            falling = keras.optimizers.schedules.CosineDecay(gamma, schedule_steps, alpha=0.1)
            kwargs["regularizers"] = (R1(falling), R2(falling))
        super().__init__(generator, discriminator, **kwargs)
        self.gamma = gamma
        self.schedule_steps = schedule_steps

    @classmethod
    def build_default(
        cls,
        image_shape: tuple[int, int, int] = (32, 32, 3),
        latent_dim: int = 64,
        width: int | tuple[int, ...] = 768,
        blocks: int = 2,
        cardinality: int = 96,
        **kwargs,
    ) -> "R3GAN":
        """The paper's networks for CIFAR-10, at any size of 4 or 7 times a power of two.

        Args:
            image_shape: (height, width, channels); square.
            latent_dim: Length of the latent vectors, from N(0, 1).
            width: Channels of every stage, or one number a stage from the smallest map on.
            blocks: Residual blocks a stage.
            cardinality: Groups of the 3x3 convolutions; must divide twice the width.
            **kwargs: Passed to the constructor.

        Raises:
            ValueError: For a size or widths that the networks cannot have.
        """
        return cls(
            r3gan_generator(image_shape, latent_dim, width, blocks, cardinality),
            r3gan_discriminator(image_shape, width, blocks, cardinality),
            **{"ema_momentum": 0.5 ** (512 / 5e6), **kwargs},
        )

    def default_optimizers(self):
        """Adam with beta_1 0; rate and beta_2 follow the schedules."""
        cosine = keras.optimizers.schedules.CosineDecay
        return {
            player: ScheduledAdam(
                cosine(2e-4, self.schedule_steps, alpha=0.25),
                beta_1=0.0,
                beta_2_schedule=cosine(0.9, self.schedule_steps, alpha=1.1),
            )
            for player in self.players
        }

    def momentum_now(self):
        """That of a half-life which is still growing."""
        done = ops.minimum(ops.cast(self.step.value, "float32") / self.schedule_steps, 1.0)
        # A half-life of h steps is a momentum of 2^(-1/h).
        share = (1 - ops.cos(math.pi * done)) / 2
        return ops.exp(math.log(self.ema_momentum) / ops.maximum(share, 1e-12))

    def generate(self, latents):
        """The images of latents, tensors, clipped to [-1, 1]."""
        return ops.clip(super().generate(latents), -1.0, 1.0)

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "gamma": self.gamma,
            "schedule_steps": self.schedule_steps,
        }
