"""The PatchGAN discriminator of any patch (Isola et al. 2017, appendix 6.1.2)."""

import keras
from keras import layers

from kgen.networks.instance import normalise, weights


def patchgan(
    image_shape: tuple[int | None, int | None, int],
    width: int = 64,
    downsamplings: int = 3,
    affine: bool = False,
    name: str = "discriminator",
) -> keras.Model:
    """Images to a map of logits, each judging one patch.

    `C64-C128-C256-C512` and a last convolution to one channel, all 4x4 with leaky ReLU of slope
    0.2; three strides of 2 give patches of 70 x 70 pixels. Without any stride it is the paper's
    PixelGAN, `C64-C128` of 1x1 convolutions, which judges each pixel alone.

    Args:
        image_shape: Of the input; height and width may be `None`.
        width: Channels of the first map; later ones double, up to 8 times.
        downsamplings: How many convolutions have stride 2; the patch's side is 1 with none, 16 with
            one, 34 with two, 70 with three, 142 with four, 286 with five.
        affine: Whether the instance normalisation has a gain and a shift, and then no convolution a
            bias, as in the code of pix2pix; without, as in CycleGAN's.
        name: Name of the network.

    Returns:
        A model to (n, rows, columns, 1).

    Raises:
        ValueError: If the image is too small for so many convolutions, or their number negative.

    Example:

        >>> patchgan((256, 256, 3)).output_shape
        (None, 30, 30, 1)
        >>> patchgan((256, 256, 3), downsamplings=0).output_shape
        (None, 256, 256, 1)
    """
    if downsamplings < 0:
        raise ValueError(f"downsamplings must be 0 or more, got {downsamplings}.")
    smallest = 2 ** (downsamplings + 1) + 2**downsamplings if downsamplings else 1
    if any(side is not None and side < smallest for side in image_shape[:2]):
        raise ValueError(
            f"a PatchGAN with {downsamplings} downsamplings needs images of at least "
            f"{smallest} x {smallest}, not {image_shape[0]} x {image_shape[1]}: use fewer."
        )
    kernel, convolutions = (4, downsamplings + 1) if downsamplings else (1, 2)

    def padded(x):
        # The authors pad every convolution by one pixel, also the last two, of stride 1.
        return layers.ZeroPadding2D(1)(x) if downsamplings else x

    images = keras.Input(image_shape, name="images")
    x = images
    for i in range(convolutions):
        # Normalisation removes any constant, so only the first convolution can have a bias.
        x = layers.Conv2D(
            width * min(2**i, 8),
            kernel,
            2 if i < downsamplings else 1,
            use_bias=i == 0 and not affine,
            kernel_initializer=weights(),
        )(padded(x))
        x = layers.LeakyReLU(0.2)(normalise(x, affine) if i else x)
    last = layers.Conv2D(
        1,
        kernel,
        use_bias=not affine,
        kernel_initializer=weights(),
        dtype="float32",
        name="logits",
    )
    return keras.Model(images, last(padded(x)), name=name)
