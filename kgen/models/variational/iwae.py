"""Importance weighted autoencoder (Burda, Grosse & Salakhutdinov 2016)."""

import math

import keras
from keras import ops

from kgen.losses import bits_per_dim, log_mean_exp
from kgen.models.base import images_of
from kgen.models.variational.vae import VAE


@keras.saving.register_keras_serializable("kgen")
class IWAE(VAE):
    """A VAE trained on the bound that k weighted samples give.

    Burda, Grosse & Salakhutdinov, *Importance Weighted Autoencoders*, 2016, with one stochastic
    layer. With `z_1 ... z_k` drawn from `q(z|x)` the loss is the negative of

        L_k = E log 1/k sum_i p(x, z_i) / q(z_i|x)                                  (their eq. 8)

    in nats an image. `L_1` is the ELBO, and `L_k` does not fall with k. Its gradient through the
    reparameterised draws is their eq. 14: the gradients of the k draws, by their weights. The ELBO
    is reported as well, from the same draws.

    Args:
        encoder: See `VAE`.
        decoder: See `VAE`.
        samples: The number k of draws, in training and in evaluation.
        **kwargs: See `VAE`.

    Raises:
        ValueError: For fewer than one sample.

    Example:

        >>> model = IWAE.build_default((8, 8, 1), latent_dim=2, samples=5)
        >>> model.compile()
        >>> model.log_prob(model.sample(3, seed=1), samples=20, seed=1).shape
        (3,)
    """

    loss_names = ("loss", "negative_elbo", "bits_per_dim")

    def __init__(self, encoder: keras.Model, decoder: keras.Model, *, samples: int = 50, **kwargs):
        super().__init__(encoder, decoder, **kwargs)
        if samples < 1:
            raise ValueError(f"samples must be at least 1, got {samples}.")
        self.samples = samples

    @classmethod
    def build_default(
        cls, image_shape: tuple[int, int, int] = (28, 28, 1), latent_dim: int = 50, **kwargs
    ) -> "IWAE":
        """The paper's networks: two tanh layers of 200 on each side.

        Args:
            image_shape: See `VAE.build_default`.
            latent_dim: Length of the latent vectors.
            **kwargs: See `VAE.build_default`.

        Raises:
            ValueError: See `VAE.build_default`.
        """
        return super().build_default(image_shape, latent_dim, **kwargs)

    def _draw_terms(self, data, noise, training):
        images = images_of(data)
        n = ops.shape(images)[0]
        normals = noise.normal((n, self.samples, self.latent_dim))
        uniforms = noise.uniform((n, *self.image_shape))
        networks = self.networks(training)
        log_weights = self.log_weights(images, normals, uniforms, *networks, training)
        return -ops.mean(log_mean_exp(log_weights)), -ops.mean(log_weights)

    def _report(self, data, loss, negative_elbo):
        n = ops.shape(images_of(data))[0]
        bits = bits_per_dim(loss, math.prod(self.image_shape))
        return self.update_metrics(n, loss=loss, negative_elbo=negative_elbo, bits_per_dim=bits)

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "samples": self.samples}
