"""`GAN`: the base of the adversarial family."""

import keras
import numpy as np
from keras import ops

from kgen.losses import non_saturating_discriminator, non_saturating_generator
from kgen.models.base import GenerativeModel, images_of
from kgen.models.signature import Signature, TensorSpec, check_count
from kgen.training import Noise

_LATENTS = {"normal": "N(0, 1)", "uniform": "U(-1, 1)"}


@keras.saving.register_keras_serializable("kgen")
class GAN(GenerativeModel):
    """Two players: a generator of images from noise, and a discriminator of real from generated.

    Goodfellow et al. 2014. The discriminator minimises `-E log D(x) - E log(1 - D(G(z)))` (their
    eq. 1) and the generator the non-saturating `-E log D(G(z))`. A step trains the discriminator
    once, then the generator once, each on latents of its own; the discriminator sees real and
    generated images in separate batches. A paper that changes only the objective overrides
    `discriminator_loss` and `generator_loss`.

    Args:
        generator: (n, latent_dim) to images (n, height, width, channels) in [-1, 1].
        discriminator: Images to logits (n, 1).
        latent_distribution: `"normal"` for N(0, 1) or `"uniform"` for U(-1, 1).
        ema_momentum: See `GenerativeModel`; averages the generator.
        seed: See `GenerativeModel`.
        name: The Keras name.

    Raises:
        ValueError: If the generator's images do not fit the discriminator, or for an unknown
            distribution.
    """

    players = {"generator": ("generator",), "discriminator": ("discriminator",)}
    averaged = ("generator",)
    loss_names = ("discriminator_loss", "generator_loss", "real_probability", "fake_probability")
    inference_mode = (
        "batch normalisation uses its moving averages, so that an image does not depend on the "
        "others of its batch"
    )

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        latent_distribution: str = "normal",
        **kwargs,
    ):
        super().__init__({"generator": generator, "discriminator": discriminator}, **kwargs)
        if latent_distribution not in _LATENTS:
            names = ", ".join(_LATENTS)
            raise ValueError(
                f"latent_distribution must be one of {names}, got {latent_distribution!r}."
            )
        made, judged = generator.output_shape[1:], discriminator.input_shape[1:]
        if made != judged:
            raise ValueError(f"the generator makes {made}, the discriminator judges {judged}.")
        if tuple(discriminator.output_shape[1:]) != (1,):
            raise ValueError(
                f"the discriminator must give one logit an image, (n, 1), not "
                f"{discriminator.output_shape}."
            )
        self.latent_distribution = latent_distribution
        self.latent_dim = generator.input_shape[-1]
        self.image_shape = tuple(made)

    # ---- the losses ------------------------------------------------------------------------------

    def discriminator_loss(self, real_logits, fake_logits):
        """The scalar that the discriminator minimises."""
        return non_saturating_discriminator(real_logits, fake_logits)

    def generator_loss(self, fake_logits):
        """The scalar that the generator minimises."""
        return non_saturating_generator(fake_logits)

    def latents(self, n, noise=None):
        """`n` latent vectors, (n, latent_dim), from `noise` or the model's own."""
        noise = noise or self.noise
        if self.latent_distribution == "normal":
            return noise.normal((n, self.latent_dim))
        return noise.uniform((n, self.latent_dim), -1.0, 1.0)

    # ---- training --------------------------------------------------------------------------------

    def train_step(self, data):
        """One step of the discriminator, then one of the generator."""
        real = images_of(data)
        n = ops.shape(real)[0]

        def discriminator_loss():
            fake = ops.stop_gradient(self.generator(self.latents(n), training=True))
            real_logits = self.discriminator(real, training=True)
            fake_logits = self.discriminator(fake, training=True)
            return self.discriminator_loss(real_logits, fake_logits), (real_logits, fake_logits)

        def generator_loss():
            fake = self.generator(self.latents(n), training=True)
            return self.generator_loss(self.discriminator(fake, training=True))

        loss, logits = self.minimize(discriminator_loss, "discriminator")
        return self._report(n, loss, self.minimize(generator_loss, "generator"), *logits)

    def test_step(self, data):
        """The same losses in inference mode, on fresh latents."""
        real = images_of(data)
        n = ops.shape(real)[0]
        latents = self.latents(n, self.evaluation_noise)
        fake = self.inference_network("generator")(latents, training=False)
        real_logits = self.discriminator(real, training=False)
        fake_logits = self.discriminator(fake, training=False)
        loss = self.discriminator_loss(real_logits, fake_logits)
        return self._report(n, loss, self.generator_loss(fake_logits), real_logits, fake_logits)

    def _report(self, n, discriminator_loss, generator_loss, real_logits, fake_logits):
        return self.update_metrics(
            n,
            discriminator_loss=discriminator_loss,
            generator_loss=generator_loss,
            real_probability=ops.mean(ops.sigmoid(real_logits)),
            fake_probability=ops.mean(ops.sigmoid(fake_logits)),
        )

    def batch_images(self, data):
        """The real images."""
        return {"images": (images_of(data), self.image_shape)}

    # ---- capabilities ----------------------------------------------------------------------------

    def signatures(self):
        """`sample` (latents to images) and `discriminate` (images to logits)."""
        latents = TensorSpec(
            (None, self.latent_dim),
            role="latent",
            distribution=_LATENTS[self.latent_distribution],
        )
        return {
            "sample": Signature(
                lambda latents: {
                    "images": self.inference_network("generator")(latents, training=False)
                },
                {"latents": latents},
                {"images": "image"},
            ),
            "discriminate": Signature(
                lambda images: {"logits": self.discriminator(images, training=False)},
                {"images": TensorSpec((None, *self.image_shape))},
                {"logits": "logit"},
            ),
        }

    def sample(self, n: int, seed: int | None = None) -> np.ndarray:
        """Draws images.

        Args:
            n: How many.
            seed: The same seed gives the same images; `None` gives new ones at each call. The
                model's own noise is not touched, so that sampling does not change training.

        Returns:
            float32 images (n, height, width, channels) in [-1, 1].
        """
        latents = self.latents(check_count(n), Noise(keras.random.SeedGenerator(seed)))
        return self.serve("sample", latents=ops.convert_to_numpy(latents))

    def discriminate(self, images) -> np.ndarray:
        """The discriminator's logits (n, 1) of images (n, height, width, channels) in [-1, 1]."""
        return self.serve("discriminate", images=images)

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "latent_distribution": self.latent_distribution}
