"""The networks of BiGAN-QP (Su 2018): DCGAN's, with all channels and two ways into the critic."""

import keras
from keras import layers

from kgen.networks.sizes import doublings

# As in the author's code Keras's own initializers and batch normalisation. Its moving averages
# follow faster here, so that short runs can be looked at: 0.9 in place of 0.99.


def _normalise(x):
    return layers.BatchNormalization(momentum=0.9)(x)


def _widths(image_shape, width: int) -> list[int]:
    """Channels from the largest map to the smallest, doubled each time."""
    _, times = doublings(image_shape)
    return [width * 2**i for i in range(times)]


def _features(images, latent_dim: int, width: int, use_bias: bool, name: str):
    """Of images (n, height, width, channels): (n, latent_dim)."""
    x = images
    for i, channels in enumerate(_widths(images.shape[1:], width)):
        x = layers.Conv2D(channels, 5, 2, "same", use_bias=use_bias)(x)
        x = layers.LeakyReLU(0.2)(_normalise(x) if i else x)
    return layers.Dense(latent_dim, use_bias=use_bias, dtype="float32", name=name)(
        layers.Flatten()(x)
    )


def biganqp_encoder(
    image_shape: tuple[int, int, int], latent_dim: int = 128, width: int = 64
) -> keras.Model:
    """Images to codes (n, latent_dim).

    5x5 convolutions of stride 2 down to a side of 4 or 7, with batch normalisation (but for the
    first) and leaky ReLU of slope 0.2.

    Args:
        image_shape: Square, with a side of 4 or 7 times a power of two.
        latent_dim: Length of a code.
        width: Channels of the largest map; each smaller one has twice as many, without an upper
            limit: 1,024 at 4 x 4 for images of 128 pixels, 2,048 for 256.

    Raises:
        ValueError: For a side that halving does not bring to 4 or 7.

    Example:

        >>> biganqp_encoder((32, 32, 3), width=4).output_shape
        (None, 128)
    """
    images = keras.Input(image_shape, name="images")
    codes = _features(images, latent_dim, width, True, "codes")
    return keras.Model(images, codes, name="encoder")


def biganqp_decoder(
    image_shape: tuple[int, int, int], latent_dim: int = 128, width: int = 64
) -> keras.Model:
    """Latents (n, latent_dim) to images in [-1, 1]: the encoder's mirror image, with ReLU and tanh.

    Example:

        >>> biganqp_decoder((32, 32, 3), width=4).output_shape
        (None, 32, 32, 3)
    """
    root, _ = doublings(image_shape)
    widths = _widths(image_shape, width)
    latents = keras.Input((latent_dim,), name="latents")
    x = layers.Dense(root * root * widths[-1])(latents)
    x = layers.Reshape((root, root, widths[-1]))(layers.ReLU()(_normalise(x)))
    for channels in reversed(widths[:-1]):
        x = layers.Conv2DTranspose(channels, 5, 2, "same")(x)
        x = layers.ReLU()(_normalise(x))
    last = layers.Conv2DTranspose(
        image_shape[-1], 5, 2, "same", activation="tanh", dtype="float32", name="images"
    )
    return keras.Model(latents, last(x), name="decoder")


def biganqp_discriminator(
    image_shape: tuple[int, int, int], latent_dim: int = 128, width: int = 64, hidden: int = 1024
) -> keras.Model:
    """Images and latents to scores (n, 1), without a bias but those of batch normalisation.

    An encoder of its own makes latent_dim numbers of the image; with the latents beside them they
    go through two layers of `hidden` units with leaky ReLU of slope 0.2.

    Example:

        >>> biganqp_discriminator((32, 32, 3), width=4).output_shape
        (None, 1)
    """
    images = keras.Input(image_shape, name="images")
    latents = keras.Input((latent_dim,), name="latents")
    x = _features(images, latent_dim, width, False, "features_of_images")
    x = layers.Concatenate()([x, latents])
    for _ in range(2):
        x = layers.LeakyReLU(0.2)(layers.Dense(hidden, use_bias=False)(x))
    scores = layers.Dense(1, use_bias=False, dtype="float32", name="scores")(x)
    return keras.Model([images, latents], scores, name="discriminator")
