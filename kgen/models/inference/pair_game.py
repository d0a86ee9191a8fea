"""`PairGame`: a discriminator of pairs, an image and its code (BiGAN, ALI and what followed)."""

from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from kgen.losses import non_saturating_discriminator
from kgen.models.base import images_of
from kgen.models.encoder_decoder import EncoderDecoder
from kgen.models.signature import Signature, TensorSpec


class Pairs(NamedTuple):
    """What the discriminator tells apart: `(x, E(x))` and `(G(z), z)`.

    Attributes:
        real: Images x of the data.
        codes: Their codes E(x), (n, latent_dim).
        fake: The images G(z) of latents.
        latents: z of the prior, (n, latent_dim).
    """

    real: Any
    codes: Any
    fake: Any
    latents: Any


class PairGame(EncoderDecoder):
    """An encoder E and a decoder G against a discriminator that sees image and code together.

    The encoder turns images of the data into codes, the decoder latents of the prior into images,
    and the discriminator tells `(x, E(x))` from `(G(z), z)`. Where it cannot, both joint
    distributions are equal: the decoder samples the data, and the encoder inverts it.

    A step is of all networks at once, from the same weights and one pass through encoder and
    decoder, as the authors of BiGAN and of ALI have it: the discriminator learns from the pairs
    that it judged for the others. The losses that are reported are those of the game; what a
    player minimises beside it (`penalty`) is reported by its own name.

    Args:
        encoder: Images to codes.
        decoder: Latents (n, latent_dim) to images in [-1, 1], or to points (n, dimensions).
        discriminator: `[images, latents]` to logits (n, 1).
        ema_momentum: See `GenerativeModel`; averages encoder and decoder.
        seed: See `GenerativeModel`.
        name: The Keras name.

    Raises:
        ValueError: If the networks do not fit each other.
    """

    players = {"generator": ("encoder", "decoder"), "discriminator": ("discriminator",)}
    loss_names = ("discriminator_loss", "generator_loss", "real_probability", "fake_probability")
    inference_mode = (
        "no dropout, and batch normalisation uses its moving averages, so that no output depends "
        "on the others of its batch"
    )
    xla_on_cpu = False  # it takes long to compile these games
    #: How many vectors the encoder gives for an image.
    codes_per_image = 1

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        discriminator: keras.Model,
        **kwargs,
    ):
        super().__init__(encoder, decoder, {"discriminator": discriminator}, **kwargs)
        codes = [tuple(output.shape[1:]) for output in encoder.outputs]
        judged = [tuple(seen.shape[1:]) for seen in discriminator.inputs]
        latent = (self.latent_dim,)
        if codes != self.codes_per_image * [latent]:
            raise ValueError(
                f"the encoder must give {self.codes_per_image} x {latent} numbers an image, what "
                f"the decoder takes; it gives {codes}."
            )
        if tuple(decoder.output_shape[1:]) != self.image_shape:
            raise ValueError(
                f"the encoder takes {self.image_shape}, the decoder makes "
                f"{tuple(decoder.output_shape[1:])}."
            )
        if judged != [self.image_shape, latent] or tuple(discriminator.output_shape[1:]) != (1,):
            raise ValueError(
                f"the discriminator must take [{self.image_shape}, {latent}] and give one logit; "
                f"it takes {judged} and gives {tuple(discriminator.output_shape[1:])}."
            )

    # ---- the game --------------------------------------------------------------------------------

    def code(self, images, training: bool, noise):
        """What the encoder makes of images: (n, latent_dim)."""
        return self._network("encoder", training)(images, training=training)

    def pairs(self, images, latents, training: bool, noise) -> Pairs:
        """Both kinds of pairs, of as many images and latents."""
        images = ops.convert_to_tensor(images)
        fake = self._network("decoder", training)(latents, training=training)
        return Pairs(images, self.code(images, training, noise), fake, latents)

    def judge(self, pairs: Pairs, training: bool):
        """The discriminator's logits (n, 1) of real and of made pairs, each a batch of its own."""
        real = self.discriminator([pairs.real, pairs.codes], training=training)
        return real, self.discriminator([pairs.fake, pairs.latents], training=training)

    def discriminator_loss(self, real_logits, fake_logits, pairs: Pairs):
        """`-E log D(x, E(x)) - E log(1 - D(G(z), z))`."""
        return non_saturating_discriminator(real_logits, fake_logits)

    def generator_loss(self, real_logits, fake_logits, pairs: Pairs):
        """What encoder and decoder minimise: the discriminator's loss with its labels flipped."""
        return self.discriminator_loss(fake_logits, real_logits, pairs)

    def penalty(self, player: str, pairs: Pairs, training: bool):
        """What a player minimises beside the game: a scalar, and what to report of it by name."""
        return 0.0, {}

    def report(self, real_logits, fake_logits) -> dict:
        """What is reported of the discriminator's judgement, by name."""
        return {
            "real_probability": ops.mean(ops.sigmoid(ops.cast(real_logits, "float32"))),
            "fake_probability": ops.mean(ops.sigmoid(ops.cast(fake_logits, "float32"))),
        }

    def turn(self, player: str, pairs: Pairs, training: bool):
        """All that a player minimises, a scalar, and what to report by name."""
        logits = self.judge(pairs, training)
        if player == "discriminator":
            loss, seen = self.discriminator_loss(*logits, pairs), self.report(*logits)
        else:
            loss, seen = self.generator_loss(*logits, pairs), {}
        term, beside = self.penalty(player, pairs, training)
        return loss + term, {f"{player}_loss": loss, **seen, **beside}

    def _network(self, name, training):
        return getattr(self, name) if training else self.inference_network(name)

    # ---- training --------------------------------------------------------------------------------

    def train_step(self, data):
        """One step of all networks, from the gradients at the weights before it."""
        images = images_of(data)
        n = ops.shape(images)[0]
        latents = self.latents(n, self.noise)

        def generator_turn():
            pairs = self.pairs(images, latents, True, self.noise)
            loss, report = self.turn("generator", pairs, True)
            return loss, (fixed(pairs), report)

        # The discriminator steps last, on these very pairs, so neither sees the other's step.
        _, (pairs, fooled) = self.minimize(generator_turn, "generator")
        _, judged = self.minimize(lambda: self.turn("discriminator", pairs, True), "discriminator")
        return self.update_metrics(n, **judged, **fooled)

    def test_step(self, data):
        """The same losses in inference mode."""
        images = images_of(data)
        n = ops.shape(images)[0]
        noise = self.evaluation_noise
        pairs = self.pairs(images, self.latents(n, noise), False, noise)
        reports = [self.turn(player, pairs, False)[1] for player in self.players]
        return self.update_metrics(n, **{k: v for report in reports for k, v in report.items()})

    # ---- capabilities ----------------------------------------------------------------------------

    def signatures(self):
        """`sample`, `encode`, `decode`, `reconstruct`, and the judgement of images and of pairs."""
        signatures = super().signatures()
        images = signatures["encode"].inputs
        latents = {"latents": TensorSpec((None, self.latent_dim), role="latent")}
        logits = {"logits": "logit"}
        return {
            **signatures,
            "discriminate": Signature(self._discriminate, images, logits),
            "discriminate_pairs": Signature(self._discriminate, {**images, **latents}, logits),
        }

    def _encode(self, images):
        return {"latents": self._network("encoder", False)(images, training=False)}

    def _decode(self, latents):
        return {"images": self._network("decoder", False)(latents, training=False)}

    def _discriminate(self, images, latents=None):
        latents = self._encode(images)["latents"] if latents is None else latents
        return {"logits": self.discriminator([images, latents], training=False)}

    def discriminate(self, images, latents=None) -> np.ndarray:
        """The discriminator's logits (n, 1) of pairs.

        Args:
            images: As `encode` takes them.
            latents: Their codes (n, latent_dim); by default what `encode` gives.
        """
        if latents is None:
            return self.serve("discriminate", images=images)
        return self.serve("discriminate_pairs", images=images, latents=latents)


def fixed(pairs: Pairs) -> Pairs:
    """The same pairs, through which no gradient flows."""
    return Pairs(*(ops.stop_gradient(ops.convert_to_tensor(each)) for each in pairs))
