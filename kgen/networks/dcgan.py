"""DCGAN's convolutional generator and discriminator (Radford et al. 2016, figure 1)."""

import keras
from keras import layers

from kgen.networks.labels import joined, one_hot
from kgen.networks.sizes import doublings

# Radford et al. 2016, section 4: all weights from N(0, 0.02). As in the authors' code, the gains of
# batch normalisation start from N(1, 0.02) and no bias stands before it. Their epsilon is 1e-8 and
# they keep no moving averages; ours need some, and 0.9 follows a moving generator closely enough.
_MAX_FACTOR = 8
_ROOTS = (4, 6, 7)  # sides of the smallest map


def _weights() -> dict:
    # A new initializer for each layer: one object gives equal shapes equal values.
    return {"kernel_initializer": keras.initializers.RandomNormal(0.0, 0.02), "use_bias": False}


def _normalise(x):
    gain = keras.initializers.RandomNormal(1.0, 0.02)
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5, gamma_initializer=gain)(x)


def _told(inputs, classes: int | None):
    """What to do with each layer's input, and the network's inputs: with classes, labels too.

    As in the authors' code for MNIST the label stands beside every layer's input, one-hot.
    """
    if classes is None:
        return lambda x: x, inputs
    labels = keras.Input((), dtype="int32", name="labels")
    vectors = one_hot(labels, classes)
    return lambda x: joined(x, vectors), [inputs, labels]


def _widths(width: int, times: int) -> list[int]:
    """Channels from the largest feature map to the smallest: doubled each time, up to 8 width."""
    return [width * min(2**i, _MAX_FACTOR) for i in range(times)]


def dcgan_generator(
    image_shape: tuple[int, int, int],
    latent_dim: int = 100,
    width: int = 128,
    classes: int | None = None,
) -> keras.Model:
    """Latents (n, latent_dim) to images (n, *image_shape) in [-1, 1].

    A projection to a small map, then 5x5 transposed convolutions of stride 2, batch normalisation
    and ReLU everywhere but at the output, which is tanh.

    Args:
        image_shape: Square, with a side of 4, 6 or 7 times a power of two; the paper's is
            (64, 64, 3).
        latent_dim: Length of the latent vector.
        width: Channels of the last hidden map; each smaller map has twice as many, up to 8 times.
        classes: With a number of classes, the network takes `[latents, labels]`, the labels int32
            (n,), and has them beside the input of every layer.

    Raises:
        ValueError: For a side that doubling cannot make.

    Example:

        >>> dcgan_generator((64, 64, 3)).count_params()
        18920320
    """
    root, times = doublings(image_shape, _ROOTS)
    widths = _widths(width, times)
    latents = keras.Input((latent_dim,), name="latents")
    told, inputs = _told(latents, classes)
    x = layers.Dense(root * root * widths[-1], **_weights())(told(latents))
    x = layers.ReLU()(_normalise(x))
    x = layers.Reshape((root, root, widths[-1]))(x)
    for channels in reversed(widths[:-1]):
        x = layers.Conv2DTranspose(channels, 5, 2, "same", **_weights())(told(x))
        x = layers.ReLU()(_normalise(x))
    last = layers.Conv2DTranspose(
        image_shape[-1], 5, 2, "same", activation="tanh", dtype="float32", **_weights()
    )
    return keras.Model(inputs, last(told(x)), name="generator")


def dcgan_discriminator(
    image_shape: tuple[int, int, int],
    width: int = 128,
    batch_norm: bool = True,
    classes: int | None = None,
) -> keras.Model:
    """Images (n, *image_shape) to logits (n, 1): the generator's mirror image.

    5x5 convolutions of stride 2 with leaky ReLU of slope 0.2, batch normalisation everywhere but at
    the input and the output.

    Args:
        image_shape: As for `dcgan_generator`.
        width: Channels of the first map.
        batch_norm: Without it the convolutions have biases instead, as in the critics of WGAN-GP,
            whose penalty is a matter of each image alone.
        classes: As for `dcgan_generator`: the network takes `[images, labels]`.

    Raises:
        ValueError: For a side that halving does not bring to 4, 6 or 7.

    Example:

        >>> dcgan_discriminator((64, 64, 3)).output_shape
        (None, 1)
    """
    _, times = doublings(image_shape, _ROOTS)
    images = keras.Input(image_shape, name="images")
    told, inputs = _told(images, classes)
    x = images
    for i, channels in enumerate(_widths(width, times)):
        weights = {**_weights(), "use_bias": not batch_norm}
        x = layers.Conv2D(channels, 5, 2, "same", **weights)(told(x))
        x = layers.LeakyReLU(0.2)(_normalise(x) if i and batch_norm else x)
    features = told(layers.Flatten()(x))
    logits = layers.Dense(1, dtype="float32", name="logits", **_weights())(features)
    return keras.Model(inputs, logits, name="discriminator")
