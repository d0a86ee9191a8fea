"""PixelCNN++ (Salimans et al. 2017)."""

import keras
import numpy as np

from kgen.layers import initialize_from_data
from kgen.losses import logistic_mixture_size
from kgen.models.autoregressive.images import AutoregressiveImageModel
from kgen.networks import pixelcnn_plus_plus


@keras.saving.register_keras_serializable("kgen")
class PixelCNNPlusPlus(AutoregressiveImageModel):
    """8-bit pixels as mixtures of discretised logistics, from two streams at three resolutions.

    Salimans, Karpathy, Chen & Kingma, *PixelCNN++*, 2017. All channels of a pixel are drawn from
    one component of the mixture (`kgen.losses.logistic_mixture_log_prob`), each given those before
    it; so one pass of the network is enough for a pixel.

    Args:
        network: See `AutoregressiveImageModel`; it must see no channel of the pixel itself.
        **kwargs: See `AutoregressiveImageModel`.

    Example:

        >>> model = PixelCNNPlusPlus.build_default((8, 8, 3), width=4, blocks=1, components=2)
        >>> model.compile()
        >>> x = model.sample(2, seed=1)
        >>> x.shape, model.log_prob(x).shape
        ((2, 8, 8, 3), (2,))
    """

    likelihoods = ("logistic",)
    inference_mode = "dropout is off, and the weights are their moving averages"

    @classmethod
    def build_default(
        cls,
        image_shape: tuple[int, int, int] = (32, 32, 3),
        width: int = 160,
        blocks: int = 5,
        resolutions: int = 3,
        components: int = 10,
        dropout: float = 0.5,
        first_images=None,
        ema_momentum: float | None = 0.9995,
        **kwargs,
    ) -> "PixelCNNPlusPlus":
        """The paper's network for images of `image_shape`.

        Args:
            image_shape: (height, width, channels), sides divisible by `2 ** (resolutions - 1)`.
            width: Channels of both streams.
            blocks: Gated residual blocks at each resolution on the way down.
            resolutions: How many, each half the one before.
            components: Of the mixture.
            dropout: In each block.
            first_images: A batch of training images in [-1, 1], from which the scales and biases of
                the weight-normalised layers are set. Without it they start at one and zero.
            ema_momentum: Of the averaged weights that sample and evaluate.
            **kwargs: Passed to the constructor.

        Raises:
            ValueError: For sides that cannot be halved.
        """
        outputs = components * logistic_mixture_size(image_shape[-1])
        network = pixelcnn_plus_plus(image_shape, outputs, width, blocks, resolutions, dropout)
        if first_images is not None:
            initialize_from_data(network, np.asarray(first_images, "float32"))
        return cls(network, ema_momentum=ema_momentum, **kwargs)

    def default_optimizers(self):
        """Adam with the authors' momenta; the rate falls from 1e-3 by a factor 0.999995 a step."""
        rate = keras.optimizers.schedules.ExponentialDecay(1e-3, 1, 0.999995)
        return {"model": keras.optimizers.Adam(rate, beta_1=0.95, beta_2=0.9995)}
