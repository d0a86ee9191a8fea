"""Adversarially learned inference (Dumoulin et al. 2017)."""

import keras
from keras import ops

from kgen.models.inference.pair_game import PairGame, Pairs
from kgen.networks import (
    ali_decoder,
    ali_dense_decoder,
    ali_dense_discriminator,
    ali_dense_encoder,
    ali_discriminator,
    ali_encoder,
)


@keras.saving.register_keras_serializable("kgen")
class ALI(PairGame):
    """Inference learned in the game: a stochastic encoder, a decoder, and a judge of both.

    Dumoulin et al., *Adversarially Learned Inference*, 2017. The encoder gives a Gaussian
    `q(z|x) = N(mean, exp(log_variance))`, from which z is drawn by the reparameterisation
    `z = mean + exp(log_variance / 2) * noise` (section 2.2), and the discriminator tells
    `(x, z ~ q(z|x))` from `(G(z), z ~ N(0, I))`. With softplus in place of the logarithms
    (algorithm 1),

        L_D = E softplus(-D(x, z)) + E softplus(D(G(z), z)),    L_G = the same, signs flipped,

    2 ln 2 each at logits 0. All networks move at once, from the gradients of one forward pass, in
    which the discriminator sees both kinds of pairs in one batch.

    `encode` and what builds on it take the mean of q.

    Args:
        encoder: Images, or points (n, dimensions), to `[mean, log_variance]`.
        decoder: Latents (n, latent_dim) to images in [-1, 1], or to points.
        discriminator: `[images, latents]` to logits (n, 1).
        ema_momentum: See `GenerativeModel`; averages encoder and decoder.
        seed: See `GenerativeModel`.
        name: The Keras name.

    Raises:
        ValueError: If the networks do not fit each other.

    Example:

        >>> model = ALI.build_default((2,), latent_dim=2, width=8)  # points of the plane
        >>> model.compile()
        >>> points = model.sample(3, seed=1)
        >>> points.shape, model.encode(points).shape
        ((3, 2), (3, 2))
    """

    codes_per_image = 2

    @classmethod
    def build_default(
        cls,
        image_shape: tuple[int, ...] = (32, 32, 3),
        latent_dim: int = 64,
        width: int | None = None,
        mean_image=None,
        **kwargs,
    ) -> "ALI":
        """The paper's networks for CIFAR-10, or those of its authors for points.

        Args:
            image_shape: (height, width, channels), square with a side of 20, 24, 28, ...; or
                (dimensions,) for points, as of the paper's grid of 25 Gaussians.
            latent_dim: Length of the latents; the grid has 2.
            width: Channels of the largest maps, 32 by default, or units of encoder and decoder, 400
                by default.
            mean_image: The mean of the data in [-1, 1]. If given, the untrained decoder starts
                there, as the authors' does. For images only.
            **kwargs: Passed to the constructor.

        Raises:
            ValueError: For a size that the networks cannot have.
        """
        if len(image_shape) == 1:
            width = 400 if width is None else width
            return cls(
                ali_dense_encoder(image_shape, latent_dim, width),
                ali_dense_decoder(image_shape, latent_dim, width),
                ali_dense_discriminator(image_shape, latent_dim, width // 2),
                **kwargs,
            )
        width = 32 if width is None else width
        return cls(
            ali_encoder(image_shape, latent_dim, width),
            ali_decoder(image_shape, latent_dim, width, mean_image),
            ali_discriminator(image_shape, latent_dim, width),
            **kwargs,
        )

    def default_optimizers(self):
        """Adam, rate 1e-4, beta_1 0.5, for both players."""
        return {player: keras.optimizers.Adam(1e-4, beta_1=0.5) for player in self.players}

    def code(self, images, training, noise):
        """A draw of q(z|x) for each image."""
        mean, log_variance = super().code(images, training, noise)
        return mean + ops.exp(log_variance / 2) * noise.normal(ops.shape(mean))

    def judge(self, pairs: Pairs, training: bool):
        """The logits of both kinds of pairs, in one batch."""
        both = (
            ops.concatenate([pairs.real, pairs.fake]),
            ops.concatenate([pairs.codes, pairs.latents]),
        )
        return ops.split(self.discriminator(list(both), training=training), 2)

    def _encode(self, images):
        mean, _ = self._network("encoder", False)(images, training=False)
        return {"latents": mean}
