"""The networks of conditional GANs: the label joined to the input of generator and discriminator.

Generators take `[latents, labels]` and discriminators `[images, labels]`, the labels int32 (n,),
which the networks see as one-hot vectors.
"""

import math

import keras
from keras import layers

from kgen.layers import Dropout, Maxout
from kgen.networks.labels import one_hot


def cgan_mlp_generator(
    image_shape: tuple[int, ...], classes: int, latent_dim: int = 100, width: int = 1200
) -> keras.Model:
    """`[latents, labels]` to images, as Mirza & Osindero 2014, section 4.1, have it for MNIST.

    Latents go to 200 units of ReLU and labels to 1000, both to 1200 together, with dropout of a
    half after each layer, and a sigmoid, whose (0, 1) is brought to the images' range.

    Args:
        image_shape: Any shape.
        classes: How many classes there are.
        latent_dim: Length of the latent vectors, from U(-1, 1); the authors' from U(0, 1), whither
            the network moves them first.
        width: Of the joint layer; the others are a sixth and five sixths of it.

    Example:

        >>> cgan_mlp_generator((28, 28, 1), 10).count_params()
        2413984
    """
    latents = keras.Input((latent_dim,), name="latents")
    labels = keras.Input((), dtype="int32", name="labels")
    z = layers.Dense(width // 6, activation="relu", kernel_initializer=_uniform(0.05))(
        layers.Rescaling(0.5, 0.5)(latents)
    )
    y = layers.Dense(width - width // 6, activation="relu", kernel_initializer=_uniform(0.05))(
        one_hot(labels, classes)
    )
    x = Dropout(0.5)(layers.Concatenate()([z, y]))
    x = layers.Dense(width, activation="relu", kernel_initializer=_uniform(0.05))(x)
    pixels = layers.Dense(
        math.prod(image_shape),
        activation="sigmoid",
        dtype="float32",
        kernel_initializer=_uniform(0.05),
        name="to_image",
    )
    x = layers.Rescaling(2.0, -1.0, dtype="float32")(pixels(Dropout(0.5)(x)))
    images = layers.Reshape(image_shape, dtype="float32", name="images")(x)
    return keras.Model([latents, labels], images, name="generator")


def cgan_mlp_discriminator(
    image_shape: tuple[int, ...], classes: int, width: int = 240
) -> keras.Model:
    """`[images, labels]` to logits (n, 1), as Mirza & Osindero 2014, section 4.1, have it.

    Images go to 240 maxout units of 5 pieces and labels to 50, both to 240 of 4 pieces together,
    with dropout of a half after each layer. The pixels enter in [0, 1].

    Args:
        image_shape: Any shape.
        classes: How many classes there are.
        width: Of the images' and of the joint layer; the labels' is 5/24 of it.

    Example:

        >>> cgan_mlp_discriminator((28, 28, 1), 10).count_params()
        1224351
    """
    images = keras.Input(image_shape, name="images")
    labels = keras.Input((), dtype="int32", name="labels")
    pixels = layers.Rescaling(0.5, 0.5)(layers.Flatten()(images))
    x = Maxout(width, 5, kernel_initializer=_uniform(0.005))(pixels)
    y = Maxout(max(1, width * 5 // 24), 5, kernel_initializer=_uniform(0.005))(
        one_hot(labels, classes)
    )
    joint = Dropout(0.5)(layers.Concatenate()([x, y]))
    x = Maxout(width, 4, kernel_initializer=_uniform(0.005))(joint)
    x = Dropout(0.5)(x)
    last = layers.Dense(1, dtype="float32", kernel_initializer=_uniform(0.005), name="logits")
    return keras.Model([images, labels], last(x), name="discriminator")


def _uniform(bound):
    # A new initializer for each layer: one object gives equal shapes equal values.
    return keras.initializers.RandomUniform(-bound, bound)
