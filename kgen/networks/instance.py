"""What the networks of image translation share: weights from N(0, 0.02), instance normalisation."""

import keras
from keras import layers


def weights() -> keras.initializers.Initializer:
    """N(0, 0.02). A new object for each layer: one object gives equal shapes equal values."""
    return keras.initializers.RandomNormal(0.0, 0.02)


def normalise(x, affine: bool = False):
    """Instance normalisation, which needs no other image of the batch, in training and after.

    Args:
        x: (n, height, width, channels).
        affine: Whether with a gain, from N(1, 0.02), and a shift of each channel.
    """
    gain = keras.initializers.RandomNormal(1.0, 0.02)
    return layers.GroupNormalization(
        groups=-1, epsilon=1e-5, center=affine, scale=affine, gamma_initializer=gain
    )(x)
