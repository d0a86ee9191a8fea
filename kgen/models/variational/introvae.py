"""Introspective variational autoencoder (Huang et al. 2018)."""

import keras
from keras import ops

from kgen.losses import standard_normal_kl
from kgen.models.base import images_of
from kgen.models.encoder_decoder import EncoderDecoder
from kgen.networks import conv_decoder, conv_encoder, dense_decoder, dense_encoder
from kgen.networks.introvae import introvae_decoder, introvae_encoder


@keras.saving.register_keras_serializable("kgen")
class IntroVAE(EncoderDecoder):
    """A VAE whose encoder judges what its decoder makes, so that samples become sharp.

    Huang, Li, He, Sun & Tan, *IntroVAE: Introspective Variational Autoencoders for Photographic
    Image Synthesis*, 2018. The KL of the posterior to the prior, `R(x) = KL(q(z|x) || N(0, I))`, is
    the energy of an image. The encoder keeps it low for real images and above a margin m for
    reconstructions `x_r` and samples `x_p`, the decoder pulls it down for these (eqs. 11 and 12):

        L_encoder = R(x) + alpha sum_s max(0, m - R(stop(x_s))) + beta |x - x_r|^2
        L_decoder = gamma sum_s R(x_s) + beta |x - x_r|^2,         s in {r, p}

    in means over the batch, the squares summed over pixels, so that beta is for one image size. The
    decoder answers the encoder after its step, on the same draws. The paper has gamma = alpha; its
    authors' code gives the encoder 0.25 and the decoder 0.5, which is the default here. Without
    both weights it is a VAE with Gaussian pixels.

    Args:
        encoder: Images (n, height, width, channels) to `[mean, log_variance]`.
        decoder: Latents (n, latent_dim) to images; outside training they are clipped to [-1, 1].
        margin: The m above, in nats.
        alpha: The weight of the encoder's margins.
        beta: The weight of the reconstruction.
        gamma: The weight of the decoder's energies.
        vae_steps: So many first steps leave alpha and gamma out, as the authors' code may.
        ema_momentum: See `GenerativeModel`; averages both networks.
        seed: See `GenerativeModel`.
        name: The Keras name.

    Raises:
        ValueError: If the networks do not fit each other, or for negative settings.

    Example:

        >>> model = IntroVAE.build_default((8, 8, 1), latent_dim=4, width=2)
        >>> model.compile()
        >>> model.sample(3, seed=1).shape, model.encode(model.sample(2)).shape
        ((3, 8, 8, 1), (2, 4))
    """

    players = {"encoder": ("encoder",), "decoder": ("decoder",)}
    loss_names = (
        "encoder_loss",
        "decoder_loss",
        "reconstruction",
        "kl",
        "kl_reconstructed",
        "kl_sampled",
    )
    xla_on_cpu = False  # twice the time to compile the residual networks, and no faster a step
    inference_mode = (
        "batch normalisation uses its moving averages, so that no output depends on the others of "
        "its batch"
    )

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        *,
        margin: float = 120.0,
        alpha: float = 0.25,
        beta: float = 0.05,
        gamma: float = 0.5,
        vae_steps: int = 0,
        **kwargs,
    ):
        super().__init__(encoder, decoder, **kwargs)
        codes = [tuple(shape)[1:] for shape in encoder.output_shape]
        if codes != 2 * [(self.latent_dim,)] or tuple(decoder.output_shape[1:]) != self.image_shape:
            raise ValueError(
                f"the encoder must give a mean and a log-variance of {self.latent_dim} numbers and "
                f"the decoder images {self.image_shape}; they give {codes} and "
                f"{tuple(decoder.output_shape[1:])}."
            )
        settings = {"margin": margin, "alpha": alpha, "beta": beta, "gamma": gamma}
        if min(*settings.values(), vae_steps) < 0:
            raise ValueError(f"these must be at least 0: {settings}, vae_steps={vae_steps}.")
        self.margin, self.alpha, self.beta, self.gamma = settings.values()
        self.vae_steps = vae_steps

    @classmethod
    def build_default(
        cls,
        image_shape: tuple[int, int, int] = (256, 256, 3),
        latent_dim: int = 512,
        architecture: str = "residual",
        width: int = 16,
        **kwargs,
    ) -> "IntroVAE":
        """Networks for images of `image_shape`.

        Args:
            image_shape: (height, width, channels); any for `"dense"`, else square with a side of 4
                or 7 times a power of two.
            latent_dim: Length of the latents.
            architecture: `"residual"`, the paper's, or the VAE's `"conv"` or `"dense"`.
            width: Channels of the largest map; not for `"dense"`.
            **kwargs: Passed to the constructor.

        Raises:
            ValueError: For an unknown architecture or a size that it cannot make.
        """
        if architecture == "dense":
            return cls(
                dense_encoder(image_shape, latent_dim),
                dense_decoder(image_shape, latent_dim),
                **kwargs,
            )
        built = {
            "residual": (introvae_encoder, introvae_decoder),
            "conv": (conv_encoder, conv_decoder),
        }
        if architecture not in built:
            raise ValueError(
                f"architecture must be 'residual', 'conv' or 'dense', got {architecture!r}."
            )
        return cls(
            *(make(image_shape, latent_dim, width) for make in built[architecture]), **kwargs
        )

    def default_optimizers(self):
        """Adam, rate 2e-4, for both."""
        return {player: keras.optimizers.Adam(2e-4) for player in self.players}

    # ---- training --------------------------------------------------------------------------------

    def encoder_loss(self, images, noise, prior, weight=1.0, training=True):
        """The encoder's loss, and what else is reported of it.

        Args:
            images: (n, height, width, channels).
            noise: Standard normal, (n, latent_dim): the draw of the posterior.
            prior: Standard normal, (n, latent_dim): the latents of the samples.
            weight: Of the introspective term.
            training: The networks' mode.

        Returns:
            The loss, and `(squared error, R(x), R(x_r), R(x_p))`, all means over the batch.
        """
        encoder, decoder = self._networks(training)
        mean, log_variance = encoder(images, training=training)
        rebuilt = decoder(mean + ops.exp(log_variance / 2) * noise, training=training)
        sampled = decoder(prior, training=training)
        energy = ops.mean(standard_normal_kl(mean, log_variance))
        fake = [self._energy(ops.stop_gradient(x), training) for x in (rebuilt, sampled)]
        margins = sum(ops.mean(ops.relu(self.margin - each)) for each in fake)
        error = _squared_error(images, rebuilt)
        loss = energy + weight * self.alpha * margins + self.beta * error
        return loss, (error, energy, *(ops.mean(each) for each in fake))

    def decoder_loss(self, images, noise, prior, weight=1.0, training=True):
        """The decoder's loss; arguments are those of `encoder_loss`."""
        encoder, decoder = self._networks(training)
        mean, log_variance = encoder(images, training=training)
        rebuilt = decoder(mean + ops.exp(log_variance / 2) * noise, training=training)
        sampled = decoder(prior, training=training)
        energies = sum(ops.mean(self._energy(x, training)) for x in (rebuilt, sampled))
        return weight * self.gamma * energies + self.beta * _squared_error(images, rebuilt)

    def _energy(self, images, training):
        encoder, _ = self._networks(training)
        return standard_normal_kl(*encoder(images, training=training))

    def _networks(self, training):
        if training:
            return self.encoder, self.decoder
        return self.inference_network("encoder"), self.inference_network("decoder")

    def train_step(self, data):
        """One step of the encoder, then one of the decoder on the same draws."""
        draws = self._draws(data, self.noise)
        weight = ops.cast(self.step.value >= self.vae_steps, "float32")
        judged, terms = self.minimize(lambda: self.encoder_loss(*draws, weight), "encoder")
        fooled = self.minimize(lambda: self.decoder_loss(*draws, weight), "decoder")
        return self._report(data, judged, fooled, *terms)

    def test_step(self, data):
        """Both losses in inference mode."""
        draws = self._draws(data, self.evaluation_noise)
        judged, terms = self.encoder_loss(*draws, training=False)
        fooled = self.decoder_loss(*draws, training=False)
        return self._report(data, judged, fooled, *terms)

    def _draws(self, data, noise):
        images = images_of(data)
        shape = (ops.shape(images)[0], self.latent_dim)
        return images, noise.normal(shape), noise.normal(shape)

    def _report(self, data, *values):
        losses = dict(zip(self.loss_names, values, strict=True))
        return self.update_metrics(ops.shape(images_of(data))[0], **losses)

    # ---- capabilities ----------------------------------------------------------------------------

    def _encode(self, images):
        return {"latents": self.inference_network("encoder")(images, training=False)[0]}

    def _decode(self, latents):
        images = self.inference_network("decoder")(latents, training=False)
        return {"images": ops.clip(images, -1.0, 1.0)}

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "margin": self.margin,
            "alpha": self.alpha,
            "beta": self.beta,
            "gamma": self.gamma,
            "vae_steps": self.vae_steps,
        }


def _squared_error(images, rebuilt):
    """Summed over pixels, averaged over the batch."""
    squares = ops.square(ops.cast(images, "float32") - ops.cast(rebuilt, "float32"))
    return ops.mean(ops.sum(squares, axis=(1, 2, 3)))
