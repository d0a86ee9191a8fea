"""Statistics of batch normalisation taken anew, from as many inputs as one likes."""

from collections.abc import Callable, Iterable

import keras
import numpy as np
from keras import ops

from kgen.layers import ConditionalBatchNormalization
from kgen.training import seam


def take_statistics(model, network: keras.Model, batches: Callable[[], Iterable[list]]) -> None:
    """Sets each batch normalisation of a network to the statistics of what reaches it.

    Mean and variance are over all batches and places. The layers are set one after the other, each
    with those before it already set and in inference mode, so that the result is that of one batch
    of everything: it depends neither on how the inputs are parted nor, later, does an output on
    its neighbours. The network runs once up to each of these layers.

    Args:
        model: The model that owns the network.
        network: A functional `keras.Model`.
        batches: Gives the same batches of inputs at each call: one array for each input.

    Raises:
        ValueError: If the network has no batch normalisation of its own.
    """
    found = [layer for layer in network.layers if normalization_of(layer) is not None]
    if not found:
        raise ValueError(f"{network.name} has no batch normalisation whose statistics to take.")
    names = [tensor.name for tensor in network.inputs]
    for layer in found:
        seen = layer.input[0] if isinstance(layer.input, list) else layer.input
        run = seam.compile_inference(model, _moments(keras.Model(network.inputs, seen), names))
        totals = np.zeros((2, seen.shape[-1]))
        count = 0
        for batch in batches():
            moments = run(
                **{k: ops.convert_to_tensor(v) for k, v in zip(names, batch, strict=True)}
            )
            mean, variance = (
                np.asarray(ops.convert_to_numpy(moments[k]), "float64")
                for k in ("mean", "variance")
            )
            n = len(batch[0])
            totals += n * np.stack([mean, variance + mean**2])
            count += n
        mean, square = totals / count
        normalization = normalization_of(layer)
        normalization.moving_mean.assign(mean.astype("float32"))
        normalization.moving_variance.assign((square - mean**2).astype("float32"))


def normalization_of(layer: keras.layers.Layer) -> keras.layers.BatchNormalization | None:
    """The batch normalisation that a layer is, or has within it; `None` for other layers."""
    if isinstance(layer, ConditionalBatchNormalization):
        return layer.normalization
    return layer if isinstance(layer, keras.layers.BatchNormalization) else None


def _moments(network, names):
    def moments(**inputs):
        x = ops.cast(network([inputs[name] for name in names], training=False), "float32")
        mean, variance = ops.moments(x, tuple(range(len(x.shape) - 1)))
        return {"mean": mean, "variance": variance}

    return moments
