"""The base of models that map images to latents and back."""

import keras
import numpy as np
from keras import ops

from kgen.models.base import GenerativeModel, images_of
from kgen.models.signature import Signature, TensorSpec, check_count
from kgen.training import Noise, draw_latents


class EncoderDecoder(GenerativeModel):
    """An encoder and a decoder, with `sample`, `encode`, `decode` and `reconstruct` built on them.

    A subclass says by `_encode(images)` and `_decode(latents)`, pure functions that return
    `{"latents": ...}` and `{"images": ...}`, how its networks are used outside training.

    Args:
        encoder: Of images (n, height, width, channels).
        decoder: Of latents (n, latent_dim).
        networks: A subclass's further networks.
        **kwargs: See `GenerativeModel`.
    """

    players = {"model": ("encoder", "decoder")}
    averaged = ("encoder", "decoder")
    xla_on_cpu = True
    inference_mode = "the default networks have neither batch normalisation nor dropout"
    #: The prior of the latents: "N(0, 1)" or "U(-1, 1)".
    latent_distribution = "N(0, 1)"

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        networks: dict[str, keras.Model] | None = None,
        **kwargs,
    ):
        super().__init__({"encoder": encoder, "decoder": decoder, **(networks or {})}, **kwargs)
        self.image_shape = tuple(encoder.inputs[0].shape[1:])
        self.latent_dim = decoder.inputs[0].shape[-1]

    def latents(self, n, noise):
        """`n` latents of the prior, (n, latent_dim), from a `Noise`."""
        return draw_latents(noise, (n, self.latent_dim), self.latent_distribution)

    def conditions(self) -> dict[str, TensorSpec]:
        """What both networks take beside images and latents, by name."""
        return {}

    def batch_images(self, data):
        """The images."""
        return {"images": (images_of(data), self.image_shape)}

    def signatures(self):
        """`sample`, `encode`, `decode` and `reconstruct`."""
        role = "image" if len(self.image_shape) == 3 else "point"
        images = {"images": TensorSpec((None, *self.image_shape), role=role), **self.conditions()}
        prior = self.latent_distribution
        latents = TensorSpec((None, self.latent_dim), role="latent", distribution=prior)
        decode = Signature(
            self._decode, {"latents": latents, **self.conditions()}, {"images": role}
        )
        return {
            "sample": decode,
            "encode": Signature(self._encode, images, {"latents": "latent"}),
            "decode": decode,
            "reconstruct": Signature(self._reconstruct, images, {"images": role}),
        }

    def _reconstruct(self, images, **conditions):
        return self._decode(self._encode(images, **conditions)["latents"], **conditions)

    def sample(self, n: int, seed: int | None = None) -> np.ndarray:
        """Draws latents from the prior and decodes them.

        Args:
            n: How many.
            seed: The same seed gives the same images; `None` gives new ones at each call.

        Returns:
            What `decode` gives: float32 images (n, height, width, channels) in [-1, 1].
        """
        latents = self.latents(check_count(n), Noise(keras.random.SeedGenerator(seed)))
        return self.serve("sample", latents=ops.convert_to_numpy(latents))

    def encode(self, images) -> np.ndarray:
        """The latents (n, latent_dim) of images (n, height, width, channels) in [-1, 1]."""
        return self.serve("encode", images=images)

    def decode(self, latents) -> np.ndarray:
        """The images, float32 in [-1, 1], of latents (n, latent_dim)."""
        return self.serve("decode", latents=latents)

    def reconstruct(self, images) -> np.ndarray:
        """What the decoder makes of the latents of `images`."""
        return self.serve("reconstruct", images=images)
