"""AC-GAN's networks for CIFAR-10 (Odena, Olah & Shlens 2017, appendix A, table 2)."""

import keras
from keras import layers

from kgen.layers import Dropout
from kgen.networks.dcgan import dcgan_generator
from kgen.networks.labels import joined, one_hot


def acgan_generator(
    image_shape: tuple[int, int, int], classes: int, latent_dim: int = 100, width: int = 96
) -> keras.Model:
    """`[latents, labels]` to images: DCGAN's generator of the latents joined with the label.

    At 32 pixels and the paper's width a map of 4 x 4 with 384 channels is doubled three times.

    Args:
        image_shape: Square, with a side of 4 or 7 times a power of two.
        classes: How many classes there are.
        latent_dim: Length of the latent vectors.
        width: Channels of the last hidden map.

    Raises:
        ValueError: For a side that doubling cannot make.

    Example:

        >>> acgan_generator((32, 32, 3), 10).output_shape
        (None, 32, 32, 3)
    """
    latents = keras.Input((latent_dim,), name="latents")
    labels = keras.Input((), dtype="int32", name="labels")
    of_both = dcgan_generator(image_shape, latent_dim + classes, width)
    images = of_both(joined(latents, one_hot(labels, classes)))
    return keras.Model([latents, labels], images, name="generator")


def acgan_discriminator(image_shape: tuple[int, int, int], width: int = 16) -> keras.Model:
    """Images to logits (n, 1): six 3x3 convolutions, each with twice the channels of the last.

    Every other one has stride 2, beginning with the first. Leaky ReLU of slope 0.2, batch
    normalisation in all but the first, dropout of a half after each.

    Args:
        image_shape: (height, width, channels).
        width: Channels of the first map.

    Example:

        >>> acgan_discriminator((32, 32, 3)).layers[-1].input.shape
        (None, 8192)
    """
    images = keras.Input(image_shape, name="images")
    x = images
    for i in range(6):
        convolution = layers.Conv2D(
            width * 2**i,
            3,
            1 if i % 2 else 2,
            "same",
            use_bias=not i,
            kernel_initializer=keras.initializers.RandomNormal(0.0, 0.02),
        )
        x = convolution(x)
        if i:
            x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)
        x = Dropout(0.5)(layers.LeakyReLU(0.2)(x))
    logits = layers.Dense(
        1,
        dtype="float32",
        kernel_initializer=keras.initializers.RandomNormal(0.0, 0.02),
        name="logits",
    )
    return keras.Model(images, logits(layers.Flatten()(x)), name="discriminator")


def linear_head(discriminator: keras.Model, units: int, name: str = "classifier") -> keras.Model:
    """A dense layer on what a discriminator's last layer sees: (n, features) to (n, units).

    Example:

        >>> linear_head(acgan_discriminator((32, 32, 3)), 10).count_params()
        81930
    """
    features = keras.Input((discriminator.layers[-1].input.shape[-1],), name="features")
    last = layers.Dense(
        units,
        dtype="float32",
        kernel_initializer=keras.initializers.RandomNormal(0.0, 0.02),
        name=f"{name}_logits",
    )
    return keras.Model(features, last(features), name=name)
