"""Autoencoder, and the mixture of Gaussians that makes one generate."""

import functools

import keras
import numpy as np
from keras import ops

from kgen.layers import MixtureOfGaussians, TiedDense
from kgen.losses import bernoulli_log_prob
from kgen.models.base import images_of
from kgen.models.encoder_decoder import EncoderDecoder
from kgen.models.signature import Signature, TensorSpec, check_count
from kgen.models.whole_data import check_readable, gather
from kgen.networks import (
    conv_decoder,
    conv_encoder,
    dense_decoder,
    dense_encoder,
    shallow_decoder,
    shallow_encoder,
)
from kgen.training import Noise

DISTANCES = ("squared", "cross_entropy")
#: How many codes the prior is fitted to after each epoch of `fit`.
PRIOR_CODES = 10_000


@keras.saving.register_keras_serializable("kgen")
class AE(EncoderDecoder):
    """An encoder and a decoder that give images back.

    The loss is `mean |x - decoder(encoder(x))|^2` over all pixels, or the cross-entropy of pixels
    in [0, 1] with the grey levels as targets (Hinton & Salakhutdinov 2006), which is no likelihood.
    A linear autoencoder with squared distance finds the subspace of the principal components (Baldi
    & Hornik 1989).

    By itself an autoencoder cannot sample. With a prior, a mixture of Gaussians in the space of the
    latents, it can: `fit_prior(data)` fits one by EM to the latents of the data, at any time. A
    model that is given `prior` has it from the start, as N(0, I). Where there is one when `fit`
    begins, it is fitted anew after each epoch, to the first 10,000 training images of that epoch.

    Args:
        encoder: Images (n, height, width, channels) to latents (n, latent_dim).
        decoder: Latents to images, or to their logits for the cross-entropy. Its layers
            `kgen.layers.TiedDense` are tied to the encoder's layer "latents".
        distance: `"squared"` or `"cross_entropy"`.
        prior: The arguments `components` and `covariance` of `fit_prior`, or `None`.
        ema_momentum: See `GenerativeModel`; averages both networks.
        seed: See `GenerativeModel`.
        name: The Keras name.

    Raises:
        ValueError: If the networks do not fit each other, or for an unknown distance.

    Example:

        >>> model = AE.build_default((8, 8, 1), latent_dim=2)
        >>> images = np.random.default_rng(0).uniform(-1, 1, (20, 8, 8, 1))
        >>> model.reconstruct(images).shape, "sample" in model.capabilities
        ((20, 8, 8, 1), False)
        >>> model.fit_prior(images, components=3)
        >>> model.sample(5, seed=1).shape
        (5, 8, 8, 1)
    """

    loss_names = ("loss",)

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        *,
        distance: str = "squared",
        prior: dict | None = None,
        **kwargs,
    ):
        super().__init__(encoder, decoder, **kwargs)
        if distance not in DISTANCES:
            raise ValueError(f"distance must be one of {DISTANCES}, got {distance!r}.")
        if tuple(encoder.output_shape) != (None, self.latent_dim):
            raise ValueError(
                f"the encoder must give the {self.latent_dim} numbers that the decoder takes; it "
                f"gives {encoder.output_shape}."
            )
        if tuple(decoder.output_shape[1:]) != self.image_shape:
            raise ValueError(
                f"the decoder must give images {self.image_shape}, not {decoder.output_shape[1:]}."
            )
        self.distance = distance
        _tie(encoder, decoder)
        if self.ema_momentum is not None:
            _tie(self.ema_encoder, self.ema_decoder)
        self.prior = None
        if prior is not None:
            self._add_prior(**prior)

    @classmethod
    def build_default(
        cls,
        image_shape: tuple[int, int, int] = (28, 28, 1),
        latent_dim: int = 32,
        architecture: str = "dense",
        tied: bool = False,
        hidden: tuple[int, ...] = (500, 250),
        width: int = 32,
        **kwargs,
    ) -> "AE":
        """Networks for images of `image_shape`.

        Args:
            image_shape: (height, width, channels); any, but for `"conv"` square with a side of 4 or
                7 times a power of two.
            latent_dim: Length of the latents.
            architecture: `"dense"`, ReLU layers of `hidden` units; `"conv"`, 4x4 convolutions of
                stride 2; `"linear"` or `"sigmoid"`, one layer on each side.
            tied: Whether the decoder's kernel is the encoder's transposed, where there is one layer
                on each side.
            hidden: Units of the dense layers of `"dense"`, from the image on.
            width: Channels of the first map of `"conv"`.
            **kwargs: Passed to the constructor.

        Raises:
            ValueError: For an unknown architecture, a size that it cannot make, or tied layers
                where there are several.
        """
        networks = cls.default_networks(image_shape, latent_dim, architecture, tied, hidden, width)
        return cls(*networks, **kwargs)

    @staticmethod
    def default_networks(image_shape, latent_dim, architecture, tied, hidden, width):
        """Encoder and decoder; the arguments are those of `build_default`."""
        code = ("latents",)
        if architecture in ("linear", "sigmoid"):
            activation = None if architecture == "linear" else "sigmoid"
            return (
                shallow_encoder(image_shape, latent_dim, activation),
                shallow_decoder(image_shape, latent_dim, tied),
            )
        if tied:
            raise ValueError("tied layers are for the architectures 'linear' and 'sigmoid'.")
        if architecture == "dense":
            return (
                dense_encoder(image_shape, latent_dim, hidden, "relu", code),
                dense_decoder(image_shape, latent_dim, hidden, activation="relu"),
            )
        if architecture == "conv":
            return (
                conv_encoder(image_shape, latent_dim, width, heads=code),
                conv_decoder(image_shape, latent_dim, width),
            )
        raise ValueError(
            f"architecture must be 'dense', 'conv', 'linear' or 'sigmoid', got {architecture!r}."
        )

    def default_optimizers(self):
        """Adam, rate 1e-3."""
        return {"model": keras.optimizers.Adam(1e-3)}

    # ---- training --------------------------------------------------------------------------------

    def errors(self, images, parameters):
        """The distance of each pixel of `images` to what the decoder says, of the images' shape."""
        images, parameters = ops.cast(images, "float32"), ops.cast(parameters, "float32")
        if self.distance == "squared":
            return ops.square(images - parameters)
        return -bernoulli_log_prob((images + 1) / 2, parameters)

    def reconstruction_loss(self, images, noise, training: bool):
        """The mean error of reconstructed images, in training or in inference mode."""
        return ops.mean(self.errors(images, self.through(images, training)))

    def through(self, images, training: bool):
        """What the decoder says of the encoder's codes."""
        networks = self.encoder, self.decoder
        if not training:
            networks = self.inference_network("encoder"), self.inference_network("decoder")
        encoder, decoder = networks
        return decoder(encoder(images, training=training), training=training)

    def train_step(self, data):
        """One gradient step on the reconstruction."""
        images = images_of(data)
        loss = self.minimize(lambda: self.reconstruction_loss(images, self.noise, True))
        return self.update_metrics(ops.shape(images)[0], loss=loss)

    def test_step(self, data):
        """The same loss in inference mode."""
        images = images_of(data)
        loss = self.reconstruction_loss(images, self.evaluation_noise, False)
        return self.update_metrics(ops.shape(images)[0], loss=loss)

    # ---- the prior -------------------------------------------------------------------------------

    def _add_prior(self, components: int = 10, covariance: str = "full"):
        self.prior = MixtureOfGaussians(components, self.latent_dim, covariance, name="prior")
        self._compiled_signatures.clear()  # on JAX they hold the variables that there were

    def fit_prior(
        self,
        data,
        components: int = 10,
        covariance: str = "full",
        seed: int = 0,
        limit: int | None = None,
    ) -> None:
        """Fits a mixture of Gaussians to the latents of `data`, by scikit-learn's EM.

        From then on the model can `sample`, and a further `fit` fits the prior anew after each of
        its epochs. The prior is saved with the model.

        Args:
            data: Images, or a `tf.data.Dataset` of batches as `fit` takes it.
            components: How many Gaussians.
            covariance: `"full"` or `"diagonal"`.
            seed: Of the k-means that EM starts from.
            limit: At most so many images, the first ones.

        Raises:
            DataError: If the data are empty or cannot be read twice.
            ValueError: For fewer images than components, or an unknown covariance.
        """
        codes = gather(data, lambda batch: self.encode(self.training_images(batch)), limit)
        present = self.prior
        if present is None or (present.components, present.covariance) != (components, covariance):
            self._add_prior(components, covariance)
        self.prior.fit(codes, seed=seed)

    def training_images(self, data):
        """The images of a batch that the encoder learns from."""
        return images_of(data)

    def own_callbacks(self, x):
        """A prior that there is when training begins is fitted anew after each epoch."""
        if self.prior is None:
            return []
        check_readable(x)
        settings = {"components": self.prior.components, "covariance": self.prior.covariance}
        refit = functools.partial(self.fit_prior, x, **settings, limit=PRIOR_CODES)
        return [keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: refit())]

    # ---- capabilities ----------------------------------------------------------------------------

    def unavailable(self):
        """`sample`, without a prior."""
        if self.prior is not None:
            return {}
        return {"sample": "an autoencoder samples after fit_prior(data)"}

    def signatures(self):
        """`sample` where there is a prior, `encode`, `decode` and `reconstruct`."""
        signatures = super().signatures()
        if self.prior is None:
            del signatures["sample"]
            return signatures
        draws = {
            "noise": TensorSpec((None, self.latent_dim), role="noise"),
            "uniforms": TensorSpec((None,), role="uniform"),
        }
        sample = Signature(
            lambda noise, uniforms: self._decode(self.prior.draw(uniforms, noise)),
            draws,
            {"images": "image"},
        )
        return {**signatures, "sample": sample}

    def _encode(self, images):
        return {"latents": self.inference_network("encoder")(images, training=False)}

    def _decode(self, latents):
        parameters = self.inference_network("decoder")(latents, training=False)
        if self.distance == "squared":
            return {"images": ops.clip(parameters, -1.0, 1.0)}
        return {"images": 2 * ops.sigmoid(parameters) - 1}

    def sample(self, n: int, seed: int | None = None) -> np.ndarray:
        """Draws latents from the prior and decodes them.

        Args:
            n: How many.
            seed: The same seed gives the same images; `None` gives new ones at each call.

        Returns:
            float32 images (n, height, width, channels) in [-1, 1].

        Raises:
            ValueError: If there is no prior.
        """
        if self.prior is None:
            raise ValueError(f"{self.name} has no prior to sample from: call fit_prior(data).")
        source = Noise(keras.random.SeedGenerator(seed))
        noise = source.normal((check_count(n), self.latent_dim))
        uniforms = source.uniform((n,))
        return self.serve(
            "sample",
            noise=ops.convert_to_numpy(noise),
            uniforms=ops.convert_to_numpy(uniforms),
        )

    def get_config(self):
        """The constructor's arguments; a prior that was fitted is one of them."""
        prior = None
        if self.prior is not None:
            prior = {"components": self.prior.components, "covariance": self.prior.covariance}
        return {**super().get_config(), "distance": self.distance, "prior": prior}


def _tie(encoder: keras.Model, decoder: keras.Model) -> None:
    for layer in decoder.layers:
        if isinstance(layer, TiedDense):
            layer.tie(encoder.get_layer("latents"))
