"""Variational autoencoder (Kingma & Welling 2014)."""

import math

import keras
import numpy as np
from keras import ops

from kgen.losses import bits_per_dim, log_mean_exp, normal_log_prob, standard_normal_kl
from kgen.models.base import images_of
from kgen.models.binarization import described
from kgen.models.encoder_decoder import EncoderDecoder
from kgen.models.signature import Signature, TensorSpec
from kgen.models.variational import observation
from kgen.networks import conv_decoder, conv_encoder, dense_decoder, dense_encoder
from kgen.training import Noise


@keras.saving.register_keras_serializable("kgen")
class VAE(EncoderDecoder):
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
        binarization: `"dynamic"`, `"static"` or `"threshold"`, for the Bernoulli likelihood; see
            `kgen.models.binarization`.
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

    loss_names = ("loss", "reconstruction", "kl", "bits_per_dim")

    #: Encoder and decoder of each name that `build_default` takes.
    architectures = {
        "dense": (dense_encoder, dense_decoder),
        "conv": (conv_encoder, conv_decoder),
    }

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        *,
        likelihood: str = "bernoulli",
        binarization: str = "dynamic",
        **kwargs,
    ):
        super().__init__(encoder, decoder, **kwargs)
        self.likelihood, self.binarization = likelihood, binarization
        self.observation = observation.make(likelihood, binarization)
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
        if architecture not in cls.architectures:
            raise ValueError(
                f"architecture must be one of {tuple(cls.architectures)}, got {architecture!r}."
            )
        encoder, decoder = cls.architectures[architecture]
        observed = observation.make(likelihood, binarization)
        told = {"classes": kwargs["classes"]} if "classes" in kwargs else {}
        decoder = decoder(image_shape, latent_dim, parameters=observed.parameters, **told)
        if mean_image is not None:
            mean_image = np.asarray(mean_image, "float32")
            if architecture == "conv":  # one bias for all places
                mean_image = mean_image.mean((0, 1), keepdims=True)
            start = ops.ravel(observed.parameters_at(mean_image))
            decoder.get_layer("to_parameters").bias.assign(start)
        return cls(
            encoder(image_shape, latent_dim, **told),
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

    def objective(self, likelihood, kl):
        """What is minimised, a number, of the two terms (n,) of `bound`: the mean negative ELBO."""
        return ops.mean(kl - likelihood)

    def train_step(self, data):
        """One gradient step on the objective."""
        return self._report(data, *self.minimize(lambda: self._draw_terms(data, self.noise, True)))

    def test_step(self, data):
        """The same in inference mode."""
        return self._report(data, *self._draw_terms(data, self.evaluation_noise, False))

    def _draw_terms(self, data, noise, training):
        """The objective, and what is reported beside it: negative ELBO, likelihood and KL."""
        images = images_of(data)
        n = ops.shape(images)[0]
        normals = noise.normal((n, self.latent_dim))
        uniforms = noise.uniform((n, *self.image_shape))
        networks = self.networks(training, **self.conditions_of(data))
        likelihood, kl = self.bound(images, normals, uniforms, *networks, training)
        terms = ops.mean(kl - likelihood), ops.mean(likelihood), ops.mean(kl)
        return self.objective(likelihood, kl), terms

    def networks(self, training: bool):
        """Encoder and decoder to train or to infer with, called as `f(x, training=...)`."""
        if training:
            return self.encoder, self.decoder
        return self.inference_network("encoder"), self.inference_network("decoder")

    def conditions_of(self, data) -> dict:
        """What a batch tells both networks, by the names of `conditions`."""
        return {}

    def _report(self, data, loss, terms):
        negative_elbo, likelihood, kl = terms
        bits = bits_per_dim(negative_elbo, math.prod(self.image_shape))
        n = ops.shape(images_of(data))[0]
        return self.update_metrics(
            n, loss=loss, reconstruction=-likelihood, kl=kl, bits_per_dim=bits
        )

    # ---- capabilities ----------------------------------------------------------------------------

    @property
    def log_prob_of(self) -> str:
        """What `log_prob` is a probability of, for those who compare likelihoods."""
        if self.likelihood == "gaussian":
            return "8-bit levels, dequantised"
        return described(self.binarization)

    def signatures(self):
        """One for each capability; `log_prob` takes its noise as an input."""
        observed = {
            "images": TensorSpec((None, *self.image_shape)),
            "noise": TensorSpec((None, None, self.latent_dim), role="noise"),
            "uniforms": TensorSpec((None, *self.image_shape), role="uniform"),
            **self.conditions(),
        }
        return {
            **super().signatures(),
            "log_prob": Signature(self._log_prob, observed, {"log_prob": "log_prob"}),
        }

    def _encode(self, images, **conditions):
        # A likelihood of binary pixels has an encoder of binary images; outside training these are
        # cut at the middle, so that the same image has the same code.
        x = self.observation.observe(images, ops.full_like(images, 0.5))
        encoder, _ = self.networks(False, **conditions)
        return {"latents": encoder(self.observation.encoder_input(x), training=False)[0]}

    def _decode(self, latents, **conditions):
        _, decoder = self.networks(False, **conditions)
        return {"images": self.observation.mean_image(decoder(latents, training=False))}

    def _log_prob(self, images, noise, uniforms, **conditions):
        networks = self.networks(False, **conditions)
        log_weights = self.log_weights(images, noise, uniforms, *networks, training=False)
        return {"log_prob": log_mean_exp(log_weights)}

    def log_weights(self, images, noise, uniforms, encoder, decoder, training):
        """The logs of `p(x, z) / q(z|x)` for k draws of `z`: (n, k), in nats.

        Args:
            images: (n, height, width, channels) in [-1, 1].
            noise: Standard normal, (n, k, latent_dim).
            uniforms: See `bound`, as for the other arguments.
        """
        n, k = ops.shape(noise)[0], ops.shape(noise)[1]
        x = self.observation.observe(images, uniforms)
        encoded = encoder(self.observation.encoder_input(x), training=training)
        mean, log_variance = (t[:, None] for t in encoded)
        z = mean + ops.exp(log_variance / 2) * noise
        parameters = decoder(ops.reshape(z, (n * k, self.latent_dim)), training=training)
        parameters = ops.reshape(parameters, (n, k, *parameters.shape[1:]))
        return (
            self.observation.log_prob(x[:, None], parameters)
            + ops.sum(normal_log_prob(z), axis=-1)
            - ops.sum(normal_log_prob(z, mean, log_variance), axis=-1)
        )

    def log_prob(self, images, samples: int = 64, seed: int | None = None) -> np.ndarray:
        """The importance-weighted lower bound of `log p(x)` (Burda et al. 2016, eq. 8).

        Args:
            images: (n, height, width, channels) in [-1, 1]; binarised or dequantised by one draw.
            samples: The number k of importance samples: 1 gives the ELBO, more a tighter bound.
            seed: The same seed gives the same draws.

        Returns:
            float32 (n,), in nats an image. `kgen.losses.bits_per_dim` converts.
        """
        return self.importance_bound(images, samples, seed)

    def importance_bound(self, images, samples: int, seed: int | None, **conditions) -> np.ndarray:
        """`log_prob`, given `conditions` as inputs of the signature."""
        noise = Noise(keras.random.SeedGenerator(seed))
        images = np.asarray(images, "float32")
        uniforms = ops.convert_to_numpy(noise.uniform(images.shape))
        inputs = {"images": images, "uniforms": uniforms, **conditions}
        total = np.full(len(images), -np.inf, "float32")
        for start in range(0, samples, 100):
            k = min(100, samples - start)
            draws = ops.convert_to_numpy(noise.normal((len(images), k, self.latent_dim)))
            part = self.serve("log_prob", 32, noise=draws, **inputs)
            total = np.logaddexp(total, part + math.log(k))
        return total - math.log(samples)

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "likelihood": self.likelihood,
            "binarization": self.binarization,
        }
