"""Glow: generative flow with invertible 1x1 convolutions (Kingma & Dhariwal 2018)."""

import math
import warnings

import keras
import numpy as np
from keras import ops

from kgen.layers import MultiScaleFlow, initialize_from_data
from kgen.losses import bits_per_dim, normal_log_prob
from kgen.models.base import GenerativeModel, images_of
from kgen.models.class_labels import OptionalLabels
from kgen.models.first_batch import check_first_batch, first_images
from kgen.models.flow.dequantization import Levels, Points
from kgen.models.signature import Signature, TensorSpec, check_count
from kgen.networks import glow
from kgen.training import Noise

# The authors' batch, from which actnorm is set.
FIRST_IMAGES = 256


@keras.saving.register_keras_serializable("kgen")
class Glow(OptionalLabels, GenerativeModel):
    """A bijection between images and standard normal latents, by maximum likelihood.

    Kingma & Dhariwal, *Glow: Generative Flow with Invertible 1x1 Convolutions*, 2018. With
    `z = f(x + u)` for uniform noise `u` within a grey level, the loss is

        -log p(x) = -log N(z; 0, I) - log |det dz/dx| + D bits log 2            (their eqs. 1-4)

    in nats an image. The latents are those of all levels, each standardised by its prior, so that
    sampling at a temperature T multiplies every deviation by T, and T = 0 gives the prior's mode.

    The first call of `fit` sets the flow's actnorm layers from images of its data, if `initialize`
    has not; a weight remembers that. On points (`image_shape` of length 1) there are no levels and
    no noise, and all likelihoods are densities.

    Args:
        flow: Images, or `[images, labels]`, to `(latents, log_det)`, and back.
        bits: Grey levels are 8-bit, or cut to fewer; the authors take 5 for photographs of faces.
        ema_momentum: See `GenerativeModel`; averages the flow.
        seed: See `GenerativeModel`.
        name: The Keras name.

    Raises:
        ValueError: For other `bits` than 1 to 8.

    Example:

        >>> model = Glow.build_default((8, 8, 1), steps=1, levels=2, width=4)
        >>> model.compile()
        >>> x = model.sample(2, temperature=0.7, seed=1)
        >>> float(np.abs(model.decode(model.encode(x)) - x).max()) < 0.01  # within a grey level
        True
    """

    players = {"model": ("flow",)}
    averaged = ("flow",)
    loss_names = ("loss", "bits_per_dim")
    inference_mode = "as in training: actnorm knows no batch, and there is no dropout"

    def __init__(self, flow: MultiScaleFlow, *, bits: int = 8, **kwargs):
        super().__init__({"flow": flow}, **kwargs)
        self.bits = bits
        self.image_shape, self.latent_dim = flow.image_shape, flow.dimensions
        self.classes = flow.classes
        levels, points = Levels(bits), len(flow.image_shape) == 1
        self.observation = Points() if points else levels
        # The many small layers of points run twice as fast under XLA; convolutions gain nothing.
        self.xla_on_cpu = points
        self.initialized = self._counter("initialized")

    @classmethod
    def build_default(
        cls,
        image_shape: tuple[int, ...] = (32, 32, 3),
        steps: int = 32,
        levels: int | None = None,
        width: int = 512,
        coupling: str = "affine",
        learn_prior: bool = True,
        classes: int | None = None,
        **kwargs,
    ) -> "Glow":
        """The paper's flow, by default that of CIFAR-10; see `kgen.networks.glow`.

        Args:
            image_shape: (height, width, channels), sides divisible by `2 ** levels`; or
                (dimensions,) of points.
            steps: Steps of flow in each level.
            levels: How many; by default 3 of images, and always 1 of points.
            width: Channels of the hidden layers in the couplings.
            coupling: `"affine"`, `"bounded"` or `"additive"`; see `kgen.layers.Coupling`.
            learn_prior: Whether the prior of the last latents is learned.
            classes: Of a prior for each class, learned from `(images, labels)`; `None` for one.
            **kwargs: Passed to the constructor.

        Raises:
            ValueError: For a size, a coupling or a number of bits that cannot be.
        """
        flow = glow(image_shape, steps, levels, width, coupling, learn_prior, classes)
        return cls(flow, **kwargs)

    def default_optimizers(self):
        """Adamax, rate 1e-3, that rises over the first 1,000 steps (the authors' ten epochs)."""
        rise = keras.optimizers.schedules.PolynomialDecay(1e-6, 1000, 1e-3)
        return {"model": keras.optimizers.Adamax(rise)}

    # ---- training --------------------------------------------------------------------------------

    def initialize(self, images) -> None:
        """Sets every actnorm from images, so that what leaves it has mean 0 and variance 1.

        Args:
            images: (n, *image_shape); the authors take 256.
        """
        images = np.asarray(images, "float32")
        uniforms = np.random.default_rng(0).random(images.shape, "float32")
        x = self.observation.observe(*map(ops.convert_to_tensor, (images, uniforms)))
        labels = np.zeros(len(images), "int32")
        initialize_from_data(self.flow, x if self.classes is None else [x, labels])
        if self.ema_momentum is not None:
            self.ema_flow.set_weights(self.flow.get_weights())
        self.initialized.assign(1)

    def fit(self, x=None, y=None, *args, **kwargs):
        """As for every model, after the data-dependent initialisation where it is still to do."""
        if not int(ops.convert_to_numpy(self.initialized.value)):
            check_first_batch(self, x, y)
            images = first_images(x, FIRST_IMAGES)
            if images is None:
                warnings.warn(
                    "these data cannot be read twice, so actnorm starts without them: call "
                    "initialize(images) with some hundred training images before fit.",
                    stacklevel=2,
                )
            else:
                self.initialize(images)
        return super().fit(x, y, *args, **kwargs)

    def train_step(self, data):
        """One gradient step on the negative log-likelihood."""
        images, labels = images_of(data), self.labels_of(data)
        uniforms = self._uniforms(self.noise, ops.shape(images))

        def loss():
            return -ops.mean(self.likelihood(self.flow, images, uniforms, labels))

        return self._report(images, self.minimize(loss))

    def test_step(self, data):
        """The negative log-likelihood in inference mode."""
        images, labels = images_of(data), self.labels_of(data)
        uniforms = self._uniforms(self.evaluation_noise, ops.shape(images))
        flow = self.inference_network("flow")
        return self._report(images, -ops.mean(self.likelihood(flow, images, uniforms, labels)))

    def likelihood(self, flow, images, uniforms, labels):
        """`log p(x + u)` as a probability of levels, in nats: (n,).

        Args:
            flow: The flow to use.
            images: (n, *image_shape), in [-1, 1] where they are images.
            uniforms: Uniform in [0, 1), of the same shape; `None` for points.
            labels: int (n,), or `None`.
        """
        x = self.observation.observe(images, uniforms)
        latents, log_det = flow(x if labels is None else [x, labels])
        width = self.observation.log_width(self.latent_dim)
        return ops.sum(normal_log_prob(latents), axis=-1) + log_det + width

    def _uniforms(self, noise, shape):
        return noise.uniform(shape) if self.observation.noisy else None

    def _report(self, images, loss):
        bits = bits_per_dim(loss, self.latent_dim)
        return self.update_metrics(ops.shape(images)[0], loss=loss, bits_per_dim=bits)

    def batch_images(self, data):
        """The images."""
        return {"images": (images_of(data), self.image_shape)}

    # ---- capabilities ----------------------------------------------------------------------------

    @property
    def capabilities(self):
        """As for every model; the density of points takes no draws."""
        can = super().capabilities
        if not self.observation.noisy:
            drawn = ("samples", "seed")
            can["log_prob"] = tuple(name for name in can["log_prob"] if name not in drawn)
        return can

    @property
    def log_prob_of(self) -> str:
        """What `log_prob` is a probability of, for those who compare likelihoods."""
        return self.observation.of

    def signatures(self):
        """`sample` and `decode` (latents to images), `encode`, and `log_prob` with its noise."""
        role = self.observation.role
        images = {"images": TensorSpec((None, *self.image_shape), role=role)}
        uniforms = {"uniforms": TensorSpec((None, *self.image_shape), role="uniform")}
        latents = TensorSpec((None, self.latent_dim), role="latent", distribution="N(0, 1)")
        labels = self.label_inputs
        decode = Signature(self._decode, {"latents": latents, **labels}, {"images": role})
        observed = {**images, **(uniforms if self.observation.noisy else {}), **labels}
        return {
            "sample": decode,
            "decode": decode,
            "encode": Signature(self._encode, {**images, **labels}, {"latents": "latent"}),
            "log_prob": Signature(self._log_prob, observed, {"log_prob": "log_prob"}),
        }

    def _decode(self, latents, labels=None):
        x = self.inference_network("flow").inverse(latents, labels)
        return {"images": self.observation.image(x)}

    def _encode(self, images, labels=None):
        x = self.observation.observe(images, 0.5)  # the middle of a level
        return {"latents": self.inference_network("flow")(x if labels is None else [x, labels])[0]}

    def _log_prob(self, images, uniforms=None, labels=None):
        flow = self.inference_network("flow")
        return {"log_prob": self.likelihood(flow, images, uniforms, labels)}

    def sample(
        self, n: int, labels=None, temperature: float = 1.0, seed: int | None = None
    ) -> np.ndarray:
        """Draws latents from the prior and decodes them.

        Args:
            n: How many.
            labels: For a model with classes, one class for each, int (n,); drawn evenly if `None`.
            temperature: A factor on all deviations: the authors show faces at 0.7, and 0 gives the
                prior's mode.
            seed: The same seed gives the same images; `None` gives new ones at each call.

        Returns:
            float32 (n, *image_shape); images in [-1, 1], not rounded to levels. With affine
            couplings the image of a latent may not be finite (see `kgen.layers.Coupling`): rarer
            at lower temperatures.

        Raises:
            DataError: For labels that are no classes, or where the model has none.
            ValueError: For a negative temperature.
        """
        if not temperature >= 0:
            raise ValueError(f"temperature must be at least 0, got {temperature}.")
        noise = Noise(keras.random.SeedGenerator(seed))
        latents = ops.convert_to_numpy(noise.normal((check_count(n), self.latent_dim)))
        labels = self.checked_labels(labels, n, noise)
        return self.serve("sample", latents=temperature * latents, **labels)

    def encode(self, images, labels=None) -> np.ndarray:
        """The latents (n, dimensions) of images (and labels), at the middle of their levels."""
        return self.serve("encode", images=images, **self.checked_labels(labels, len(images)))

    def decode(self, latents, labels=None) -> np.ndarray:
        """The images (n, *image_shape) of latents (and labels), cut to [-1, 1]."""
        return self.serve("decode", latents=latents, **self.checked_labels(labels, len(latents)))

    def log_prob(
        self, images, labels=None, samples: int = 1, seed: int | None = None
    ) -> np.ndarray:
        """A lower bound of the log-probability of grey levels; of points the log-density, exactly.

        Args:
            images: (n, *image_shape).
            labels: For a model with classes, that of each image, int (n,).
            samples: Draws k of the noise within a level. In expectation 1 gives the published
                bound, and more a tighter one: `log 1/k sum_i p(x + u_i)`.
            seed: The same seed gives the same draws.

        Returns:
            float32 (n,), in nats an image. `kgen.losses.bits_per_dim` converts.

        Raises:
            DataError: For labels that do not fit.
            ValueError: For less than one sample.
        """
        check_count(samples)
        images = np.asarray(images, "float32")
        inputs = {"images": images, **self.checked_labels(labels, len(images))}
        if not self.observation.noisy:
            return self.serve("log_prob", **inputs)
        noise = Noise(keras.random.SeedGenerator(seed))
        total = np.full(len(images), -np.inf, "float32")
        for _ in range(samples):
            uniforms = ops.convert_to_numpy(noise.uniform(images.shape))
            total = np.logaddexp(total, self.serve("log_prob", uniforms=uniforms, **inputs))
        return total - math.log(samples)

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "bits": self.bits}
