"""Gated PixelCNN (van den Oord et al. 2016)."""

import keras

from kgen.models.autoregressive.images import AutoregressiveImageModel, pixels_of
from kgen.networks import gated_pixelcnn


@keras.saving.register_keras_serializable("kgen")
class GatedPixelCNN(AutoregressiveImageModel):
    """Two gated stacks, one of the rows above and one of the row itself; if wished by class.

    Van den Oord et al., *Conditional Image Generation with PixelCNN Decoders*, 2016. Its unit is
    `y = tanh(W_f * x + V_f h) sigmoid(W_g * x + V_g h)` (eq. 4), where `h` says the class.

    Args:
        network: See `AutoregressiveImageModel`; `kgen.networks.gated_pixelcnn` has the masks.
        **kwargs: See `AutoregressiveImageModel`; with `classes` data are `(images, labels)`.

    Example:

        >>> model = GatedPixelCNN.build_default((8, 8, 1), width=4, blocks=1, classes=10)
        >>> model.compile()
        >>> model.sample(2, labels=[3, 7], seed=1).shape
        (2, 8, 8, 1)
    """

    @classmethod
    def build_default(
        cls,
        image_shape: tuple[int, int, int] = (28, 28, 1),
        width: int = 32,
        blocks: int = 7,
        classes: int | None = None,
        likelihood: str = "bernoulli",
        binarization: str = "dynamic",
        **kwargs,
    ) -> "GatedPixelCNN":
        """The paper's network for images of `image_shape`.

        Args:
            image_shape: (height, width, channels).
            width: Channels of both stacks.
            blocks: 3x3 blocks after the first one of 7x7.
            classes: How many classes the images have; `None` for a model without.
            likelihood: `"bernoulli"` (binary pixels) or `"categorical"` (8-bit levels).
            binarization: See `kgen.models.binarization`.
            **kwargs: Passed to the constructor.

        Raises:
            ValueError: For an unknown name.
        """
        likelihood = cls.choose_likelihood(likelihood)
        outputs = pixels_of(likelihood, image_shape[-1], binarization).parameters
        return cls(
            gated_pixelcnn(image_shape, outputs, width, blocks, classes),
            likelihood=likelihood,
            binarization=binarization,
            classes=classes,
            **kwargs,
        )

    def default_optimizers(self):
        """Adam, rate 1e-3."""
        return {"model": keras.optimizers.Adam(1e-3)}
