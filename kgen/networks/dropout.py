"""Dropout whose course is saved with a model, on every backend."""

import random

from keras import layers


def seeded_dropout(rate: float) -> layers.Dropout:
    """Keras's `Dropout`, with a seed of its own, which `keras.utils.set_random_seed` rules.

    Without one Keras draws from PyTorch's global generator there, and a resumed run would differ.

    Args:
        rate: The share of the numbers to drop.

    Example:

        >>> seeded_dropout(0.5).seed is None
        False
    """
    return layers.Dropout(rate, seed=random.randrange(2**31))
