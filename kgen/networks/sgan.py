"""The networks of Salimans et al. 2016 for semi-supervised learning, after their authors' code."""

import keras
from keras import layers

from kgen.layers import Dropout, GaussianNoise, WeightNormalization
from kgen.networks.features import FEATURES
from kgen.networks.sizes import doublings

_WIDTHS = (1000, 500, 250, 250, 250)


def _normal(deviation: float = 0.05):
    return keras.initializers.RandomNormal(0.0, deviation)


def _fixed(layer: layers.Layer, **kwargs) -> layers.Layer:
    """Weight normalisation whose scale is set by the first batch and then stays."""
    return WeightNormalization(layer, train_scale=False, **kwargs)


def noisy_logits(x, classes: int, widths, activation: str, input_noise: float, noise: float):
    """Weight-normalised dense layers with Gaussian noise before each, and logits at the end.

    Args:
        x: Symbolic (n, inputs).
        classes: How many logits; only their layer's scale is trained.
        widths: Of the hidden layers; the last one, before its noise, is the features.
        activation: Of the hidden layers.
        input_noise: Standard deviation of the noise on the inputs.
        noise: That of the noise on hidden layers.
    """
    for i, width in enumerate(widths):
        x = GaussianNoise(noise if i else input_noise)(x)
        dense = layers.Dense(width, activation, kernel_initializer=_normal(0.1))
        last = i == len(widths) - 1
        x = _fixed(dense, name=FEATURES if last else None)(x)
    x = GaussianNoise(noise)(x)
    return WeightNormalization(
        layers.Dense(classes, kernel_initializer=_normal(0.1), dtype="float32"), dtype="float32"
    )(x)


def softplus_layers(latents, width: int):
    """Two softplus layers with batch normalisation (no gain), of latents in [-1, 1).

    The authors' latents are uniform in [0, 1): the layers begin by moving them there.
    """
    x = layers.Rescaling(0.5, 0.5)(latents)
    for _ in range(2):
        x = layers.Dense(width, use_bias=False)(x)
        x = layers.BatchNormalization(momentum=0.9, epsilon=1e-6, scale=False)(x)
        x = layers.Activation("softplus")(x)
    return x


def sgan_dense_discriminator(
    image_shape: tuple[int, int, int],
    classes: int,
    widths: tuple[int, ...] = _WIDTHS,
    input_noise: float = 0.3,
    noise: float = 0.5,
) -> keras.Model:
    """Images (n, *image_shape) to logits (n, classes): the discriminator for MNIST.

    Dense ReLU layers with weight normalisation, Gaussian noise before each. Only the last layer's
    scale is trained. The features are the last hidden layer, before its noise.

    Args:
        image_shape: (height, width, channels).
        classes: How many.
        widths: Of the hidden layers.
        input_noise: Standard deviation of the noise on the images, of which the range is 1 here.
        noise: Standard deviation of the noise on hidden layers.

    Example:

        >>> sgan_dense_discriminator((28, 28, 1), 10).output_shape
        (None, 10)
    """
    images = keras.Input(image_shape, name="images")
    x = layers.Flatten()(layers.Rescaling(0.5, 0.5)(images))
    logits = noisy_logits(x, classes, widths, "relu", input_noise, noise)
    return keras.Model(images, logits, name="discriminator")


def sgan_dense_generator(
    image_shape: tuple[int, int, int], latent_dim: int = 100, width: int = 500
) -> keras.Model:
    """Latents (n, latent_dim), uniform in [-1, 1), to images (n, *image_shape): for MNIST.

    `softplus_layers`, then a weight-normalised sigmoid, whose (0, 1) is brought to the images'
    range.

    Args:
        image_shape: (height, width, channels).
        latent_dim: Length of the latents.
        width: Of the hidden layers.

    Example:

        >>> sgan_dense_generator((28, 28, 1)).output_shape
        (None, 28, 28, 1)
    """
    height, width_, channels = image_shape
    latents = keras.Input((latent_dim,), name="latents")
    x = softplus_layers(latents, width)
    pixels = layers.Dense(height * width_ * channels, "sigmoid", dtype="float32")
    x = WeightNormalization(pixels, initial_deviation=None, dtype="float32")(x)
    x = layers.Rescaling(2.0, -1.0, dtype="float32")(x)
    images = layers.Reshape(image_shape, dtype="float32")(x)
    return keras.Model(latents, images, name="generator")


def sgan_conv_discriminator(
    image_shape: tuple[int, int, int], classes: int, width: int = 96
) -> keras.Model:
    """Images (n, *image_shape) to logits (n, classes): the discriminator for CIFAR-10.

    Nine convolutions with weight normalisation and leaky ReLU of slope 0.2 in three groups of
    three, dropout of 0.2 on the images and of 0.5 after the first two groups, and an average over
    all places, which are the features. Only the last layer's scale is trained.

    Args:
        image_shape: (height, width, channels), sides from 9 on.
        classes: How many.
        width: Channels of the first group; the others have twice as many. 96 is the paper's.

    Example:

        >>> sgan_conv_discriminator((32, 32, 3), 10).output_shape
        (None, 10)
    """
    images = keras.Input(image_shape, name="images")
    x = Dropout(0.2)(images)
    wide = 2 * width
    plan = [(width, 3, 1), (width, 3, 1), (width, 3, 2), None]
    plan += [(wide, 3, 1), (wide, 3, 1), (wide, 3, 2), None]
    plan += [(wide, 3, "valid"), (wide, 1, 1), (wide, 1, 1)]
    for stage in plan:
        if stage is None:
            x = Dropout(0.5)(x)
            continue
        channels, size, stride = stage
        stride, padding = (1, "valid") if stride == "valid" else (stride, "same")
        convolution = layers.Conv2D(
            channels, size, stride, padding, kernel_initializer=_normal(), activation=None
        )
        x = layers.LeakyReLU(0.2)(_fixed(convolution)(x))
    x = layers.GlobalAveragePooling2D(name=FEATURES)(x)
    logits = WeightNormalization(
        layers.Dense(classes, kernel_initializer=_normal(), dtype="float32"),
        initial_deviation=0.1,
        dtype="float32",
    )
    return keras.Model(images, logits(x), name="discriminator")


def sgan_conv_generator(
    image_shape: tuple[int, int, int], latent_dim: int = 100, width: int = 128
) -> keras.Model:
    """Latents (n, latent_dim), uniform in [-1, 1), to images (n, *image_shape): for CIFAR-10.

    A projection to a small map, then 5x5 transposed convolutions of stride 2; batch normalisation
    (no gain) and ReLU, at the end weight normalisation and tanh.

    Args:
        image_shape: Square, with a side of 4 or 7 times a power of two.
        latent_dim: Length of the latents.
        width: Channels of the largest hidden map; each smaller one has twice as many.

    Raises:
        ValueError: For a side that doubling cannot make.

    Example:

        >>> sgan_conv_generator((32, 32, 3)).output_shape
        (None, 32, 32, 3)
    """
    root, times = doublings(image_shape)
    widths = [width * 2**i for i in reversed(range(times))]

    def normalized(x):
        x = layers.BatchNormalization(momentum=0.9, epsilon=1e-6, scale=False)(x)
        return layers.ReLU()(x)

    latents = keras.Input((latent_dim,), name="latents")
    x = layers.Rescaling(0.5, 0.5)(latents)
    x = layers.Dense(root * root * widths[0], use_bias=False, kernel_initializer=_normal())(x)
    x = layers.Reshape((root, root, widths[0]))(normalized(x))
    for channels in widths[1:]:
        x = layers.Conv2DTranspose(
            channels, 5, 2, "same", use_bias=False, kernel_initializer=_normal()
        )(x)
        x = normalized(x)
    last = layers.Conv2DTranspose(
        image_shape[-1], 5, 2, "same", activation="tanh", kernel_initializer=_normal(),
        dtype="float32",
    )  # fmt: skip
    images = WeightNormalization(last, initial_deviation=0.1, dtype="float32")(x)
    return keras.Model(latents, images, name="generator")
