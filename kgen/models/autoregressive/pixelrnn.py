"""PixelRNN (van den Oord et al. 2016)."""

import keras

from kgen.models.autoregressive.images import AutoregressiveImageModel, pixels_of
from kgen.networks import pixelrnn


@keras.saving.register_keras_serializable("kgen")
class PixelRNN(AutoregressiveImageModel):
    """LSTMs over the image predict each pixel: the Row LSTM, or the Diagonal BiLSTM.

    Van den Oord et al., *Pixel Recurrent Neural Networks*, 2016, sections 3.1 and 3.2. The Diagonal
    BiLSTM sees all pixels before; the Row LSTM a triangle of them, in fewer steps.

    Args:
        network: See `AutoregressiveImageModel`; `kgen.networks.pixelrnn` makes both.
        **kwargs: See `AutoregressiveImageModel`.

    Example:

        >>> model = PixelRNN.build_default((8, 8, 1), recurrence="row", width=4, blocks=1)
        >>> model.compile()
        >>> model.sample(2, seed=1).shape
        (2, 8, 8, 1)
    """

    @classmethod
    def build_default(
        cls,
        image_shape: tuple[int, int, int] = (28, 28, 1),
        recurrence: str = "diagonal",
        width: int = 16,
        blocks: int = 7,
        likelihood: str = "bernoulli",
        binarization: str = "dynamic",
        **kwargs,
    ) -> "PixelRNN":
        """The paper's network for images of `image_shape`; by default that for MNIST.

        Args:
            image_shape: (height, width, channels).
            recurrence: `"row"` or `"diagonal"`.
            width: Units of each LSTM.
            blocks: LSTM layers.
            likelihood: `"bernoulli"` (binary pixels) or `"categorical"` (8-bit levels).
            binarization: See `kgen.models.binarization`.
            **kwargs: Passed to the constructor.

        Raises:
            ValueError: For an unknown name.
        """
        likelihood = cls.choose_likelihood(likelihood)
        outputs = pixels_of(likelihood, image_shape[-1], binarization).parameters
        return cls(
            pixelrnn(image_shape, outputs, recurrence, width, blocks),
            likelihood=likelihood,
            binarization=binarization,
            **kwargs,
        )

    def default_optimizers(self):
        """Adam, rate 1e-3, each gradient's entries clipped to [-1, 1].

        The paper has RMSProp at a rate tuned by hand; this is a recipe known to work on MNIST.
        """
        return {"model": keras.optimizers.Adam(1e-3, clipvalue=1.0)}
