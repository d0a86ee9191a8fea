"""Denoising autoencoder (Vincent, Larochelle, Bengio & Manzagol 2008; Vincent et al. 2010)."""

import keras
import numpy as np
from keras import ops

from kgen.models.autoencoding.ae import AE
from kgen.models.autoencoding.corruption import check_corruption, corrupt
from kgen.training import Noise


@keras.saving.register_keras_serializable("kgen")
class DenoisingAE(AE):
    """An autoencoder that gives back clean images from corrupted ones.

    Vincent, Larochelle, Bengio & Manzagol, *Extracting and Composing Robust Features with Denoising
    Autoencoders*, 2008, and Vincent et al., *Stacked Denoising Autoencoders*, 2010. With `x'` drawn
    from the corruption of `x` anew each time it is seen, the loss is

        E L(x, decoder(encoder(x')))                                              (2008, eq. 5)

    or, emphasised (2010, eq. 8), `alpha` times the errors of corrupted pixels and `beta` times
    those of the others. Gaussian noise is for squared errors, masking and salt-and-pepper for
    either distance. In evaluation images are corrupted as well; `encode` and `reconstruct` take
    them as they are given, so that `reconstruct(corrupt(images))` denoises.

    Args:
        encoder: See `AE`.
        decoder: See `AE`.
        corruption: `"gaussian"`, `"masking"` or `"salt_and_pepper"`.
        level: The deviation on the scale of [-1, 1], or the share of the pixels.
        emphasis: `(alpha, beta)`.
        **kwargs: See `AE`; `distance` is `"cross_entropy"` if it is not given.

    Raises:
        ValueError: For an unknown corruption, a level or an emphasis that it cannot have.

    Example:

        >>> model = DenoisingAE.build_default((8, 8, 1), latent_dim=10, level=0.5)
        >>> white = np.ones((1, 8, 8, 1))
        >>> sorted(set(model.corrupt(white, seed=0).ravel().tolist()))
        [-1.0, 1.0]
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        *,
        corruption: str = "masking",
        level: float = 0.25,
        emphasis: tuple[float, float] = (1.0, 1.0),
        **kwargs,
    ):
        super().__init__(encoder, decoder, **{"distance": "cross_entropy", **kwargs})
        check_corruption(corruption, level)
        self.corruption, self.level, self.emphasis = corruption, level, tuple(emphasis)
        if min(self.emphasis) < 0 or (corruption == "gaussian" and len(set(self.emphasis)) > 1):
            raise ValueError(
                "emphasis takes two weights of at least 0, equal ones for Gaussian noise, which "
                f"spares no pixel; got {self.emphasis}."
            )

    @classmethod
    def build_default(
        cls,
        image_shape: tuple[int, int, int] = (28, 28, 1),
        latent_dim: int = 1000,
        architecture: str = "sigmoid",
        tied: bool | None = None,
        **kwargs,
    ) -> "DenoisingAE":
        """The paper's network: one layer of sigmoids, whose kernel also decodes.

        Args:
            image_shape: See `AE.build_default`.
            latent_dim: Length of the latents; may be more than the pixels.
            architecture: See `AE.build_default`.
            tied: See `AE.build_default`; `None` ties where it can be.
            **kwargs: See `AE.build_default`.

        Raises:
            ValueError: See `AE.build_default`.
        """
        tied = architecture in ("linear", "sigmoid") if tied is None else tied
        return super().build_default(image_shape, latent_dim, architecture, tied, **kwargs)

    def reconstruction_loss(self, images, noise, training: bool):
        """The mean weighted error of clean images, given corrupted ones."""
        seen, chosen = corrupt(images, self.corruption, self.level, noise)
        alpha, beta = self.emphasis
        errors = self.errors(images, self.through(seen, training))
        return ops.mean((alpha * chosen + beta * (1 - chosen)) * errors)

    def corrupt(self, images, seed: int | None = None) -> np.ndarray:
        """Images as the encoder sees them in training, kept in [-1, 1].

        Args:
            images: (n, height, width, channels) in [-1, 1].
            seed: The same seed corrupts in the same way.
        """
        noise = Noise(keras.random.SeedGenerator(seed))
        images = ops.convert_to_tensor(np.asarray(images, "float32"))
        seen, _ = corrupt(images, self.corruption, self.level, noise)
        return ops.convert_to_numpy(ops.clip(seen, -1.0, 1.0))

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "corruption": self.corruption,
            "level": self.level,
            "emphasis": self.emphasis,
        }
