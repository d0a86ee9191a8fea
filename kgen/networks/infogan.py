"""InfoGAN's networks for MNIST (Chen et al. 2016, appendix C.1, and the authors' code)."""

import keras
from keras import layers

_SLOPE = 0.01  # of leaky ReLU, in the code; 0.1 in the text


def _weights() -> dict:
    # A new initializer for each layer: one object gives equal shapes equal values.
    return {"kernel_initializer": keras.initializers.RandomNormal(0.0, 0.02)}


def _normalise(x):
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)


def infogan_generator(
    image_shape: tuple[int, int, int], latent_dim: int, width: int = 64
) -> keras.Model:
    """Latents and codes, (n, latent_dim) together, to images in [-1, 1].

    Dense layers of 1024 and of a map a quarter as large as the image, then two 4x4 transposed
    convolutions of stride 2; batch normalisation and ReLU. The authors' output is a sigmoid in
    (0, 1); `tanh(a / 2)` is the same in (-1, 1).

    Args:
        image_shape: Sides that 4 divides; the authors' is (28, 28, 1).
        latent_dim: Length of latents and codes, the categorical ones one-hot.
        width: Channels of the last hidden map; the first has twice and the dense layer 16 times as
            many. 64 is theirs.

    Raises:
        ValueError: For a side that 4 does not divide.

    Example:

        >>> infogan_generator((28, 28, 1), 74).output_shape
        (None, 28, 28, 1)
    """
    height, wide, channels = _sides(image_shape)
    latents = keras.Input((latent_dim,), name="latents")
    x = layers.Dense(16 * width, use_bias=False, **_weights())(latents)
    x = layers.ReLU()(_normalise(x))
    x = layers.Dense(height * wide * 2 * width, use_bias=False, **_weights())(x)
    x = layers.Reshape((height, wide, 2 * width))(layers.ReLU()(_normalise(x)))
    x = layers.Conv2DTranspose(width, 4, 2, "same", use_bias=False, **_weights())(x)
    x = layers.ReLU()(_normalise(x))
    x = layers.Conv2DTranspose(channels, 4, 2, "same", dtype="float32", **_weights())(x)
    x = layers.Rescaling(0.5, dtype="float32")(x)
    images = layers.Activation("tanh", dtype="float32", name="images")(x)
    return keras.Model(latents, images, name="generator")


def infogan_discriminator(image_shape: tuple[int, int, int], width: int = 64) -> keras.Model:
    """Images to logits (n, 1): two 4x4 convolutions of stride 2 and a dense layer of 1024.

    That dense layer is what `infogan_recognition` reads.

    Args:
        image_shape: As for `infogan_generator`.
        width: As there.

    Raises:
        ValueError: For a side that 4 does not divide.

    Example:

        >>> infogan_discriminator((28, 28, 1)).layers[-1].input.shape
        (None, 1024)
    """
    _sides(image_shape)
    images = keras.Input(image_shape, name="images")
    x = layers.Conv2D(width, 4, 2, "same", **_weights())(images)
    x = layers.LeakyReLU(_SLOPE)(x)
    x = layers.Conv2D(2 * width, 4, 2, "same", use_bias=False, **_weights())(x)
    x = layers.Flatten()(layers.LeakyReLU(_SLOPE)(_normalise(x)))
    x = layers.Dense(16 * width, use_bias=False, **_weights())(x)
    x = layers.LeakyReLU(_SLOPE)(_normalise(x))
    logits = layers.Dense(1, dtype="float32", name="logits", **_weights())(x)
    return keras.Model(images, logits, name="discriminator")


def infogan_recognition(features: int, parameters: int, width: int = 128) -> keras.Model:
    """The discriminator's features (n, features) to the parameters of Q (n, parameters).

    Args:
        features: How many there are.
        parameters: See `kgen.models.InfoGAN`.
        width: Of the hidden layer.

    Example:

        >>> infogan_recognition(1024, 12).output_shape
        (None, 12)
    """
    x = inputs = keras.Input((features,), name="features")
    x = layers.Dense(width, use_bias=False, **_weights())(x)
    x = layers.LeakyReLU(_SLOPE)(_normalise(x))
    last = layers.Dense(parameters, dtype="float32", name="parameters", **_weights())
    return keras.Model(inputs, last(x), name="recognition")


def _sides(image_shape):
    height, wide, channels = image_shape
    if height % 4 or wide % 4:
        raise ValueError(
            f"InfoGAN's networks make images whose sides 4 divides, not {height} x {wide}: choose "
            "the nearest as image_size."
        )
    return height // 4, wide // 4, channels
