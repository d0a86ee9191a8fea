"""Encoders and decoders, dense and convolutional: of autoencoders and of variational ones.

An encoder gives one vector (n, latent_dim) for each of its `heads`: for a variational autoencoder
`(mean, log_variance)` of the posterior. A decoder gives the parameters of the likelihood, (n,
height, width, channels * parameters), from a last layer named `to_parameters`. With `classes` both
take `[images or latents, labels]`, the labels int32 (n,), and see them as one-hot vectors beside
what enters the first dense layer.
"""

import math

import keras
from keras import layers

from kgen.networks.labels import joined, one_hot
from kgen.networks.sizes import doublings

#: What the encoder of a variational autoencoder gives.
POSTERIOR = ("mean", "log_variance")


def _codes(x, latent_dim: int, heads: tuple[str, ...]):
    # Last layers compute in float32 under any policy: likelihoods need every digit.
    codes = [layers.Dense(latent_dim, dtype="float32", name=name)(x) for name in heads]
    return codes if len(codes) > 1 else codes[0]


def _joined(x, labels, classes: int | None):
    if labels is None:
        return x
    return joined(x, one_hot(labels, classes))


def _labels(classes: int | None):
    return None if classes is None else keras.Input((), dtype="int32", name="labels")


def _model(x, labels, outputs, name: str) -> keras.Model:
    return keras.Model(x if labels is None else [x, labels], outputs, name=name)


def dense_encoder(
    image_shape: tuple[int, int, int],
    latent_dim: int = 50,
    hidden: tuple[int, ...] = (200, 200),
    activation: str = "tanh",
    heads: tuple[str, ...] = POSTERIOR,
    classes: int | None = None,
) -> keras.Model:
    """Images to codes through dense layers (Burda et al. 2016: two of 200 tanh units).

    Args:
        image_shape: Any (height, width, channels).
        latent_dim: Length of each code.
        hidden: Units of the hidden layers.
        activation: Of the hidden layers.
        heads: The codes' names.
        classes: How many classes the labels have; `None` for a network without labels.

    Example:

        >>> [tuple(shape) for shape in dense_encoder((28, 28, 1)).output_shape]
        [(None, 50), (None, 50)]
    """
    images, labels = keras.Input(image_shape, name="images"), _labels(classes)
    x = _joined(layers.Flatten()(images), labels, classes)
    for units in hidden:
        x = layers.Dense(units, activation=activation)(x)
    return _model(images, labels, _codes(x, latent_dim, heads), "encoder")


def dense_decoder(
    image_shape: tuple[int, int, int],
    latent_dim: int = 50,
    hidden: tuple[int, ...] = (200, 200),
    parameters: int = 1,
    activation: str = "tanh",
    classes: int | None = None,
) -> keras.Model:
    """Latents to the likelihood's parameters: `dense_encoder` in reverse.

    Example:

        >>> dense_decoder((28, 28, 1)).output_shape
        (None, 28, 28, 1)
    """
    *size, channels = image_shape
    shape = (*size, channels * parameters)
    latents, labels = keras.Input((latent_dim,), name="latents"), _labels(classes)
    x = _joined(latents, labels, classes)
    for units in reversed(hidden):
        x = layers.Dense(units, activation=activation)(x)
    x = layers.Dense(math.prod(shape), dtype="float32", name="to_parameters")(x)
    parameters = layers.Reshape(shape, dtype="float32", name="parameters")(x)
    return _model(latents, labels, parameters, "decoder")


def dense_gaussian(
    inputs: int,
    outputs: int,
    hidden: tuple[int, ...] = (100, 100),
    activation: str = "tanh",
    name: str = "gaussian",
) -> keras.Model:
    """Vectors (n, inputs) to `[mean, log_variance]`, each (n, outputs): one layer of latents.

    Two of 100 tanh units lie between the two layers of Burda et al. 2016.

    Args:
        inputs: Length of what is conditioned on.
        outputs: Length of the normal vector.
        hidden: Units of the hidden layers.
        activation: Of the hidden layers.
        name: The Keras name.

    Example:

        >>> dense_gaussian(50, 100).count_params()
        35400
    """
    x = latents = keras.Input((inputs,), name="latents")
    for units in hidden:
        x = layers.Dense(units, activation=activation)(x)
    return keras.Model(latents, _codes(x, outputs, POSTERIOR), name=name)


def conv_encoder(
    image_shape: tuple[int, int, int],
    latent_dim: int = 50,
    width: int = 32,
    units: int = 256,
    heads: tuple[str, ...] = POSTERIOR,
    classes: int | None = None,
    widths: tuple[int, ...] | None = None,
) -> keras.Model:
    """Images to codes through 4x4 convolutions of stride 2 and one dense layer.

    Args:
        image_shape: Square, with a side of 4 or 7 times a power of two.
        latent_dim: Length of each code.
        width: Channels of the first map; later maps have twice as many.
        units: Size of the dense layer.
        heads: The codes' names.
        classes: How many classes the labels have; `None` for a network without labels.
        widths: Channels of every map, in place of `width`.

    Raises:
        ValueError: For a size that cannot be halved so, or another number of `widths` than of maps.

    Example:

        >>> [tuple(shape) for shape in conv_encoder((32, 32, 3), 10).output_shape]
        [(None, 10), (None, 10)]
    """
    images, labels = keras.Input(image_shape, name="images"), _labels(classes)
    x = images
    for channels in _widths(image_shape, width, widths):
        x = layers.Conv2D(channels, 4, 2, "same", activation="relu")(x)
    x = _joined(layers.Flatten()(x), labels, classes)
    x = layers.Dense(units, activation="relu")(x)
    return _model(images, labels, _codes(x, latent_dim, heads), "encoder")


def conv_decoder(
    image_shape: tuple[int, int, int],
    latent_dim: int = 50,
    width: int = 32,
    units: int = 256,
    parameters: int = 1,
    classes: int | None = None,
    widths: tuple[int, ...] | None = None,
) -> keras.Model:
    """Latents to the likelihood's parameters: `conv_encoder` in reverse.

    Example:

        >>> conv_decoder((32, 32, 3), 10, parameters=2).output_shape
        (None, 32, 32, 6)
    """
    root, _ = doublings(image_shape)
    latents, labels = keras.Input((latent_dim,), name="latents"), _labels(classes)
    widths = _widths(image_shape, width, widths)
    x = _joined(latents, labels, classes)
    x = layers.Dense(units, activation="relu")(x)
    x = layers.Dense(root * root * widths[-1], activation="relu")(x)
    x = layers.Reshape((root, root, widths[-1]))(x)
    for channels in reversed(widths[:-1]):
        x = layers.Conv2DTranspose(channels, 4, 2, "same", activation="relu")(x)
    last = layers.Conv2DTranspose(
        image_shape[-1] * parameters, 4, 2, "same", dtype="float32", name="to_parameters"
    )
    return _model(latents, labels, last(x), "decoder")


def _widths(image_shape, width: int, widths: tuple[int, ...] | None) -> tuple[int, ...]:
    _, times = doublings(image_shape)
    if widths is None:
        return tuple(width * min(2**i, 2) for i in range(times))
    if len(widths) != times:
        raise ValueError(f"images {image_shape} have {times} maps: pass as many widths.")
    return tuple(widths)
