"""Generative adversarial networks (Goodfellow et al. 2014), and the base of their family."""

import math

import keras
import numpy as np
from keras import ops

from kgen.models.adversarial.game import LATENTS, AdversarialGame
from kgen.models.signature import Signature, TensorSpec, check_count
from kgen.networks import maxout_discriminator, mlp_generator
from kgen.training import Noise, averages


@keras.saving.register_keras_serializable("kgen")
class GAN(AdversarialGame):
    """A generator of images from noise, and a discriminator of real from generated.

    Goodfellow et al., *Generative Adversarial Networks*, 2014. The discriminator minimises
    `-E log D(x) - E log(1 - D(G(z)))` (eq. 1) and the generator the non-saturating
    `-E log D(G(z))`. Arguments are those of `AdversarialGame`, from `objective` to stabilizers;
    this class adds the paper's dense networks and what a trained model can do.

    Example:

        >>> model = GAN.build_default((8, 8, 1), latent_dim=4, width=16, regularizers=["r1"])
        >>> model.compile()
        >>> model.sample(3, seed=1).shape
        (3, 8, 8, 1)
    """

    @classmethod
    def build_default(
        cls,
        image_shape: tuple[int, int, int] = (28, 28, 1),
        latent_dim: int = 100,
        width: int = 1200,
        mean_image: np.ndarray | None = None,
        **kwargs,
    ) -> "GAN":
        """The networks that the authors' code has for MNIST.

        The generator has two hidden layers of ReLU. The discriminator has two of maxout, each a
        fifth as wide with five pieces, and dropout before every layer.

        Args:
            image_shape: (height, width, channels).
            latent_dim: Length of the latent vectors, which are uniform with variance 1.
            width: Units of the generator's hidden layers; 1200 is theirs.
            mean_image: See `kgen.networks.mlp_generator`; they have it.
            **kwargs: Passed to the constructor.

        Raises:
            ValueError: For a width below 5.
        """
        if width < 5:
            raise ValueError(f"width must be at least 5, got {width}.")
        # U(-1, 1) stretched to U(-sqrt(3), sqrt(3)), theirs.
        generator = mlp_generator(
            image_shape,
            latent_dim,
            (width, width),
            latent_scale=math.sqrt(3),
            mean_image=mean_image,
        )
        discriminator = maxout_discriminator(image_shape, (width // 5, width // 5))
        return cls(generator, discriminator, **{"latent_distribution": "uniform", **kwargs})

    def default_optimizers(self):
        """SGD with momentum 0.5 and rate 0.1, divided by 1.000004 at each step.

        The discriminator's rate is half of that, because the authors halve its loss. Their momentum
        rises from 0.5 to 0.7 over 250 epochs; here it stays.
        """
        decay = keras.optimizers.schedules.ExponentialDecay
        return {
            # 1.000004^250,000 is e; the power of so small a step would lose digits.
            player: keras.optimizers.SGD(decay(rate, 250_000, 1 / math.e), momentum=0.5)
            for player, rate in {"generator": 0.1, "discriminator": 0.05}.items()
        }

    # ---- capabilities ----------------------------------------------------------------------------

    def generate(self, latents, **conditions):
        """The images of latents, tensors, in inference mode."""
        return self.generated(latents, False, **conditions)

    def settle_averages(self):
        """Takes the statistics of the averaged generator's batch normalisation, of 1,024 images."""
        network = self.inference_network("generator")
        if self.ema_momentum is not None and averages.normalizations(network):
            averages.settle_statistics(network, self._generator_inputs(batches=16, size=64))

    def _generator_inputs(self, batches: int, size: int):
        """Always the same inputs of the generator, their classes evenly."""
        noise, random = Noise(keras.random.SeedGenerator(0)), np.random.default_rng(0)
        for _ in range(batches):
            conditions = {
                name: ops.convert_to_tensor(random.integers(spec.classes, size=size), "int32")
                for name, spec in self.generator_conditions().items()
            }
            yield self.generator_input(self.latents(size, noise), **conditions)

    def generator_conditions(self) -> dict[str, TensorSpec]:
        """The inputs of `sample` beside latents."""
        return {}

    def discriminator_conditions(self) -> dict[str, TensorSpec]:
        """The inputs of `discriminate` and `features` beside images."""
        return {}

    def signatures(self):
        """`sample` (latents to images), and what the discriminator says of images."""
        latents = TensorSpec(
            (None, self.latent_dim),
            role="latent",
            distribution=LATENTS[self.latent_distribution],
        )
        role = "image" if len(self.image_shape) == 3 else "point"  # of ring and grid
        images = {"images": TensorSpec((None, *self.image_shape), role=role)}

        judged = {**images, **self.discriminator_conditions()}

        def look(images, features=False, **conditions):
            return self.look(images, False, features, **conditions)

        signatures = {
            "sample": Signature(
                lambda **inputs: {"images": self.generate(**inputs)},
                {"latents": latents, **self.generator_conditions()},
                {"images": role},
            ),
            "discriminate": Signature(
                lambda **inputs: {"logits": look(**inputs)[1]}, judged, {"logits": "logit"}
            ),
        }
        if "features" not in self.unavailable():
            signatures["features"] = Signature(
                lambda **inputs: {"features": look(features=True, **inputs)[0]},
                judged,
                {"features": "feature"},
            )
        return signatures

    def unavailable(self):
        """`features`, where the discriminator is not made of layers."""
        if self._features_and_logits is not None:
            return {}
        return {"features": "the discriminator is no keras.Sequential or functional model"}

    def sample(self, n: int, seed: int | None = None) -> np.ndarray:
        """Draws images.

        Args:
            n: How many.
            seed: The same seed gives the same images; `None` gives new ones at each call. The
                model's own noise is not touched, so that sampling does not change training.

        Returns:
            float32 images (n, height, width, channels) in [-1, 1], or points (n, dimensions).
        """
        latents = self.latents(check_count(n), Noise(keras.random.SeedGenerator(seed)))
        return self.serve("sample", latents=ops.convert_to_numpy(latents))

    def discriminate(self, images) -> np.ndarray:
        """The discriminator's logits (n, 1) of images (n, height, width, channels) in [-1, 1]."""
        return self.serve("discriminate", images=images)

    def features(self, images) -> np.ndarray:
        """What the discriminator's last layer sees (n, features) of images in [-1, 1].

        Or the output of its layer named "features". They are what Radford et al. 2016, section 5,
        classify with; see `kgen.metrics.linear_probe`.
        """
        return self.serve("features", images=images)
