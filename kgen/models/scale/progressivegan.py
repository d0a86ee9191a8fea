"""Progressive growing of GANs (Karras et al. 2018)."""

import keras
from keras import ops

from kgen.losses import Drift, GradientPenalty
from kgen.models.adversarial.gan import GAN
from kgen.models.base import images_of
from kgen.networks import (
    discriminators_of,
    generators_of,
    progressive_discriminator,
    progressive_generator,
    sides_of,
)
from kgen.training import begin_anew


@keras.saving.register_keras_serializable("kgen")
class ProgressiveGAN(GAN):
    """A GAN that learns small images first, and grows.

    Karras, Aila, Laine & Lehtinen, *Progressive Growing of GANs for Improved Quality, Stability,
    and Variation*, 2018. The losses are WGAN-GP's with a drift penalty (appendix A.1), one step of
    the critic for each one of the generator; the networks are `progressive_generator` and
    `progressive_discriminator`, with equalised learning rates, pixelwise normalisation, latents on
    the hypersphere and minibatch standard deviation. Sampling takes a moving average.

    The first resolution is trained for `stable_steps`. Then each doubling fades in over
    `fade_steps`, with a share that grows in a straight line, of real images too, and is trained for
    `stable_steps` alone, the last one for as long as training lasts. At each doubling both
    optimizers begin anew. (The authors' code lets them begin anew also where a fade ends.)

    One `fit` does all of this. Resolution and share are functions of the model's saved step
    (`growth`), and a step picks the resolution that is due, in the middle of an epoch if need be,
    so that a resumed run goes on exactly. All resolutions are compiled at the first step, and all
    weights exist from the start. Data have the final resolution and are pooled down here; `sample`
    gives images of the final size as well, of repeated pixels while the network is smaller, so that
    pictures, scores and exports of a run have one shape. The batch size stays what the data have,
    where the authors lower it as memory fills. Over several replicas (`tf.distribute`) every
    resolution is computed at every step.

    Args:
        generator: From `kgen.networks.progressive_generator`.
        discriminator: From `kgen.networks.progressive_discriminator`.
        fade_steps: How long a new resolution fades in. Theirs are 600,000 images (v1: 800,000),
            here by default in batches of 16.
        stable_steps: How long a resolution is then trained.
        **kwargs: See `AdversarialGame`.

    Raises:
        ValueError: If the networks cannot grow, or for steps out of range.

    Example:

        >>> model = ProgressiveGAN.build_default((16, 16, 1), 4, 4, fade_steps=5, stable_steps=5)
        >>> model.compile()
        >>> model.sample(3, seed=1).shape, model.resolution
        ((3, 16, 16, 1), 4)
        >>> _ = model.step.assign(8)
        >>> model.resolution, round(float(model.growth()), 4)
        (8, 0.8)
    """

    paper_objective = "wasserstein"
    paper_regularizers = (GradientPenalty(10.0), Drift(1e-3))

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        fade_steps: int = 37_500,
        stable_steps: int = 37_500,
        **kwargs,
    ):
        if fade_steps < 1 or stable_steps < 0:
            raise ValueError(
                "fade_steps must be at least 1 and stable_steps at least 0, got "
                f"{fade_steps} and {stable_steps}."
            )
        super().__init__(generator, discriminator, **kwargs)
        self.fade_steps = fade_steps
        self.stable_steps = stable_steps
        self.sides = sides_of(generator)
        self._generate = generators_of(generator)
        self._generate_averaged = generators_of(self.inference_network("generator"))
        self._discriminate = discriminators_of(discriminator, self.sides)

    @classmethod
    def build_default(
        cls,
        image_shape: tuple[int, int, int] = (1024, 1024, 3),
        latent_dim: int = 512,
        width: int = 512,
        first_side: int | None = None,
        group_size: int | None = None,
        **kwargs,
    ) -> "ProgressiveGAN":
        """The paper's networks, at any size of 4 or 7 times a power of two.

        Args:
            image_shape: (height, width, channels) of the largest images; square.
            latent_dim: Length of the latent vectors.
            width: Channels of maps up to side 32; each doubling from there on halves them.
            first_side: Of the images that training starts with; by default 4 or 7.
            group_size: See `progressive_discriminator`.
            **kwargs: Passed to the constructor.

        Raises:
            ValueError: For a size that the networks cannot make.
        """
        return cls(
            progressive_generator(image_shape, latent_dim, width, first_side),
            progressive_discriminator(image_shape, width, first_side, group_size),
            **{"ema_momentum": 0.999, "latent_distribution": "sphere", **kwargs},
        )

    def default_optimizers(self):
        """Adam, rate 1e-3, beta_1 0, beta_2 0.99, epsilon 1e-8, for both players."""
        return {
            player: keras.optimizers.Adam(1e-3, beta_1=0.0, beta_2=0.99, epsilon=1e-8)
            for player in self.players
        }

    # ---- the schedule ----------------------------------------------------------------------------

    def _phase(self):
        """The number of doublings begun at the saved step, and the steps since the last one."""
        since = self.step.value - self.stable_steps
        length = self.fade_steps + self.stable_steps
        return ops.floor_divide(since, length) + 1, ops.mod(since, length)

    def growth(self):
        """How far the networks have grown at the saved step: a float32 scalar.

        0 is the first resolution alone, 1 the second; between k - 1 and k the k-th fades in.
        """
        doublings, since = self._phase()
        share = ops.minimum(ops.cast(since + 1, "float32") / self.fade_steps, 1.0)
        return ops.clip(ops.cast(doublings, "float32") - 1 + share, 0.0, len(self.sides) - 1.0)

    def _level(self):
        """Which of `sides` is trained at the saved step."""
        return ops.clip(self._phase()[0], 0, len(self.sides) - 1)

    @property
    def resolution(self) -> int:
        """The side of the images that the next step trains."""
        return self.sides[int(ops.convert_to_numpy(self._level()))]

    # ---- the resolutions -------------------------------------------------------------------------

    def faded(self, images, side: int):
        """Images of the final size pooled down to `side`, in a fade mixed with those of half of it.

        So real images get their details as the generated ones do.
        """
        level, images = self.sides.index(side), _pooled(images, images.shape[1] // side)
        if level == 0:
            return images
        share = ops.clip(self.growth() - (level - 1), 0.0, 1.0)
        return (1 - share) * _doubled(_pooled(images, 2)) + share * images

    def draw(self, data, noise=None):
        """Latents, and the side of the turn's images."""
        side = images_of(data).shape[1]
        return super().draw(data, noise)[0], {"side": side}

    def generated(self, latents, training: bool, side: int):
        """The generator's images of one side, as it has grown."""
        network = self._generate if training else self._generate_averaged
        return network(latents, self._for_each(latents), side, training=training)

    def look(self, images, training: bool, features: bool = False, side: int | None = None):
        """The discriminator's features of images, of any of `sides`, and its logits."""
        return self._discriminate(images, self._for_each(images), training=training)

    def _for_each(self, x):
        return ops.ones((ops.shape(x)[0], 1)) * self.growth()

    # ---- training --------------------------------------------------------------------------------

    def train_step(self, data):
        """A step at the resolution that is due, with new optimizers if it is its first."""
        doublings, since = self._phase()
        first = ops.logical_and(ops.equal(since, 0), doublings < len(self.sides))
        self.branch(first, _then_zero(lambda: begin_anew(self.optimizer)), 0.0)
        return self._play(super().train_step, data)

    def test_step(self, data):
        """The same losses at the same resolution in inference mode, on fresh latents."""
        return self._play(super().test_step, data)

    def _play(self, turn, data):
        images, due = images_of(data), self._level()
        for level, side in enumerate(self.sides):
            step = _then_zero(lambda side=side: turn(self.faded(images, side)))
            self.branch(ops.equal(due, level), step, 0.0)
        return {name: tracker.result() for name, tracker in self.trackers.items()}

    # ---- capabilities ----------------------------------------------------------------------------

    def generate(self, latents):
        """The images of latents, tensors, of the final size and clipped to [-1, 1]."""
        return ops.clip(self.generated(latents, False, self.sides[-1]), -1.0, 1.0)

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "fade_steps": self.fade_steps,
            "stable_steps": self.stable_steps,
        }


def _pooled(images, factor):
    return ops.average_pool(images, factor, factor) if factor > 1 else images


def _doubled(images):
    return ops.repeat(ops.repeat(images, 2, axis=1), 2, axis=2)


def _then_zero(step):
    """What `branch` can run: a step that gives a number."""

    def run():
        step()
        return ops.zeros(())

    return run
