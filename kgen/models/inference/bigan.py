"""Bidirectional generative adversarial networks (Donahue, Krähenbühl & Darrell 2017)."""

import keras
from keras import ops

from kgen.models.inference.pair_game import PairGame, Pairs
from kgen.networks import bigan_decoder, bigan_discriminator, bigan_encoder
from kgen.training import ConstantThenExponential


@keras.saving.register_keras_serializable("kgen")
class BiGAN(PairGame):
    """A GAN that learns the way back, from images to latents, as features of the images.

    Donahue, Krähenbühl & Darrell, *Adversarial Feature Learning*, 2017. The discriminator tells
    `(x, E(x))` from `(G(z), z)` (eq. 3). As in the authors' code both of its terms count one half,

        L_D = -1/2 E log D(x, E(x)) - 1/2 E log(1 - D(G(z), z)),

    so that it starts at ln 2, and encoder and generator minimise the same with flipped labels,
    which does not saturate (section 3.5). Without the discriminator's judgement nothing ties E(x)
    to x: no reconstruction is asked for. The encoder is deterministic, and latents are uniform in
    [-1, 1).

    Each player's loss has the weight decay of the code beside it, `weight_decay / 2 * sum w^2`,
    and with `regressor_weight` encoder and generator also minimise so much of the joint latent
    regressor's `L(z, E(G(z)))` (section 4.1): the cross-entropy of z and its estimate, both moved
    to [0, 1], in nats a latent. Its minimum is z's own entropy, and a weight of 1 degenerates; 0.25
    is theirs.

    Args:
        encoder: Images (n, height, width, channels) to codes (n, latent_dim) in [-1, 1].
        decoder: The generator: latents (n, latent_dim) to images in [-1, 1].
        discriminator: `[images, latents]` to logits (n, 1).
        weight_decay: On all weights of a player, in its gradient.
        regressor_weight: Of the latent regressor; `latent_error`, the mean of `|z - E(G(z))|`, is
            then reported.
        schedule_steps: After half of so many steps the default optimizers' rate begins to fall, to
            a hundredth at the end: 400 epochs of MNIST by default.
        ema_momentum: See `GenerativeModel`; averages encoder and decoder.
        seed: See `GenerativeModel`.
        name: The Keras name.

    Raises:
        ValueError: If the networks do not fit each other, or for a setting out of its range.

    Example:

        >>> model = BiGAN.build_default((8, 8, 1), latent_dim=4, width=16)
        >>> model.compile()
        >>> images = model.sample(3, seed=1)
        >>> model.encode(images).shape, model.reconstruct(images).shape
        ((3, 4), (3, 8, 8, 1))
        >>> model.discriminate(images).ravel().tolist()  # untrained, it is undecided
        [0.0, 0.0, 0.0]
    """

    latent_distribution = "U(-1, 1)"

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        discriminator: keras.Model,
        *,
        weight_decay: float = 2.5e-5,
        regressor_weight: float = 0.0,
        schedule_steps: int = 400 * 469,
        **kwargs,
    ):
        super().__init__(encoder, decoder, discriminator, **kwargs)
        if min(weight_decay, regressor_weight) < 0 or schedule_steps < 2:
            raise ValueError(
                f"weight_decay={weight_decay} and regressor_weight={regressor_weight} must be at "
                f"least 0, schedule_steps={schedule_steps} at least 2."
            )
        self.weight_decay = weight_decay
        self.regressor_weight = regressor_weight
        self.schedule_steps = schedule_steps
        if regressor_weight:
            self.loss_names = (*self.loss_names, "latent_error")
            self.trackers["latent_error"] = keras.metrics.Mean(name="latent_error")

    @classmethod
    def build_default(
        cls,
        image_shape: tuple[int, int, int] = (28, 28, 1),
        latent_dim: int = 50,
        width: int = 1024,
        **kwargs,
    ) -> "BiGAN":
        """The paper's dense networks for MNIST, for images of any shape.

        Args:
            image_shape: (height, width, channels).
            latent_dim: Length of the latents.
            width: Units of every hidden layer, two a network.
            **kwargs: Passed to the constructor.
        """
        return cls(
            bigan_encoder(image_shape, latent_dim, width),
            bigan_decoder(image_shape, latent_dim, width),
            bigan_discriminator(image_shape, latent_dim, width),
            **kwargs,
        )

    def default_optimizers(self):
        """Adam, beta_1 0.5; the rate of 2e-4 stays for half of the steps, then falls to 2e-6."""
        constant = self.schedule_steps // 2
        falling = self.schedule_steps - constant
        return {
            player: keras.optimizers.Adam(
                ConstantThenExponential(2e-4, constant, falling, 0.01), beta_1=0.5, epsilon=1e-8
            )
            for player in self.players
        }

    def discriminator_loss(self, real_logits, fake_logits, pairs: Pairs):
        """The L_D above; ln 2 at logits 0."""
        return 0.5 * super().discriminator_loss(real_logits, fake_logits, pairs)

    def penalty(self, player, pairs, training):
        """Weight decay and, for encoder and generator, the latent regressor."""
        squares = sum(ops.sum(ops.square(v)) for v in self.player_variables(player))
        decay = 0.5 * self.weight_decay * squares
        if player == "discriminator" or not self.regressor_weight:
            return decay, {}
        guess = self._network("encoder", training)(pairs.fake, training=training)
        regression = ops.mean(ops.binary_crossentropy((pairs.latents + 1) / 2, (guess + 1) / 2))
        error = ops.mean(ops.abs(pairs.latents - guess))
        return decay + self.regressor_weight * regression, {"latent_error": error}

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "weight_decay": self.weight_decay,
            "regressor_weight": self.regressor_weight,
            "schedule_steps": self.schedule_steps,
        }
