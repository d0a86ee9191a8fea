"""Semi-supervised GAN (Salimans et al. 2016)."""

import math

import keras
import numpy as np
from keras import ops

from kgen.layers import initialize_from_data
from kgen.losses import feature_matching, labelled_loss, real_logit, unlabelled_loss
from kgen.models.base import GenerativeModel
from kgen.models.semi_supervised import parts_of
from kgen.models.signature import Signature, TensorSpec, check_count
from kgen.networks.features import features_and_logits
from kgen.networks.sgan import (
    sgan_conv_discriminator,
    sgan_conv_generator,
    sgan_dense_discriminator,
    sgan_dense_generator,
)
from kgen.training import Noise, TextbookAdam, averages

_MATCHING = {
    "squared": feature_matching,
    "absolute": lambda real, fake: ops.mean(
        ops.abs(ops.mean(real, axis=0) - ops.mean(fake, axis=0))
    ),
}


@keras.saving.register_keras_serializable("kgen")
class SGAN(GenerativeModel):
    """A classifier that learns from a few labels, many images without, and generated ones.

    Salimans, Goodfellow, Zaremba, Cheung, Radford & Chen, *Improved Techniques for Training GANs*,
    2016, section 5. The discriminator gives one logit for each of K classes; generated images are
    a class of their own, whose logit is 0. With `Z = log sum_k exp(l_k)` and `D = sigmoid(Z)` it
    minimises

        E_labelled [Z - l_y] - w/2 E_unlabelled [log D(x)] - w/2 E [log(1 - D(G(z)))]

    and the generator matches features: the squared (or absolute) difference between the means of
    a hidden layer over a batch of unlabelled and one of generated images, section 3.1.

    A batch is `((labelled, labels), unlabelled)`, as `kgen.datasets.load(..., labels_per_class=10)`
    gives it; evaluation takes `(images, labels)`. Before training, `initialize` sets the scales of
    weight normalisation from some images. Classification is by a moving average of the
    discriminator, if there is one: the authors' (momentum 0.9999) starts from zero; this one is
    that divided by `1 - momentum^t`, so that it is of use from the first step on.

    Args:
        generator: (n, latent_dim) to images in [-1, 1]; latents are uniform in [-1, 1).
        discriminator: Images to logits (n, K). Its features are the layer of the name "features",
            or the input of its last layer.
        matching: `"squared"` or `"absolute"` differences; the authors' for MNIST and for CIFAR-10.
        unlabelled_weight: The `w` above.
        ema_momentum: See `GenerativeModel`; averages the discriminator.
        seed: See `GenerativeModel`.
        name: The Keras name.

    Raises:
        ValueError: If the networks do not fit each other, or for an unknown matching.

    Example:

        >>> model = SGAN.build_default((8, 8, 1), classes=3, latent_dim=4, width=8)
        >>> model.initialize(np.random.default_rng(0).uniform(-1, 1, (20, 8, 8, 1)))
        >>> model.compile()
        >>> model.classify(np.zeros((2, 8, 8, 1))).shape
        (2, 3)
    """

    players = {"generator": ("generator",), "discriminator": ("discriminator",)}
    averaged = ("discriminator",)
    loss_names = ("labelled_loss", "unlabelled_loss", "generator_loss", "error")
    xla_on_cpu = True
    inference_mode = (
        "no noise and no dropout, and batch normalisation uses its moving averages, so that no "
        "output depends on the others of its batch"
    )

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        matching: str = "squared",
        unlabelled_weight: float = 1.0,
        **kwargs,
    ):
        super().__init__({"generator": generator, "discriminator": discriminator}, **kwargs)
        made, judged = generator.output_shape[1:], discriminator.input_shape[1:]
        if made != judged:
            raise ValueError(f"the generator makes {made}, the discriminator judges {judged}.")
        if len(discriminator.output_shape) != 2 or discriminator.output_shape[1] < 2:
            raise ValueError(
                f"the discriminator must give a logit for each class, (n, classes), not "
                f"{discriminator.output_shape}."
            )
        if matching not in _MATCHING:
            raise ValueError(f"matching must be one of {', '.join(_MATCHING)}, got {matching!r}.")
        self.matching = matching
        self.unlabelled_weight = unlabelled_weight
        self.latent_dim = generator.input_shape[-1]
        self.image_shape = tuple(made)
        self.num_classes = discriminator.output_shape[1]
        self._read = features_and_logits(discriminator)
        self._read_inference = features_and_logits(self.inference_network("discriminator"))

    @classmethod
    def build_default(
        cls,
        image_shape: tuple[int, int, int] = (28, 28, 1),
        classes: int = 10,
        latent_dim: int = 100,
        architecture: str = "dense",
        width: int | None = None,
        **kwargs,
    ) -> "SGAN":
        """The authors' networks.

        Args:
            image_shape: (height, width, channels).
            classes: How many.
            latent_dim: Length of the latents.
            architecture: `"dense"`, theirs for MNIST, or `"conv"`, theirs for CIFAR-10 (with
                absolute differences in feature matching).
            width: Of the first layer of the discriminator, to which all others are in proportion;
                1000 and 96 are theirs.
            **kwargs: Passed to `SGAN`; `ema_momentum` is 0.9999 if it is not given.

        Raises:
            ValueError: For an unknown architecture, or a size that the networks cannot make.
        """
        kwargs = {"ema_momentum": 0.9999, **kwargs}
        if architecture == "dense":
            width = width or 1000
            widths = tuple(max(1, width * share // 4) for share in (4, 2, 1, 1, 1))
            return cls(
                sgan_dense_generator(image_shape, latent_dim, max(1, width // 2)),
                sgan_dense_discriminator(image_shape, classes, widths),
                **kwargs,
            )
        if architecture == "conv":
            width = width or 96
            return cls(
                sgan_conv_generator(image_shape, latent_dim, max(1, width * 4 // 3)),
                sgan_conv_discriminator(image_shape, classes, width),
                **{"matching": "absolute", **kwargs},
            )
        raise ValueError(f"architecture must be 'dense' or 'conv', got {architecture!r}.")

    def default_optimizers(self):
        """Adam, beta_1 0.5, rate 3e-3; 3e-4 with absolute differences, as for CIFAR-10.

        The authors add 1e-8 under the root of the corrected second moment, which is 1e-4 outside of
        it: much, because many gradients here are smaller. Where Keras's Adam has its epsilon, the
        same number lets the discriminator run ahead in the first steps: after four epochs on MNIST,
        one run each, the generator's loss stood at 11.4, and at 3.1 with this.
        """
        rate = 3e-3 if self.matching == "squared" else 3e-4
        return {p: TextbookAdam(rate, beta_1=0.5, epsilon=1e-4) for p in self.players}

    def initialize(self, images) -> None:
        """Sets scales and biases of weight normalisation, Salimans & Kingma 2016, section 3.

        Args:
            images: (n, height, width, channels) in [-1, 1]; the authors take 500.
        """
        images = ops.convert_to_tensor(np.asarray(images, "float32"))
        initialize_from_data(self.generator, self.latents(images.shape[0]))
        initialize_from_data(self.discriminator, images)
        if self.ema_momentum is not None:
            self.ema_discriminator.set_weights(self.discriminator.get_weights())

    def latents(self, n, noise=None):
        """`n` latent vectors, (n, latent_dim), from `noise` or the model's own."""
        return (noise or self.noise).uniform((n, self.latent_dim), -1.0, 1.0)

    # ---- training --------------------------------------------------------------------------------

    def train_step(self, data):
        """One step of the discriminator, then one of the generator."""
        labelled, labels, unlabelled = parts_of(data)
        n = ops.shape(unlabelled)[0]

        def discriminator_loss():
            fake = ops.stop_gradient(self.generator(self.latents(n), training=True))
            logits = self.discriminator(labelled, training=True)
            real = self._read(unlabelled, training=True)
            losses = self.discriminator_losses(
                logits, labels, real, self._read(fake, training=True)
            )
            return self._weighted(losses), (losses, logits)

        def generator_loss():
            fake, _ = self._read(self.generator(self.latents(n), training=True), training=True)
            real, _ = self._read(unlabelled, training=True)
            losses = self.generator_losses(real, fake)
            return self._weighted(losses), losses

        _, (losses, logits) = self.minimize(discriminator_loss, "discriminator")
        _, of_generator = self.minimize(generator_loss, "generator")
        return self._report(losses, of_generator, logits, labels)

    def test_step(self, data):
        """The same losses in inference mode, on fresh latents, of images that have labels."""
        labelled, labels, unlabelled = parts_of(data)
        latents = self.latents(ops.shape(unlabelled)[0], self.evaluation_noise)
        fake = self._read_inference(self.generator(latents, training=False))
        real = self._read_inference(unlabelled)
        _, logits = self._read_inference(labelled)
        losses = self.discriminator_losses(logits, labels, real, fake)
        return self._report(losses, self.generator_losses(real[0], fake[0]), logits, labels)

    def discriminator_losses(self, logits, labels, real, fake) -> dict:
        """The losses of which the discriminator minimises the weighted sum, by their names.

        Args:
            logits: (n, K), of the images with labels.
            labels: (n,).
            real: Features and logits of the images without labels.
            fake: Those of generated ones.
        """
        return {
            "labelled_loss": labelled_loss(logits, labels),
            "unlabelled_loss": unlabelled_loss(real[1], fake[1]),
        }

    def generator_losses(self, real, fake) -> dict:
        """The same of the generator, of the features of images without labels and of generated."""
        return {"generator_loss": _MATCHING[self.matching](real, fake)}

    @property
    def loss_weights(self) -> dict[str, float]:
        """The weights of the losses that count for more or less than 1."""
        return {"unlabelled_loss": self.unlabelled_weight}

    def _weighted(self, losses):
        return sum(self.loss_weights.get(name, 1.0) * value for name, value in losses.items())

    def _report(self, of_discriminator, of_generator, logits, labels):
        wrong = ops.not_equal(ops.argmax(logits, axis=-1), ops.cast(labels, "int32"))
        return self.update_metrics(
            ops.shape(labels)[0],
            **of_discriminator,
            **of_generator,
            error=ops.mean(ops.cast(wrong, "float32")),
        )

    def finish_step(self):
        """Advances the step, and the moving average as if it had started from zero."""
        self.step.assign_add(1)
        if self.ema_momentum is None:
            return
        # m (1 - m^(t-1)) / (1 - m^t) for step t: the weight of the past once it is corrected.
        log, t = math.log(self.ema_momentum), ops.cast(self.step.value, "float32")
        past = self.ema_momentum * ops.expm1((t - 1) * log) / ops.expm1(t * log)
        for name in self.averaged:
            averages.follow(self.inference_network(name), getattr(self, name), past)

    def batch_images(self, data):
        """The images with labels and those without."""
        labelled, _, unlabelled = parts_of(data)
        shape = self.image_shape
        return {"labelled images": (labelled, shape), "unlabelled images": (unlabelled, shape)}

    # ---- capabilities ----------------------------------------------------------------------------

    def signatures(self):
        """`sample`, `classify`, `discriminate` and `features`."""
        latents = TensorSpec((None, self.latent_dim), role="latent", distribution="U(-1, 1)")
        images = {"images": TensorSpec((None, *self.image_shape))}
        network = self.inference_network("discriminator")

        def sample(latents):
            return {"images": self.generator(latents, training=False)}

        def classify(images):
            return {"probabilities": ops.softmax(network(images, training=False), axis=-1)}

        def discriminate(images):
            return {"logits": real_logit(network(images, training=False))[:, None]}

        def features(images):
            return {"features": self._read_inference(images)[0]}

        return {
            "sample": Signature(sample, {"latents": latents}, {"images": "image"}),
            "classify": Signature(classify, images, {"probabilities": "probability"}),
            "discriminate": Signature(discriminate, images, {"logits": "logit"}),
            "features": Signature(features, images, {"features": "feature"}),
        }

    def sample(self, n: int, seed: int | None = None) -> np.ndarray:
        """Draws images; feature matching makes them good to learn from, not good to look at.

        Args:
            n: How many.
            seed: The same seed gives the same images; `None` gives new ones at each call.

        Returns:
            float32 images (n, height, width, channels) in [-1, 1].
        """
        latents = self.latents(check_count(n), Noise(keras.random.SeedGenerator(seed)))
        return self.serve("sample", latents=ops.convert_to_numpy(latents))

    def classify(self, images) -> np.ndarray:
        """The probabilities (n, classes) of the classes, given that the images are real."""
        return self.serve("classify", images=images)

    def discriminate(self, images) -> np.ndarray:
        """The log-odds (n, 1) that images are real."""
        return self.serve("discriminate", images=images)

    def features(self, images) -> np.ndarray:
        """The discriminator's features (n, features) of images in [-1, 1]."""
        return self.serve("features", images=images)

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "matching": self.matching,
            "unlabelled_weight": self.unlabelled_weight,
        }
