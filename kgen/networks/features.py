"""The features inside a discriminator."""

from collections.abc import Callable

import keras

#: The name of the layer whose output a network calls its features.
FEATURES = "features"
#: How the names of the layers begin whose outputs are its features at several depths.
STAGE = "stage"


def features_and_logits(network: keras.Model) -> Callable:
    """A function of (inputs, training) to a network's features and its output.

    The features are what the last layer sees, or the output of the layer named "features" where
    there is one, flattened to (n, features). The layers are the network's own, so both train
    together. It is a function, and not a model, so that the model whose attribute it becomes does
    not save these layers a second time.

    Args:
        network: A `Sequential` or functional model with one output; of several inputs the
            function takes a list, as the network does.

    Raises:
        ValueError: If the network is not made of layers in this way.

    Example:

        >>> layers = [keras.layers.Dense(3), keras.layers.Dense(1)]
        >>> network = keras.Sequential([keras.Input((2,)), *layers])
        >>> features, logits = features_and_logits(network)(keras.ops.ones((4, 2)), training=False)
        >>> tuple(features.shape), tuple(logits.shape)
        ((4, 3), (4, 1))
    """
    try:
        named = [layer for layer in network.layers if layer.name == FEATURES]
        features = named[0].output if named else network.layers[-1].input
        if len(features.shape) > 2:
            features = keras.layers.Flatten()(features)
        inputs = network.inputs if len(network.inputs) > 1 else network.inputs[0]
        both = keras.Model(inputs, (features, network.outputs[0]))
    except (AttributeError, TypeError, IndexError) as error:
        raise ValueError(
            f"{network.name} has no layers to read features from: build it as keras.Sequential or "
            "keras.Model(inputs, outputs)."
        ) from error
    return lambda inputs, training=False: both(inputs, training=training)


def stages_and_logits(network: keras.Model) -> Callable:
    """A function of (inputs, training) to a list of a network's features, and its output.

    They are the outputs of the layers whose names begin with "stage", or those of
    `features_and_logits` alone where there are none.

    Args:
        network: See `features_and_logits`.

    Raises:
        ValueError: See `features_and_logits`.

    Example:

        >>> layers = [keras.layers.Dense(3, name="stage_1"), keras.layers.Dense(1)]
        >>> network = keras.Sequential([keras.Input((2,)), *layers])
        >>> stages, logits = stages_and_logits(network)(keras.ops.ones((4, 2)))
        >>> [tuple(stage.shape) for stage in stages], tuple(logits.shape)
        ([(4, 3)], (4, 1))
    """
    stages = [layer.output for layer in network.layers if layer.name.startswith(STAGE)]
    if not stages:
        both = features_and_logits(network)

        def look(inputs, training=False):
            features, logits = both(inputs, training=training)
            return [features], logits

        return look
    together = keras.Model(network.inputs[0], (stages, network.outputs[0]))
    return lambda inputs, training=False: together(inputs, training=training)
