"""PixelCNN (van den Oord et al. 2016)."""

import keras

from kgen.models.autoregressive.images import AutoregressiveImageModel, pixels_of
from kgen.networks import pixelcnn


@keras.saving.register_keras_serializable("kgen")
class PixelCNN(AutoregressiveImageModel):
    """Masked convolutions predict each pixel from those above and to the left.

    Van den Oord et al., *Pixel Recurrent Neural Networks*, 2016, section 3.4. In training all
    pixels of an image are predicted at once. The stack of square masks has a blind spot above on
    the right, which the Gated PixelCNN closes.

    Args:
        network: See `AutoregressiveImageModel`; for several channels with masks between them, as
            `kgen.networks.pixelcnn` has.
        **kwargs: See `AutoregressiveImageModel`.

    Example:

        >>> model = PixelCNN.build_default(image_shape=(8, 8, 1), width=4, blocks=1)
        >>> model.compile()
        >>> x = model.sample(2, seed=1)
        >>> x.shape, sorted(set(x.ravel().tolist())), model.log_prob(x).shape
        ((2, 8, 8, 1), [-1.0, 1.0], (2,))
    """

    @classmethod
    def build_default(
        cls,
        image_shape: tuple[int, int, int] = (28, 28, 1),
        width: int = 32,
        blocks: int = 7,
        likelihood: str = "bernoulli",
        binarization: str = "dynamic",
        **kwargs,
    ) -> "PixelCNN":
        """The paper's network for images of `image_shape`.

        Args:
            image_shape: (height, width, channels).
            width: Channels inside the residual blocks; 128 for CIFAR-10.
            blocks: Residual blocks; 15 for CIFAR-10.
            likelihood: `"bernoulli"` (binary pixels) or `"categorical"` (8-bit levels).
            binarization: See `kgen.models.binarization`.
            **kwargs: Passed to the constructor.

        Raises:
            ValueError: For an unknown name.
        """
        likelihood = cls.choose_likelihood(likelihood)
        outputs = pixels_of(likelihood, image_shape[-1], binarization).parameters
        return cls(
            pixelcnn(image_shape, outputs, width, blocks),
            likelihood=likelihood,
            binarization=binarization,
            **kwargs,
        )

    def default_optimizers(self):
        """Adam, rate 1e-3 (the paper: RMSProp at a rate tuned by hand)."""
        return {"model": keras.optimizers.Adam(1e-3)}
