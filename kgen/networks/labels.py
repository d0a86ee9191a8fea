"""How networks are told a class."""

from keras import layers


def one_hot(labels, classes: int):
    """Labels (n,), whole numbers, as vectors (n, classes), within a network."""
    return layers.CategoryEncoding(num_tokens=classes, output_mode="one_hot")(labels)


def joined(x, vectors):
    """Vectors (n, k) beside vectors, or beside every place of maps, within a network.

    Example:

        >>> import keras
        >>> maps, vectors = keras.Input((4, 4, 3)), keras.Input((10,))
        >>> joined(maps, vectors).shape
        (None, 4, 4, 13)
    """
    if len(x.shape) == 4:
        vectors = layers.Reshape((1, 1, vectors.shape[-1]))(vectors)
        vectors = layers.UpSampling2D(tuple(x.shape[1:3]))(vectors)
    return layers.Concatenate()([x, vectors])
