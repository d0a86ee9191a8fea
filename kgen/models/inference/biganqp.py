"""BiGAN-QP (Su 2018)."""

import keras
from keras import ops

from kgen.losses import qp_discriminator, qp_distance, qp_generator
from kgen.models.base import images_of
from kgen.models.inference.pair_game import PairGame, Pairs, fixed
from kgen.networks import biganqp_decoder, biganqp_discriminator, biganqp_encoder


@keras.saving.register_keras_serializable("kgen")
class BiGANQP(PairGame):
    """GAN-QP on pairs: an encoder and a generator of large images, guided to each other.

    Su, *BiGAN-QP: Simple Image Encoding and Bidirectional GAN*, 2018. With
    `D = T(x, E(x)) - T(G(z), z)` for the pairs of a batch, the critic minimises
    `E [-D + D^2 / (2 * 10 d)]`, where the distance of two pairs is that of the images and that of
    the codes, `d = mean |x - G(z)| + mean |z - E(x)|`. Encoder and generator minimise

        E D + b1 mean (z - E(stop(G(z))))^2 + b2 mean (x - G(stop(E(x))))^2.

    The first guide is for the encoder alone and the second for the generator alone: without the
    stopped gradients the two would collude to make both small. Two steps of the critic for each
    one of the others, of which it sees fresh batches.

    Args:
        encoder: Images (n, height, width, channels) to codes (n, latent_dim).
        decoder: The generator: latents (n, latent_dim) of N(0, 1) to images in [-1, 1].
        discriminator: The critic T: `[images, latents]` to scores (n, 1).
        latent_guide: b1; 2 for 128 x 128, 4 for 256 x 256.
        image_guide: b2; 3 and 6.
        weight: The paper's lambda, the scale of the scores.
        discriminator_steps: Batches for one step of encoder and generator.
        ema_momentum: See `GenerativeModel`; averages encoder and decoder.
        seed: See `GenerativeModel`.
        name: The Keras name.

    Raises:
        ValueError: If the networks do not fit each other, or for a setting out of its range.

    Example:

        >>> model = BiGANQP.build_default((8, 8, 1), latent_dim=4, width=2, hidden=8)
        >>> model.compile()
        >>> images = model.sample(3, seed=1)
        >>> model.encode(images).shape, model.reconstruct(images).shape
        ((3, 4), (3, 8, 8, 1))
    """

    loss_names = ("discriminator_loss", "generator_loss", "latent_error", "image_error")

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        discriminator: keras.Model,
        *,
        latent_guide: float = 2.0,
        image_guide: float = 3.0,
        weight: float = 10.0,
        discriminator_steps: int = 2,
        **kwargs,
    ):
        super().__init__(encoder, decoder, discriminator, **kwargs)
        if min(latent_guide, image_guide) < 0 or weight <= 0 or discriminator_steps < 1:
            raise ValueError(
                f"latent_guide={latent_guide} and image_guide={image_guide} must be at least 0, "
                f"weight={weight} positive, discriminator_steps={discriminator_steps} at least 1."
            )
        self.latent_guide, self.image_guide = latent_guide, image_guide
        self.weight = weight
        self.discriminator_steps = discriminator_steps

    @classmethod
    def build_default(
        cls,
        image_shape: tuple[int, int, int] = (128, 128, 3),
        latent_dim: int = 128,
        width: int = 64,
        hidden: int = 1024,
        **kwargs,
    ) -> "BiGANQP":
        """The author's networks, with his guides for images of this size.

        Args:
            image_shape: (height, width, channels); square, with a side of 4 or 7 times a power of
                two. His are (128, 128, 3) and (256, 256, 3).
            latent_dim: Length of the latents; 128 and 256.
            width: Channels of the largest hidden map; each smaller one has twice as many.
            hidden: Units of the critic's two layers that see image and code.
            **kwargs: Passed to the constructor.

        Raises:
            ValueError: For a size that the networks cannot have.
        """
        guides = (4.0, 6.0) if image_shape[0] >= 256 else (2.0, 3.0)
        return cls(
            biganqp_encoder(image_shape, latent_dim, width),
            biganqp_decoder(image_shape, latent_dim, width),
            biganqp_discriminator(image_shape, latent_dim, width, hidden),
            **{"latent_guide": guides[0], "image_guide": guides[1], **kwargs},
        )

    def default_optimizers(self):
        """Adam, rate 2e-4, beta_1 0.5, for both players."""
        return {player: keras.optimizers.Adam(2e-4, beta_1=0.5) for player in self.players}

    # ---- the losses ------------------------------------------------------------------------------

    def discriminator_loss(self, real_logits, fake_logits, pairs: Pairs):
        """`E [-D + D^2 / (2 weight d)]`."""
        distance = qp_distance(pairs.real, pairs.fake) + qp_distance(pairs.codes, pairs.latents)
        return qp_discriminator(real_logits, fake_logits, distance, self.weight)

    def generator_loss(self, real_logits, fake_logits, pairs: Pairs):
        """`E D`."""
        return qp_generator(fake_logits, real_logits)

    def penalty(self, player, pairs, training):
        """The two guides, of encoder and generator."""
        if player == "discriminator":
            return 0.0, {}
        still = fixed(pairs)
        guess = self._network("encoder", training)(still.fake, training=training)
        rebuilt = self._network("decoder", training)(still.codes, training=training)
        latent_error = ops.mean(ops.square(pairs.latents - guess))
        image_error = ops.mean(ops.square(pairs.real - rebuilt))
        guides = self.latent_guide * latent_error + self.image_guide * image_error
        return guides, {"latent_error": latent_error, "image_error": image_error}

    def report(self, real_logits, fake_logits):
        """Nothing more: the generator's loss is the critic's gap."""
        return {}

    # ---- training --------------------------------------------------------------------------------

    def train_step(self, data):
        """One step of the critic, then one of encoder and generator where it is due."""
        images = images_of(data)
        n = ops.shape(images)[0]

        def pairs():
            return self.pairs(images, self.latents(n, self.noise), True, self.noise)

        def generator_step():
            return self.minimize(lambda: self.turn("generator", pairs(), True), "generator")[1]

        _, judged = self.minimize(
            lambda: self.turn("discriminator", fixed(pairs()), True), "discriminator"
        )
        self.update_metrics(n, **judged)
        due = ops.equal(ops.mod(self.step.value + 1, self.discriminator_steps), 0)
        idle = {name: 0.0 for name in self.loss_names if name not in judged}
        fooled = self.branch(due, generator_step, idle)
        # Means over the steps of encoder and generator, not over all.
        return self.update_metrics(n * ops.cast(due, "int32"), **fooled)

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "latent_guide": self.latent_guide,
            "image_guide": self.image_guide,
            "weight": self.weight,
            "discriminator_steps": self.discriminator_steps,
        }
