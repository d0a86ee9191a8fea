"""The dense networks of BiGAN for MNIST (Donahue et al. 2017, appendix C.1, and their code)."""

import math

import keras
from keras import layers

# As in the authors' code: weights from N(0, 0.02), no biases, batch normalisation without gain and
# offset, the discriminator's last layer from zero. Pixels and latents are theirs in [0, 1], by a
# sigmoid: 2 sigmoid(a) - 1 = tanh(a / 2).


def _dense(units: int, **kwargs) -> layers.Dense:
    # A new initializer for each layer: one object gives equal shapes equal values.
    initial = keras.initializers.RandomNormal(0.0, 0.02)
    return layers.Dense(units, use_bias=False, **{"kernel_initializer": initial, **kwargs})


def _normalise(x):
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5, center=False, scale=False)(x)


def _to_unit_range(x, units: int):
    x = layers.Rescaling(0.5, dtype="float32")(_dense(units, dtype="float32")(x))
    return layers.Activation("tanh", dtype="float32")(x)


def bigan_encoder(
    image_shape: tuple[int, int, int], latent_dim: int = 50, width: int = 1024
) -> keras.Model:
    """Images (n, *image_shape) to codes (n, latent_dim) in (-1, 1).

    Two hidden layers with leaky ReLU of slope 0.2, the second with batch normalisation.

    Args:
        image_shape: Any.
        latent_dim: Length of a code.
        width: Units of each hidden layer.

    Example:

        >>> bigan_encoder((28, 28, 1)).output_shape
        (None, 50)
    """
    images = keras.Input(image_shape, name="images")
    x = layers.Flatten()(layers.Rescaling(0.5, 0.5)(images))
    x = layers.LeakyReLU(0.2)(_dense(width)(x))
    x = layers.LeakyReLU(0.2)(_normalise(_dense(width)(x)))
    return keras.Model(images, _to_unit_range(x, latent_dim), name="encoder")


def bigan_decoder(
    image_shape: tuple[int, int, int], latent_dim: int = 50, width: int = 1024
) -> keras.Model:
    """Latents (n, latent_dim) to images (n, *image_shape) in (-1, 1).

    Two hidden layers of ReLU with batch normalisation, both of which see the latents.

    Args:
        image_shape: Any.
        latent_dim: Length of the latents.
        width: Units of each hidden layer.

    Example:

        >>> bigan_decoder((28, 28, 1)).output_shape
        (None, 28, 28, 1)
    """
    latents = keras.Input((latent_dim,), name="latents")
    x = layers.ReLU()(_normalise(_dense(width)(latents)))
    x = layers.Concatenate()([x, latents])
    x = layers.ReLU()(_normalise(_dense(width)(x)))
    x = _to_unit_range(x, math.prod(image_shape))
    images = layers.Reshape(image_shape, dtype="float32", name="images")(x)
    return keras.Model(latents, images, name="decoder")


def bigan_discriminator(
    image_shape: tuple[int, int, int], latent_dim: int = 50, width: int = 1024
) -> keras.Model:
    """Images and latents to logits (n, 1), at first 0.

    The encoder's hidden layers; the latents come in at the second.

    Args:
        image_shape: Any.
        latent_dim: Length of the latents.
        width: Units of each hidden layer.

    Example:

        >>> bigan_discriminator((28, 28, 1)).output_shape
        (None, 1)
    """
    images = keras.Input(image_shape, name="images")
    latents = keras.Input((latent_dim,), name="latents")
    x = layers.Flatten()(layers.Rescaling(0.5, 0.5)(images))
    x = layers.LeakyReLU(0.2)(_dense(width)(x))
    x = layers.Concatenate()([x, latents])
    x = layers.LeakyReLU(0.2)(_normalise(_dense(width)(x)))
    logits = _dense(1, kernel_initializer="zeros", dtype="float32", name="logits")(x)
    return keras.Model([images, latents], logits, name="discriminator")
