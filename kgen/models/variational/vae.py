"""Variational autoencoder (Kingma & Welling 2014)."""

import math

import keras
import numpy as np
from keras import ops

from kgen.losses import bits_per_dim, normal_log_prob, standard_normal_kl
from kgen.models.base import GenerativeModel, images_of
from kgen.models.signature import Signature, TensorSpec, check_count
from kgen.models.variational import observation
from kgen.networks import conv_decoder, conv_encoder, dense_decoder, dense_encoder
from kgen.training import Noise

_ARCHITECTURES = {
    "dense": (dense_encoder, dense_decoder),
    "conv": (conv_encoder, conv_decoder),
}


@keras.saving.register_keras_serializable("kgen")
class VAE(GenerativeModel):
    """An encoder and a decoder that maximise a lower bound of the likelihood.

    Kingma & Welling, *Auto-Encoding Variational Bayes*, 2014. With prior `p(z) = N(0, I)` and
    posterior `q(z|x) = N(mean, exp(log_variance))`, the loss is the negative of

        ELBO = E_q log p(x|z) - KL(q(z|x) || p(z))                                    (their eq. 3)

    in nats an image: summed over pixels and latents, averaged over the batch, with one draw of `z`
    by the reparameterisation `z = mean + exp(log_variance / 2) * noise`.

    Args:
        encoder: Images (n, height, width, channels) to `[mean, log_variance]`, each
            (n, latent_dim).
        decoder: Latents to the likelihood's parameters: (n, height, width, channels) logits for
            Bernoulli pixels, twice the channels for Gaussian ones.
        likelihood: `"bernoulli"` or `"gaussian"`; see `kgen.models.variational.observation`.
        binarization: `"dynamic"` or `"threshold"`, for the Bernoulli likelihood.
        ema_momentum: See `GenerativeModel`; averages both networks.
        seed: See `GenerativeModel`.
        name: The Keras name.

    Raises:
        ValueError: If the networks do not fit each other or the likelihood.

    Example:

        >>> model = VAE.build_default(image_shape=(8, 8, 1), latent_dim=2)
        >>> model.compile()
        >>> model.sample(3, seed=1).shape, model.log_prob(model.sample(3, seed=1)).shape
        ((3, 8, 8, 1), (3,))
    """

    players = {"model": ("encoder", "decoder")}
    averaged = ("encoder", "decoder")
    loss_names = ("loss", "reconstruction", "kl", "bits_per_dim")
    xla_on_cpu = True
    inference_mode = "the default networks have neither batch normalisation nor dropout"

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        *,
        likelihood: str = "bernoulli",
        binarization: str = "dynamic",
        **kwargs,
    ):
        super().__init__({"encoder": encoder, "decoder": decoder}, **kwargs)
        self.likelihood, self.binarization = likelihood, binarization
        self.observation = observation.make(likelihood, binarization)
        self.image_shape = tuple(encoder.input_shape[1:])
        self.latent_dim = decoder.input_shape[-1]
        codes = [tuple(shape)[1:] for shape in encoder.output_shape]
        if codes != 2 * [(self.latent_dim,)]:
            raise ValueError(
                f"the encoder must give a mean and a log-variance of {self.latent_dim} numbers, as "
                f"the decoder takes; it gives {codes}."
            )
        *size, channels = self.image_shape
        wanted = (*size, channels * self.observation.parameters)
        if tuple(decoder.output_shape[1:]) != wanted:
            raise ValueError(
                f"a {likelihood} decoder of images {self.image_shape} must give {wanted}, "
                f"not {tuple(decoder.output_shape[1:])}."
            )

    @classmethod
    def build_default(
        cls,
        image_shape: tuple[int, int, int] = (28, 28, 1),
        latent_dim: int = 50,
        architecture: str = "dense",
        likelihood: str = "bernoulli",
        binarization: str = "dynamic",
        mean_image=None,
        **kwargs,
    ) -> "VAE":
        """Networks for images of `image_shape`.

        Args:
            image_shape: (height, width, channels); any for `"dense"`, square with a side of 4 or 7
                times a power of two for `"conv"`.
            latent_dim: Length of the latent vectors.
            architecture: `"dense"`, two tanh layers of 200 (Burda et al. 2016), or `"conv"`.
            likelihood: See the class.
            binarization: See the class.
            mean_image: The training images' mean, in [-1, 1]. If given, the untrained decoder
                starts there (its last bias, as in Burda et al.'s code), which saves the first
                epochs and a long stay at a collapsed posterior.
            **kwargs: Passed to the constructor.

        Raises:
            ValueError: For an unknown name or a size that the networks cannot make.
        """
        if architecture not in _ARCHITECTURES:
            raise ValueError(
                f"architecture must be one of {tuple(_ARCHITECTURES)}, got {architecture!r}."
            )
        encoder, decoder = _ARCHITECTURES[architecture]
        observed = observation.make(likelihood, binarization)
        decoder = decoder(image_shape, latent_dim, parameters=observed.parameters)
        if mean_image is not None:
            mean_image = np.asarray(mean_image, "float32")
            if architecture == "conv":  # one bias for all places
                mean_image = mean_image.mean((0, 1), keepdims=True)
            start = ops.ravel(observed.parameters_at(mean_image))
            decoder.get_layer("to_parameters").bias.assign(start)
        return cls(
            encoder(image_shape, latent_dim),
            decoder,
            likelihood=likelihood,
            binarization=binarization,
            **kwargs,
        )

    def default_optimizers(self):
        """Adam, rate 1e-3, epsilon 1e-4 (Burda et al. 2016; the paper of 2014 used Adagrad)."""
        return {"model": keras.optimizers.Adam(1e-3, epsilon=1e-4)}

    # ---- training --------------------------------------------------------------------------------

    def bound(self, images, noise, uniforms, encoder, decoder, training):
        """The two terms of the ELBO for one draw of `z`.

        Args:
            images: (n, height, width, channels) in [-1, 1].
            noise: Standard normal, (n, latent_dim).
            uniforms: Uniform in [0, 1), of the images' shape.
            encoder: The network to use.
            decoder: The network to use.
            training: The networks' mode.

        Returns:
            `(log p(x|z), KL)`, each (n,), in nats.
        """
        x = self.observation.observe(images, uniforms)
        mean, log_variance = encoder(self.observation.encoder_input(x), training=training)
        z = mean + ops.exp(log_variance / 2) * noise
        likelihood = self.observation.log_prob(x, decoder(z, training=training))
        return likelihood, standard_normal_kl(mean, log_variance)

    def train_step(self, data):
        """One gradient step on the negative ELBO."""
        images = images_of(data)

        def loss():
            networks = self.encoder, self.decoder
            likelihood, kl = self._draw_bound(images, self.noise, *networks, training=True)
            return ops.mean(kl - likelihood), (ops.mean(likelihood), ops.mean(kl))

        return self._report(images, *self.minimize(loss))

    def test_step(self, data):
        """The negative ELBO in inference mode."""
        images = images_of(data)
        networks = self.inference_network("encoder"), self.inference_network("decoder")
        noise = self.evaluation_noise
        likelihood, kl = self._draw_bound(images, noise, *networks, training=False)
        return self._report(images, ops.mean(kl - likelihood), (ops.mean(likelihood), ops.mean(kl)))

    def _draw_bound(self, images, noise, encoder, decoder, training):
        n = ops.shape(images)[0]
        normals = noise.normal((n, self.latent_dim))
        uniforms = noise.uniform((n, *self.image_shape))
        return self.bound(images, normals, uniforms, encoder, decoder, training)

    def _report(self, images, loss, terms):
        likelihood, kl = terms
        bits = bits_per_dim(loss, math.prod(self.image_shape))
        n = ops.shape(images)[0]
        return self.update_metrics(
            n, loss=loss, reconstruction=-likelihood, kl=kl, bits_per_dim=bits
        )

    def batch_images(self, data):
        """The images."""
        return {"images": (images_of(data), self.image_shape)}

    # ---- capabilities ----------------------------------------------------------------------------

    @property
    def log_prob_of(self) -> str:
        """What `log_prob` is a probability of, for those who compare likelihoods."""
        if self.likelihood == "gaussian":
            return "8-bit levels, dequantised"
        how = {"dynamic": "at random", "threshold": "at the middle"}[self.binarization]
        return f"pixels binarised {how}"

    def signatures(self):
        """One for each capability; `log_prob` takes its noise as an input."""
        images = TensorSpec((None, *self.image_shape))
        latents = TensorSpec((None, self.latent_dim), role="latent", distribution="N(0, 1)")
        noise = TensorSpec((None, None, self.latent_dim), role="noise")
        uniforms = TensorSpec((None, *self.image_shape), role="uniform")
        return {
            "sample": Signature(self._decode, {"latents": latents}, {"images": "image"}),
            "encode": Signature(self._encode, {"images": images}, {"latents": "latent"}),
            "decode": Signature(self._decode, {"latents": latents}, {"images": "image"}),
            "reconstruct": Signature(
                lambda images: self._decode(self._encode(images)["latents"]),
                {"images": images},
                {"images": "image"},
            ),
            "log_prob": Signature(
                self._log_prob,
                {"images": images, "noise": noise, "uniforms": uniforms},
                {"log_prob": "log_prob"},
            ),
        }

    def _encode(self, images):
        # A likelihood of binary pixels has an encoder of binary images; outside training these are
        # cut at the middle, so that the same image has the same code.
        x = self.observation.observe(images, ops.full_like(images, 0.5))
        x = self.observation.encoder_input(x)
        return {"latents": self.inference_network("encoder")(x, training=False)[0]}

    def _decode(self, latents):
        parameters = self.inference_network("decoder")(latents, training=False)
        return {"images": self.observation.mean_image(parameters)}

    def _log_prob(self, images, noise, uniforms):
        n, k = ops.shape(noise)[0], ops.shape(noise)[1]
        x = self.observation.observe(images, uniforms)
        encoded = self.inference_network("encoder")(
            self.observation.encoder_input(x), training=False
        )
        mean, log_variance = (t[:, None] for t in encoded)
        z = mean + ops.exp(log_variance / 2) * noise
        parameters = self.inference_network("decoder")(
            ops.reshape(z, (n * k, self.latent_dim)), training=False
        )
        parameters = ops.reshape(parameters, (n, k, *parameters.shape[1:]))
        log_weight = (
            self.observation.log_prob(x[:, None], parameters)
            + ops.sum(normal_log_prob(z), axis=-1)
            - ops.sum(normal_log_prob(z, mean, log_variance), axis=-1)
        )
        return {"log_prob": ops.logsumexp(log_weight, axis=1) - ops.log(ops.cast(k, "float32"))}

    def sample(self, n: int, seed: int | None = None) -> np.ndarray:
        """Draws latents from the prior and decodes them.

        Args:
            n: How many.
            seed: The same seed gives the same images; `None` gives new ones at each call.

        Returns:
            The expected images given the latents, float32 (n, height, width, channels) in [-1, 1].
        """
        noise = Noise(keras.random.SeedGenerator(seed))
        latents = noise.normal((check_count(n), self.latent_dim))
        return self.serve("sample", latents=ops.convert_to_numpy(latents))

    def encode(self, images) -> np.ndarray:
        """The posterior's means (n, latent_dim) of images (n, height, width, channels)."""
        return self.serve("encode", images=images)

    def decode(self, latents) -> np.ndarray:
        """The expected images, in [-1, 1], of latents (n, latent_dim)."""
        return self.serve("decode", latents=latents)

    def reconstruct(self, images) -> np.ndarray:
        """The expected images given the posterior's means of `images`."""
        return self.serve("reconstruct", images=images)

    def log_prob(self, images, samples: int = 64, seed: int | None = None) -> np.ndarray:
        """The importance-weighted lower bound of `log p(x)` (Burda et al. 2016, eq. 8).

        Args:
            images: (n, height, width, channels) in [-1, 1]; binarised or dequantised by one draw.
            samples: The number k of importance samples: 1 gives the ELBO, more a tighter bound.
            seed: The same seed gives the same draws.

        Returns:
            float32 (n,), in nats an image. `kgen.losses.bits_per_dim` converts.
        """
        noise = Noise(keras.random.SeedGenerator(seed))
        images = np.asarray(images, "float32")
        uniforms = ops.convert_to_numpy(noise.uniform(images.shape))
        total = np.full(len(images), -np.inf, "float32")
        for start in range(0, samples, 100):
            k = min(100, samples - start)
            draws = ops.convert_to_numpy(noise.normal((len(images), k, self.latent_dim)))
            part = self.serve("log_prob", 32, images=images, noise=draws, uniforms=uniforms)
            total = np.logaddexp(total, part + math.log(k))
        return total - math.log(samples)

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "likelihood": self.likelihood,
            "binarization": self.binarization,
        }
