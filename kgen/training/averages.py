"""Exponential moving averages of a network's weights."""

import keras


def frozen_copy(network: keras.Model) -> keras.Model:
    """A copy with equal weights, none of them trainable."""
    copy = keras.models.clone_model(network)
    copy.set_weights(network.get_weights())
    copy.trainable = False
    return copy


def follow(average: keras.Model, network: keras.Model, momentum: float) -> None:
    """Moves `average` towards `network`: `momentum * average + (1 - momentum) * weight`.

    What the network does not train, such as the statistics of batch normalisation, is copied: these
    are moving averages themselves, though of what the network's weights see and not the average's.
    """
    trained = {id(v) for v in network.trainable_variables}
    for value, mean in zip(network.weights, average.weights, strict=True):
        keep = momentum if id(value) in trained else 0.0
        mean.assign(keep * mean.value + (1 - keep) * value.value)
