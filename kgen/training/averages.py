"""Exponential moving averages of a network's weights."""

from collections.abc import Iterable

import keras

from kgen.training import seam


def frozen_copy(network: keras.Model) -> keras.Model:
    """A copy with equal weights, none of them trainable."""
    copy = keras.models.clone_model(network)
    copy.set_weights(network.get_weights())
    copy.trainable = False
    return copy


def follow(average: keras.Model, network: keras.Model, momentum: float) -> None:
    """Moves `average` towards `network`: `momentum * average + (1 - momentum) * weight`.

    What the network does not train, such as the statistics of batch normalisation, is copied: these
    are moving averages themselves, though of what the network's weights see and not the average's;
    `settle_statistics` gives it its own.
    """
    trained = {id(v) for v in network.trainable_variables}
    for value, mean in zip(network.weights, average.weights, strict=True):
        keep = momentum if id(value) in trained else 0.0
        mean.assign(keep * mean.value + (1 - keep) * value.value)


def normalizations(network: keras.Model) -> list[keras.layers.BatchNormalization]:
    """The batch normalisations of a network, also those within its layers."""
    layers = network._flatten_layers(include_self=False)
    return [layer for layer in layers if isinstance(layer, keras.layers.BatchNormalization)]


def settle_statistics(average: keras.Model, batches: Iterable) -> None:
    """Gives the batch normalisations of a network the statistics of what reaches them.

    The network sees the batches in training mode, so that each is normalised by its own moments;
    the means of these over the batches are what the network normalises with from then on. One pass;
    BigGAN's standing statistics take one for each layer, and are those of all batches as one.

    Args:
        average: Of `frozen_copy`.
        batches: Its inputs.
    """
    found = normalizations(average)
    usual = [layer.momentum for layer in found]
    try:
        for layer in found:
            layer.trainable = True  # a frozen one would not look at its batch
        for number, inputs in enumerate(batches):
            for layer in found:
                layer.momentum = number / (number + 1)
            with seam.without_gradient():
                average(inputs, training=True)
    finally:
        for layer, momentum in zip(found, usual, strict=True):
            layer.momentum, layer.trainable = momentum, False
