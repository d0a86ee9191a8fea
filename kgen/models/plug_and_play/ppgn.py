"""Plug and play generative networks (Nguyen, Clune, Bengio, Dosovitskiy & Yosinski 2017)."""

import functools

import keras
from keras import ops

from kgen.errors import DataError
from kgen.layers import SeenMoments
from kgen.losses import categorical_log_prob
from kgen.models.autoencoding.aeclassifier import AEClassifier
from kgen.models.autoencoding.denoisingae import DenoisingAE
from kgen.models.base import GenerativeModel, images_of
from kgen.models.plug_and_play.chains import ChainCapabilities
from kgen.models.plug_and_play.checks import check_networks, check_settings
from kgen.models.plug_and_play.components import encoder_of, generator_of, logits_of
from kgen.models.variational.vae import VAE


@keras.saving.register_keras_serializable("kgen")
class PPGN(ChainCapabilities, GenerativeModel):
    """A chain over codes, which a prior keeps likely and a condition steers.

    Nguyen, Clune, Bengio, Dosovitskiy & Yosinski, *Plug & Play Generative Networks: Conditional
    Iterative Generation of Images in Latent Space*, 2017. A generator `G` that knows no classes, a
    classifier that has never seen it and a denoiser `R` of codes together sample by class:

        h <- h + e1 (R(h) - h) + e2 grad log p(y | G(h)) + e4 grad log p(x_seen | G(h)) + N(0, e3^2)

    `R(h) - h` estimates `sigma^2 grad log p(h)` for a denoiser of noise of deviation sigma (Alain &
    Bengio 2014). So `e2 = e1 sigma^2` and `e3^2 = 2 e2` are Langevin's steps through `p(h | y)`,
    and a larger `e2` sharpens the condition. The fourth term is for completion: pixels that are
    known, as `log p(x_seen | G(h)) = -|x_seen - G(h)|^2 / 2`.

    - *PPGN-h*: `R` is a `DenoisingAE` of codes.
    - *Joint PPGN-h*: `R(h) = E(G(h))`, through the image, with an encoder of images as the prior,
      learned with noise `levels` on codes and images; *noiseless* with (0, 0). The authors put
      noise on a hidden layer of `E` as well, which is not done here.

    `fit` trains the prior and nothing else: to give back codes that noise was added to. They are
    the codes of the images, where there is an `encoder`; otherwise they are drawn as the
    generator's latents are, and of the images only their number counts. Generator, classifier and
    encoder are frozen. The authors' settings, for fc6 codes, are `epsilon1=1e-5, epsilon2=1,
    epsilon3=1e-17, normalize=1.0, clip=(0, 30), gradient="target_logit", iterations=200`.

    Args:
        generator: Codes (n, code_dim) to images (n, height, width, channels) in [-1, 1].
        prior: A `DenoisingAE` of points (code_dim,) with squared distance, or for the joint form
            an encoder, images to codes.
        classifier: Images to logits (n, classes); without it there are no classes.
        encoder: Images to codes, to learn from and to start from.
        distribution: What chains start from: `"N(0, 1)"`, `"U(-1, 1)"` or `"sphere"`; or `None`,
            normal with the mean and deviation of each coordinate of all codes that `fit` saw.
        iterations: Steps of a chain.
        epsilon1: The weight of the prior.
        epsilon2: The weight of the class.
        epsilon3: The deviation of the noise.
        epsilon4: The weight of known pixels.
        normalize: The mean absolute value that each step's sum is scaled to, 1 in the authors'
            code; `None` for the equation, which has no such scaling.
        clip: The least and greatest value of a code.
        gradient: `"log_probability"` as in the equation, or `"target_logit"` as in the authors'
            code: the gradient of the class's logit alone, times `1 - p(y)`.
        keep: `"last"`, or the `"best"` of a chain by the condition's log-probability.
        levels: Deviations of the noise on codes and on images, in learning the joint form.
        **kwargs: See `GenerativeModel`.

    Raises:
        ValueError: If the networks do not fit each other, or for settings out of range.

    Example:

        >>> model = PPGN.build_default((8, 8, 1), latent_dim=3, classes=4, iterations=5)
        >>> model.sample(2, labels=[0, 3], seed=1).shape
        (2, 8, 8, 1)
    """

    players = {"model": ("prior",)}
    loss_names = ("loss",)
    inference_mode = "generator, classifier and encoder always run in inference mode"

    def __init__(
        self,
        generator: keras.Model,
        prior: keras.Model,
        classifier: keras.Model | None = None,
        encoder: keras.Model | None = None,
        *,
        distribution: str | None = "N(0, 1)",
        iterations: int = 200,
        epsilon1: float = 0.2,
        epsilon2: float = 0.05,
        epsilon3: float = 0.3,
        epsilon4: float = 0.05,
        normalize: float | None = None,
        clip: tuple[float, float] | None = None,
        gradient: str = "log_probability",
        keep: str = "last",
        levels: tuple[float, float] = (0.0, 0.0),
        **kwargs,
    ):
        networks = {"generator": generator, "prior": prior}
        optional = {"classifier": classifier, "encoder": encoder}
        networks |= {name: network for name, network in optional.items() if network is not None}
        super().__init__(networks, **kwargs)
        self.distribution, self.iterations = distribution, iterations
        self.epsilons = (epsilon1, epsilon2, epsilon3, epsilon4)
        self.normalize, self.clip = normalize, None if clip is None else tuple(clip)
        self.gradient, self.keep, self.levels = gradient, keep, tuple(levels)
        self.image_shape = tuple(generator.output_shape[1:])
        self.code_dim = generator.input_shape[-1]
        self.joint = not isinstance(prior, DenoisingAE)
        self.classes = classifier.output_shape[-1] if classifier is not None else None
        check_settings(self)
        check_networks(self)
        for name in networks.keys() - {"prior"}:
            networks[name].trainable = False
        self.seen = SeenMoments(self.code_dim, name="seen")

    @classmethod
    def from_models(
        cls,
        model: GenerativeModel,
        classifier: keras.Model | None = None,
        *,
        joint: bool = False,
        learn_from: str = "images",
        level: float = 0.5,
        hidden: tuple[int, ...] = (128, 128),
        **kwargs,
    ) -> "PPGN":
        """Plugs trained models together; what is still to be trained, by `fit`, is the prior.

        The networks are copied, as the models sample and classify with them: these may be trained
        further without a change here.

        Args:
            model: Whose images are made of latents alone: a VAE, AE, GAN, BiGAN, ...
            classifier: A model of kgen that can `classify`, or a Keras model from images to logits
                or probabilities.
            joint: Whether the prior goes through the image; it begins as the model's encoder.
            learn_from: `"images"`, their codes, where the model can encode; or `"draws"` of latents
                where it says how they are distributed.
            level: Of the `DenoisingAE`: the deviation of the noise on codes.
            hidden: Of the `DenoisingAE`: the units of its hidden layers of ReLU, on either side of
                as many numbers as a code has.
            **kwargs: See the class.

        Raises:
            DataError: If the model makes its images of more than latents, or cannot give what is
                asked for.
            ValueError: See the class.
        """
        if learn_from not in ("images", "draws"):
            raise ValueError(f"learn_from must be 'images' or 'draws', got {learn_from!r}.")
        generator, distribution = generator_of(model)
        encoder = encoder_of(model)
        prior = encoder_of(model) if joint else None
        if joint and prior is None:
            raise DataError(f"{type(model).__name__} has no encoder for the joint form.")
        if learn_from == "draws":
            encoder = None
        if encoder is None and distribution is None:
            raise DataError(
                f"{type(model).__name__} says no distribution of its latents: learn from images."
            )
        if prior is None:
            size = generator.input_shape[-1]
            noise = {"corruption": "gaussian", "level": level, "distance": "squared"}
            prior = DenoisingAE.build_default((size,), size, "dense", hidden=hidden, **noise)
        prior.trainable = True
        logits = None if classifier is None else logits_of(classifier)
        settings = {"distribution": distribution, **kwargs}
        return cls(generator, prior, logits, encoder, **settings)

    @classmethod
    def build_default(
        cls,
        image_shape: tuple[int, int, int] = (28, 28, 1),
        latent_dim: int = 32,
        classes: int = 10,
        **kwargs,
    ) -> "PPGN":
        """A dense VAE and a dense classifier, *untrained*, to see shapes; else use `from_models`.

        Args:
            image_shape: (height, width, channels).
            latent_dim: Length of the codes.
            classes: How many the classifier knows.
            **kwargs: See `from_models`.
        """
        generator = VAE.build_default(image_shape, latent_dim)
        classifier = AEClassifier.build_default(image_shape, classes)
        return cls.from_models(generator, classifier, **kwargs)

    def default_optimizers(self):
        """Adam, rate 1e-3."""
        return {"model": keras.optimizers.Adam(1e-3)}

    # ---- the prior -------------------------------------------------------------------------------

    def reconstruct_codes(self, codes, training: bool = False):
        """`R(h)`, of the codes' shape (n, code_dim)."""
        if self.joint:
            return self.prior(self.generator(codes, training=False), training=training)
        return self.prior.through(codes, training)

    def denoising_loss(self, codes, noise, training: bool):
        """The mean squared error of codes given back from what noise made of them."""
        if not self.joint:
            return self.prior.reconstruction_loss(codes, noise, training)
        on_codes, on_images = self.levels
        seen = codes + on_codes * noise.normal(ops.shape(codes)) if on_codes else codes
        images = self.generator(seen, training=False)
        if on_images:
            images = images + on_images * noise.normal(ops.shape(images))
        return ops.mean(ops.square(codes - self.prior(images, training=training)))

    def train_step(self, data):
        """One gradient step on the prior."""
        codes = self._codes_of(data, self.noise)
        if self.distribution is None:
            self.seen.update(codes)
        loss = self.minimize(lambda: self.denoising_loss(codes, self.noise, True))
        return self.update_metrics(ops.shape(codes)[0], loss=loss)

    def test_step(self, data):
        """The same loss in inference mode, on noise that training does not see."""
        codes = self._codes_of(data, self.evaluation_noise)
        loss = self.denoising_loss(codes, self.evaluation_noise, False)
        return self.update_metrics(ops.shape(codes)[0], loss=loss)

    def _codes_of(self, data, noise):
        images = images_of(data)
        if "encoder" in self.network_names:
            return ops.stop_gradient(self.encoder(images, training=False))
        return self.latents(ops.shape(images)[0], noise)

    def batch_images(self, data):
        """The images, of which the codes are taken."""
        return {"images": (images_of(data), self.image_shape)}

    # ---- the chain -------------------------------------------------------------------------------

    def walk(self, latents, noise, labels=None, images=None, mask=None):
        """All states of chains from `latents`, and what their condition thinks of each.

        Args:
            latents: The codes to start from, (n, code_dim).
            noise: Standard normal, (n, iterations, code_dim).
            labels: Of the classifier, int (n,), -1 where no class is wanted; or `None`.
            images: With known pixels, (n, height, width, channels), or `None`.
            mask: Which are known, 1 or 0, (n, height, width, 1), or `None`.

        Returns:
            Codes (n, iterations + 1, code_dim), and `log p(condition | G(h))` (n, iterations + 1),
            which is 0 without a condition.
        """
        epsilon1, _, epsilon3, _ = self.epsilons
        condition = functools.partial(self._condition, labels=labels, images=images, mask=mask)

        def step(state, normal):
            codes, _ = state
            change = epsilon1 * (self.reconstruct_codes(codes) - codes) + epsilon3 * normal
            log_p = ops.zeros_like(codes[:, 0])
            if labels is not None or mask is not None:
                (slope,), log_p = self.functional_gradient(condition, [codes])
                change, log_p = change + ops.stop_gradient(slope), ops.stop_gradient(log_p)
            if self.normalize is not None:
                size = ops.mean(ops.abs(change), axis=-1, keepdims=True)
                change = change * (self.normalize / ops.maximum(size, 1e-30))
            moved = codes + change
            if self.clip is not None:
                moved = ops.clip(moved, *self.clip)
            return (moved, log_p), (codes, log_p)

        start = latents, ops.zeros_like(latents[:, 0])
        (last, _), (codes, log_p) = ops.scan(step, start, ops.transpose(noise, (1, 0, 2)))
        codes = ops.concatenate([codes, last[None]], axis=0)
        log_p = ops.concatenate([log_p, condition(last)[1][None]], axis=0)
        return ops.transpose(codes, (1, 0, 2)), ops.transpose(log_p)

    def _condition(self, codes, labels, images, mask):
        """What a step climbs, all chains' together, and the log-probability of each (n,)."""
        _, epsilon2, _, epsilon4 = self.epsilons
        climbed = log_p = ops.zeros_like(codes[:, 0])
        made = self.generator(codes, training=False)
        if labels is not None:
            asked, labels = ops.cast(labels >= 0, "float32"), ops.maximum(labels, 0)
            logits = self.classifier(made, training=False)
            log_y = rising = categorical_log_prob(labels, logits)
            if self.gradient == "target_logit":
                logit = ops.take_along_axis(logits, labels[:, None], axis=-1)[:, 0]
                rising = ops.stop_gradient(1 - ops.exp(log_y)) * logit
            climbed, log_p = climbed + epsilon2 * asked * rising, log_p + asked * log_y
        if mask is not None:
            log_x = -ops.sum(mask * ops.square(images - made), axis=(1, 2, 3)) / 2
            climbed, log_p = climbed + epsilon4 * log_x, log_p + log_x
        return ops.sum(climbed), log_p

    def with_settings(self, **settings) -> "PPGN":
        """A sampler of the same networks, not copied, with other settings of its chains.

        Args:
            **settings: Arguments of the constructor that differ, such as `epsilon2=0.5`.

        Raises:
            ValueError: See the class.
        """
        other = type(self).from_config({**self.get_config(), **settings})
        other.seen.set_weights(self.seen.get_weights())
        return other

    def get_config(self):
        """The constructor's arguments."""
        epsilons = {f"epsilon{i}": value for i, value in enumerate(self.epsilons, 1)}
        names = ("distribution", "iterations", "normalize", "clip", "gradient", "keep", "levels")
        return {**super().get_config(), **epsilons, **{name: getattr(self, name) for name in names}}
