"""Importance weighted autoencoder with two stochastic layers (Burda et al. 2016, section 5)."""

import keras
from keras import ops

from kgen.losses import normal_log_prob
from kgen.models.variational.iwae import IWAE
from kgen.networks import dense_gaussian


@keras.saving.register_keras_serializable("kgen")
class TwoLayerIWAE(IWAE):
    """An IWAE whose latents have a prior that is learned: a second layer of latents above them.

    Burda, Grosse & Salakhutdinov, *Importance Weighted Autoencoders*, 2016, section 5:

        p(x, h1, h2) = p(h2) p(h1|h2) p(x|h1),    q(h1, h2|x) = q(h1|x) q(h2|h1),

    all conditionals of latents normal with diagonal covariance, `p(h2) = N(0, I)`, trained on the
    bound of eq. 8 over the pairs `(h1, h2)`.

    Outside training a latent vector is the noise that the prior's draws are made of, `N(0, I)`:
    `[e1, e2]` stands for `h2 = e2`, `h1 = mean(h2) + std(h2) e1`. So `sample`, interpolation and
    arithmetic are those of every other model, and `encode`, which gives the posterior's means in
    these coordinates, is undone by `decode` but for the decoder's own error.

    Args:
        encoder: Images to `[mean, log_variance]` of `q(h1|x)`, each (n, d1).
        decoder: `h1`, (n, d1), to the likelihood's parameters; see `VAE`.
        upper_encoder: `h1` to `[mean, log_variance]` of `q(h2|h1)`, each (n, d2).
        upper_decoder: `h2` to `[mean, log_variance]` of `p(h1|h2)`, each (n, d1).
        **kwargs: See `IWAE`.

    Raises:
        ValueError: If the networks do not fit each other.

    Example:

        >>> model = TwoLayerIWAE.build_default((8, 8, 1), latent_dim=3, upper_dim=2, samples=5)
        >>> model.compile()
        >>> images = model.sample(3, seed=1)
        >>> model.encode(images).shape, model.log_prob(images, samples=20, seed=1).shape
        ((3, 5), (3,))
    """

    players = {"model": ("encoder", "decoder", "upper_encoder", "upper_decoder")}
    averaged = ("encoder", "decoder", "upper_encoder", "upper_decoder")

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        upper_encoder: keras.Model,
        upper_decoder: keras.Model,
        **kwargs,
    ):
        upper = {"upper_encoder": upper_encoder, "upper_decoder": upper_decoder}
        super().__init__(encoder, decoder, networks=upper, **kwargs)
        self.lower_dim, self.upper_dim = self.latent_dim, upper_decoder.input_shape[-1]
        for name, takes, gives in (
            ("upper_encoder", self.lower_dim, self.upper_dim),
            ("upper_decoder", self.upper_dim, self.lower_dim),
        ):
            network = upper[name]
            shapes = [tuple(network.input_shape), *map(tuple, network.output_shape)]
            if shapes != [(None, takes), (None, gives), (None, gives)]:
                raise ValueError(
                    f"the {name} must take (n, {takes}) and give a mean and a log-variance of "
                    f"{gives} numbers; its input and outputs are {shapes}."
                )
        self.latent_dim = self.lower_dim + self.upper_dim

    @classmethod
    def build_default(
        cls,
        image_shape: tuple[int, int, int] = (28, 28, 1),
        latent_dim: int = 100,
        upper_dim: int = 50,
        **kwargs,
    ) -> "TwoLayerIWAE":
        """The paper's networks: two tanh layers of 200 around `h1`, two of 100 between the latents.

        Args:
            image_shape: See `VAE.build_default`.
            latent_dim: Length of `h1`.
            upper_dim: Length of `h2`.
            **kwargs: See `VAE.build_default`.

        Raises:
            ValueError: See `VAE.build_default`.
        """
        return super().build_default(
            image_shape,
            latent_dim,
            upper_encoder=dense_gaussian(latent_dim, upper_dim, name="upper_encoder"),
            upper_decoder=dense_gaussian(upper_dim, latent_dim, name="upper_decoder"),
            **kwargs,
        )

    def networks(self, training: bool):
        """The four networks to train or to infer with, in the constructor's order."""
        if training:
            return tuple(getattr(self, name) for name in self.averaged)
        return tuple(self.inference_network(name) for name in self.averaged)

    def bound(self, *_, **__):
        """Not offered: no part of this bound is a KL in closed form; see `log_weights`."""
        raise NotImplementedError("a TwoLayerIWAE has log_weights, and no bound of two terms.")

    def log_weights(
        self, images, noise, uniforms, encoder, decoder, upper_encoder, upper_decoder, training
    ):
        """The logs of `p(x, h1, h2) / q(h1, h2|x)` for k draws: (n, k), in nats.

        Args:
            images: (n, height, width, channels) in [-1, 1].
            noise: Standard normal, (n, k, d1 + d2).
            uniforms: Uniform in [0, 1), of the images' shape.
            encoder: The network to use, like the three that follow.
            decoder: See above.
            upper_encoder: See above.
            upper_decoder: See above.
            training: The networks' mode.
        """
        n, k = ops.shape(noise)[0], ops.shape(noise)[1]

        def each(network, latents):
            """The network's outputs, each (n, k, ...), for latents (n, k, d)."""
            flat = ops.reshape(latents, (n * k, latents.shape[-1]))
            return keras.tree.map_structure(
                lambda t: ops.reshape(t, (n, k, *t.shape[1:])), network(flat, training=training)
            )

        x = self.observation.observe(images, uniforms)
        lower, upper = self._parts(noise)
        encoded = encoder(self.observation.encoder_input(x), training=training)
        posterior_1 = [t[:, None] for t in encoded]
        h1 = _drawn(*posterior_1, lower)
        posterior_2 = each(upper_encoder, h1)
        h2 = _drawn(*posterior_2, upper)
        return (
            self.observation.log_prob(x[:, None], each(decoder, h1))
            + ops.sum(normal_log_prob(h1, *each(upper_decoder, h2)), axis=-1)
            + ops.sum(normal_log_prob(h2), axis=-1)
            - ops.sum(normal_log_prob(h1, *posterior_1), axis=-1)
            - ops.sum(normal_log_prob(h2, *posterior_2), axis=-1)
        )

    def _parts(self, latents):
        """The numbers that stand for `h1`, and those for `h2`."""
        return latents[..., : self.lower_dim], latents[..., self.lower_dim :]

    def _encode(self, images):
        x = self.observation.observe(images, ops.full_like(images, 0.5))
        encoder, _, upper_encoder, upper_decoder = self.networks(False)
        h1 = encoder(self.observation.encoder_input(x), training=False)[0]
        h2 = upper_encoder(h1, training=False)[0]
        mean, log_variance = upper_decoder(h2, training=False)
        return {"latents": ops.concatenate([(h1 - mean) * ops.exp(-log_variance / 2), h2], axis=-1)}

    def _decode(self, latents):
        _, decoder, _, upper_decoder = self.networks(False)
        lower, h2 = self._parts(latents)
        h1 = _drawn(*upper_decoder(h2, training=False), lower)
        return {"images": self.observation.mean_image(decoder(h1, training=False))}


def _drawn(mean, log_variance, noise):
    return mean + ops.exp(log_variance / 2) * noise
