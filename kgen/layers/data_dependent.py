"""Layers whose first weights come from data, and how a network sets them."""

from collections.abc import Iterator

import keras


class DataDependent:
    """What a layer inherits to be set from a first batch: it looks at `from_data` in its `call`."""

    #: Whether the call that runs sets the layer's weights; true only within `initialize_from_data`.
    from_data = False


def initialize_from_data(network: keras.Model, inputs, training: bool = True) -> int:
    """Sets the weights of all data-dependent layers of a network from one batch.

    Layer after layer sees what the layers before it, set already, make of the batch. Call it before
    training, outside of any compiled function. See `WeightNormalization` and `ActNorm`.

    Args:
        network: Any network.
        inputs: A batch of its inputs; Salimans et al. 2016 take 500 images.
        training: The mode of the other layers: `True` keeps noise and dropout on, as the code of
            these authors does.

    Returns:
        How many layers it concerned.

    Example:

        >>> from keras import ops
        >>> from kgen.layers import WeightNormalization
        >>> dense = WeightNormalization(keras.layers.Dense(1))
        >>> network = keras.Sequential([keras.Input((1,)), dense])
        >>> x = ops.array([[1.0], [5.0]])
        >>> initialize_from_data(network, x)
        1
        >>> sorted(round(float(y), 4) for y in ops.ravel(network(x)))
        [-1.0, 1.0]
    """
    layers = [layer for layer in all_layers(network) if isinstance(layer, DataDependent)]
    for layer in layers:
        layer.from_data = True
    try:
        network(inputs, training=training)
    finally:
        for layer in layers:
            layer.from_data = False
    return len(layers)


def all_layers(network: keras.Model) -> Iterator[keras.layers.Layer]:
    """The layers of a network, those of networks among them, and of networks that layers run.

    Example:

        >>> inner = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, name="inner")])
        >>> network = keras.Sequential([inner, keras.layers.ReLU(name="outer")])
        >>> [layer.name for layer in all_layers(network)][1:]
        ['inner', 'outer']
    """
    for layer in network.layers:
        yield layer
        inner = getattr(layer, "network", layer)
        if isinstance(inner, keras.Model):
            yield from all_layers(inner)
