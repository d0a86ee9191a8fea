"""The masked convolution of PixelCNN and PixelRNN (van den Oord et al. 2016)."""

import keras
import numpy as np
from keras import ops

from kgen.layers.causal_convolution import CausalConv2D


@keras.saving.register_keras_serializable("kgen")
class MaskedConv2D(CausalConv2D):
    """A convolution that sees the pixels before, and of its own pixel the colours before.

    Van den Oord et al., *Pixel Recurrent Neural Networks*, 2016, section 3.4. The channels of a
    feature map belong to the image's colours, in equal and contiguous parts: R first, then G, then
    B. At its own pixel a colour sees those before it (mask `"A"`, on the image itself), and its own
    as well (mask `"B"`, on features). The rows below, which the mask would make zero, are not
    stored; a kernel of one row stores only what is to the left.

    Args:
        filters: Output channels.
        kernel_size: The side of the square kernel, or (height, width), odd and before masking.
        mask_type: `"A"` or `"B"`.
        colours: How many channels the image has.
        blocks: Into how many equal blocks the output channels fall, each with all the colours: 2
            for a gate beside its features, 4 for the gates of an LSTM.
        activation: As in Keras.
        use_bias: Whether to add one number per channel.
        kernel_initializer: As in Keras.

    Input shape (n, height, width, channels); output (n, height, width, filters).

    Raises:
        ValueError: For an unknown mask, an even kernel, or fewer channels than colours.

    Example:

        >>> x = ops.reshape(ops.array([1.0, 10.0]), (1, 1, 1, 2))  # one pixel of two colours
        >>> for mask_type in "AB":
        ...     layer = MaskedConv2D(2, 1, mask_type, colours=2, kernel_initializer="ones")
        ...     print([float(v) for v in ops.ravel(layer(x))])
        [0.0, 1.0]
        [1.0, 11.0]
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, int],
        mask_type: str,
        *,
        colours: int = 1,
        blocks: int = 1,
        activation=None,
        use_bias: bool = True,
        kernel_initializer="glorot_uniform",
        **kwargs,
    ):
        height, width = (kernel_size,) * 2 if isinstance(kernel_size, int) else kernel_size
        if mask_type not in ("A", "B"):
            raise ValueError(f"mask_type must be 'A' or 'B', got {mask_type!r}.")
        if height % 2 == 0 or width % 2 == 0:
            raise ValueError(f"a masked kernel has odd sides, got {(height, width)}.")
        if filters % blocks or filters // blocks < colours:
            raise ValueError(
                f"{filters} channels cannot be {blocks} equal blocks of at least {colours} colours."
            )
        one_row = height == 1
        super().__init__(
            filters,
            (height // 2 + 1, width // 2 + 1 if one_row else width),
            "left" if one_row else "centred",
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            **kwargs,
        )
        self.full_kernel_size = (height, width)
        self.mask_type = mask_type
        self.hides_last_colour = mask_type == "A"
        self.colours = colours
        self.blocks = blocks

    takes_rows = False
    reads_the_right = False

    def build(self, input_shape):
        """Makes the kernel, its mask and the bias."""
        if input_shape[-1] < self.colours:
            raise ValueError(
                f"an input of {input_shape[-1]} channels has no part for {self.colours} colours."
            )
        super().build(input_shape)
        self.mask = self._mask(input_shape[-1])

    def _mask(self, channels: int) -> np.ndarray:
        """1 for the weights that are used, 0 for the others; of the kernel's shape."""
        mask = np.ones((*self.kernel_size, channels, self.filters), "float32")
        size = self.filters // self.blocks
        seen = colour_of(channels, self.colours)[:, None]
        seeing = np.tile(colour_of(size, self.colours), self.blocks)[None]
        mask[-1, self.before] = seen < seeing if self.mask_type == "A" else seen <= seeing
        mask[-1, self.before + 1 :] = 0
        return mask

    def causal_kernel(self):
        """The kernel, with zeros where it may not look."""
        return ops.multiply(self.kernel, ops.convert_to_tensor(self.mask))

    def get_config(self) -> dict:
        """The constructor's arguments."""
        config = super().get_config()
        for fixed in ("columns", "down", "right", "strides"):
            del config[fixed]
        return {
            **config,
            "kernel_size": self.full_kernel_size,
            "mask_type": self.mask_type,
            "colours": self.colours,
            "blocks": self.blocks,
        }


def colour_of(channels: int, colours: int) -> np.ndarray:
    """To which colour each channel of a feature map belongs, int (channels,).

    Example:

        >>> colour_of(7, 3).tolist()
        [0, 0, 0, 1, 1, 2, 2]
    """
    return np.arange(channels) * colours // channels
