"""The networks of Ding, Tang & Zhang 2018: those of Salimans et al. 2016, for rows of numbers."""

import keras
from keras import layers

from kgen.layers import WeightNormalization
from kgen.networks.sgan import noisy_logits, softplus_layers

_WIDTHS = (500, 500, 250, 250, 250)


def graphsgan_discriminator(
    row_size: int,
    classes: int,
    widths: tuple[int, ...] = _WIDTHS,
    input_noise: float = 0.05,
    noise: float = 0.5,
) -> keras.Model:
    """Rows (n, row_size) to logits (n, classes).

    Dense ELU layers with weight normalisation, Gaussian noise before each. Only the last layer's
    scale is trained. The features are the last hidden layer, before its noise.

    Args:
        row_size: Numbers in a row.
        classes: How many.
        widths: Of the hidden layers.
        input_noise: Standard deviation of the noise on the rows.
        noise: That of the noise on hidden layers.

    Example:

        >>> graphsgan_discriminator(20, 3).output_shape
        (None, 3)
    """
    rows = keras.Input((row_size,), name="rows")
    logits = noisy_logits(rows, classes, widths, "elu", input_noise, noise)
    return keras.Model(rows, logits, name="discriminator")


def graphsgan_generator(row_size: int, latent_dim: int = 200, width: int = 500) -> keras.Model:
    """Latents (n, latent_dim), uniform in [-1, 1), to rows (n, row_size) in (-1, 1).

    Two softplus layers with batch normalisation (no gain), then a weight-normalised tanh.

    Args:
        row_size: Numbers in a row.
        latent_dim: Length of the latents.
        width: Of the hidden layers.

    Example:

        >>> graphsgan_generator(20).output_shape
        (None, 20)
    """
    latents = keras.Input((latent_dim,), name="latents")
    last = layers.Dense(row_size, "tanh", dtype="float32")
    rows = WeightNormalization(last, initial_deviation=None, dtype="float32")
    return keras.Model(latents, rows(softplus_layers(latents, width)), name="generator")
