"""BigGAN (Brock, Donahue & Simonyan 2019)."""

import dataclasses
import math

import keras
import numpy as np
from keras import ops

from kgen.losses import Orthogonality
from kgen.models.conditional.conditionalgan import ConditionalGAN
from kgen.models.scale.standing_statistics import take_statistics
from kgen.models.signature import check_count
from kgen.networks.biggan import SHARED_EMBEDDING, biggan_discriminator, biggan_generator
from kgen.training import Noise, TextbookAdam


@keras.saving.register_keras_serializable("kgen")
class BigGAN(ConditionalGAN):
    """A class-conditional GAN made large, and sampled from the middle of its latents.

    Brock, Donahue & Simonyan, *Large Scale GAN Training for High Fidelity Natural Image Synthesis*,
    2019. The players minimise the hinge losses

        D: E max(0, 1 - D(x, y)) + E max(0, 1 + D(G(z, y), y))
        G: -E D(G(z, y), y)

    with two steps of the discriminator for each one of the generator, whose kernels, but for the
    shared embedding, are held near orthogonal by `1e-4 |W^T W * (1 - I)|^2` (eq. 3). For the
    networks see `kgen.networks.biggan_generator` and `biggan_discriminator`. Generated images have
    the labels of the batch's real ones, in both turns.

    Samples are drawn with the moving average of the generator's weights. It follows the generator's
    own steps, and is a plain copy for the first `ema_start` of them.

    The truncation trick (section 3.1) draws latents from a normal distribution cut off at a
    threshold: less variety for better samples. They reach batch normalisation with other statistics
    than in training, so `estimate_standing_statistics` takes these anew from many truncated samples
    (appendix C). They are the statistics of the network that samples, so they are in the model's
    file and in its export, until it is trained on.

    The paper's batches have 2048 images, and it finds that nothing helps as much.

    Args:
        generator: `[latents, labels]` to images.
        discriminator: `[images, labels]` to logits (n, 1).
        ema_start: Steps of the generator from which the moving average averages.
        **kwargs: See `ConditionalGAN`.

    Raises:
        ValueError: If `ema_start` is negative; see `ConditionalGAN`.

    Example:

        >>> model = BigGAN.build_default((8, 8, 1), 3, latent_dim=4, width=2, shared_dim=2)
        >>> model.compile()
        >>> model.estimate_standing_statistics(0.5, samples=8)
        >>> model.sample(2, labels=[0, 2], seed=1).shape  # truncated at 0.5
        (2, 8, 8, 1)
    """

    paper_objective = "hinge"
    paper_regularizers = (Orthogonality(1e-4, player="generator"),)
    paper_discriminator_steps = 2

    def __init__(self, generator, discriminator, *, classes, ema_start: int = 20_000, **kwargs):
        super().__init__(generator, discriminator, classes=classes, **kwargs)
        if ema_start < 0:
            raise ValueError(f"ema_start must be at least 0, got {ema_start}.")
        self.ema_start = ema_start
        #: Where latents were cut off for the statistics that the model now has; 0 for none.
        self.standing_truncation = self.add_weight(
            name="standing_truncation",
            shape=(),
            initializer="zeros",
            trainable=False,
            aggregation="only_first_replica",
        )

    @classmethod
    def build_default(
        cls,
        image_shape: tuple[int, int, int] = (128, 128, 3),
        classes: int = 1000,
        latent_dim: int = 120,
        width: int = 96,
        shared_dim: int | None = 128,
        attention: int | str | None = "auto",
        initializer: str = "orthogonal",
        **kwargs,
    ) -> "BigGAN":
        """The paper's networks, for ImageNet at 128 pixels by default.

        For CIFAR-10 the authors' code has batches of 50, rate 2e-4 for both players and four steps
        of the discriminator: `width=64, shared_dim=None, initializer="normal", regularizers=[],
        discriminator_steps=4`.

        Args:
            image_shape: (height, width, channels); square, with a side of 64 or 128, or of 4 or 7
                times a power of two up to 32.
            classes: How many classes there are.
            latent_dim: Length of the latent vectors.
            width: The paper's `ch`: see `kgen.networks.biggan_generator`, and so for the rest.
            shared_dim: Length of the shared embedding, or `None`.
            attention: The side of the map with self-attention, `None` for none.
            initializer: `"orthogonal"` or `"normal"`.
            **kwargs: Passed to the constructor; the moving average's momentum is 0.9999.

        Raises:
            ValueError: For a size that the networks cannot make, or latents that cannot be split.
        """
        return cls(
            biggan_generator(
                image_shape, classes, latent_dim, width, shared_dim, attention, initializer
            ),
            biggan_discriminator(image_shape, classes, width, attention, initializer),
            **{"classes": classes, "ema_momentum": 0.9999, **kwargs},
        )

    def default_optimizers(self):
        """Adam with beta_1 0 and epsilon 1e-6; rates 5e-5 and 2e-4, those of the paper.

        The authors' code, with one step of the discriminator, has 1e-4 and 4e-4.
        """
        return {
            player: TextbookAdam(rate, beta_1=0.0, beta_2=0.999, epsilon=1e-6)
            for player, rate in {"generator": 5e-5, "discriminator": 2e-4}.items()
        }

    def kernels(self, player):
        """As for every game, without the shared embedding."""
        return [v for v in super().kernels(player) if SHARED_EMBEDDING not in v.path]

    # ---- averages and statistics -----------------------------------------------------------------

    def momentum_now(self):
        """0 until `ema_start`, and 1 in steps that do not train the generator."""
        steps, k = self.step.value, self.discriminator_steps
        own = ops.where(ops.equal(ops.mod(steps, k), 0), self.ema_momentum, 1.0)
        return ops.where(steps // k > self.ema_start, own, 0.0)

    def finish_step(self):
        """Also forgets the standing statistics, which the step has replaced."""
        super().finish_step()
        self.standing_truncation.assign(0.0)

    def estimate_standing_statistics(
        self, truncation: float, samples: int = 5_000, batch_size: int = 64, seed: int = 0
    ) -> None:
        """Takes the statistics of the sampling network's batch normalisation from new samples.

        From then on `sample` truncates there by default. The next training step undoes it;
        without a moving average the statistics take some more to be those of training again.

        Args:
            truncation: Where to cut off latents; `math.inf` for not at all.
            samples: How many to draw, their classes evenly; see `take_statistics`.
            batch_size: How many go through the network at once; makes no difference otherwise.
            seed: Of latents and classes.

        Raises:
            DataError: If `samples` is no whole number of at least 1.
            ValueError: If `truncation` is not positive, or the latents are not normal.
        """
        noise = Noise(keras.random.SeedGenerator(seed))
        n = check_count(samples)
        latents = ops.convert_to_numpy(self.latents(n, noise, truncation))
        labels = self.checked_labels(None, n, noise)["labels"]

        def batches():
            for start in range(0, n, batch_size):
                yield [each[start : start + batch_size] for each in (latents, labels)]

        take_statistics(self, self.inference_network("generator"), batches)
        self.standing_truncation.assign(truncation)

    # ---- capabilities ----------------------------------------------------------------------------

    def latents(self, n, noise=None, truncation: float = math.inf):
        """`n` latent vectors; with `truncation` no number in them is further from 0.

        As if numbers beyond it were drawn again, by the inverse of the distribution function.

        Raises:
            ValueError: If `truncation` is not positive, or the latents are not normal.
        """
        if truncation == math.inf:
            return super().latents(n, noise)
        if truncation <= 0 or self.latent_distribution != "normal":
            raise ValueError(
                f"truncation cuts off normal latents at a positive number; it is {truncation}, and "
                f"latent_distribution is {self.latent_distribution!r}."
            )
        inside = math.erf(truncation / math.sqrt(2))
        uniform = (noise or self.noise).uniform((n, self.latent_dim), -inside, inside)
        return ops.clip(math.sqrt(2) * ops.erfinv(uniform), -truncation, truncation)

    def sample(
        self, n: int, labels=None, truncation: float | None = None, seed: int | None = None
    ) -> np.ndarray:
        """Draws images.

        Args:
            n: How many.
            labels: One class for each, int (n,); drawn evenly if `None`.
            truncation: Where to cut off latents, `math.inf` for not at all; by default that of the
                standing statistics, if there are any. Another one than theirs makes worse images.
            seed: The same seed gives the same images; `None` gives new ones at each call.

        Returns:
            float32 images (n, height, width, channels) in [-1, 1].

        Raises:
            DataError: For labels that are no classes.
            ValueError: If `truncation` is not positive.
        """
        noise = Noise(keras.random.SeedGenerator(seed))
        truncation = self._standing() if truncation is None else truncation
        latents = ops.convert_to_numpy(self.latents(check_count(n), noise, truncation))
        return self.serve("sample", latents=latents, **self.checked_labels(labels, n, noise))

    def _standing(self):
        return float(ops.convert_to_numpy(self.standing_truncation.value)) or math.inf

    def signatures(self):
        """As for `ConditionalGAN`; the latents say where they are to be cut off."""
        signatures = super().signatures()
        if (standing := self._standing()) < math.inf:
            sample = signatures["sample"]
            latents = dataclasses.replace(
                sample.inputs["latents"], distribution=f"N(0, 1) in [-{standing:g}, {standing:g}]"
            )
            inputs = {**sample.inputs, "latents": latents}
            signatures["sample"] = dataclasses.replace(sample, inputs=inputs)
        return signatures

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "ema_start": self.ema_start}
