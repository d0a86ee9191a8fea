"""Layers that replace another layer's kernel: what weight and spectral normalisation share."""

import contextlib

import keras
from keras import ops


def kernel_of(layer: keras.layers.Layer):
    """The variable that holds a built layer's kernel, or an `Embedding`'s table.

    Raises:
        ValueError: If the layer has none, or one that is not a single matrix of channels.
    """
    for name in ("kernel", "embeddings"):
        kernel = getattr(layer, name, None)
        if kernel is not None and len(kernel.shape) >= 2:
            return kernel
    raise ValueError(
        f"{type(layer).__name__} has no kernel to normalise: wrap a Dense, Conv, ConvTranspose or "
        "Embedding layer."
    )


def channel_axis(layer: keras.layers.Layer) -> int:
    """The axis of the output channels in the layer's kernel: transposed convolutions differ."""
    return -2 if "Transpose" in type(layer).__name__ else -1


def as_matrix(kernel, axis: int):
    """The kernel as a matrix (everything else, output channels)."""
    kernel = kernel if axis == -1 else ops.swapaxes(kernel, -1, axis)
    return ops.reshape(kernel, (-1, kernel.shape[-1]))


def call_with(layer: keras.layers.Layer, replaced: dict, inputs):
    """Calls a layer with tensors in the place of some of its variables, which stay as they are.

    Args:
        layer: A built layer without state of its own.
        replaced: Tensors by the `id` of the variable they stand for.
        inputs: The layer's input.

    Example:

        >>> dense = keras.layers.Dense(1, use_bias=False)
        >>> dense.build((None, 2))
        >>> twice = {id(dense.kernel): ops.array([[2.0], [2.0]])}
        >>> float(call_with(dense, twice, ops.array([[1.0, 3.0]]))[0, 0])
        8.0
    """

    def values(variables):
        return [replaced.get(id(v), v.value) for v in variables]

    outputs, _ = layer.stateless_call(
        values(layer.trainable_variables), values(layer.non_trainable_variables), inputs
    )
    return outputs


@contextlib.contextmanager
def linear(layer: keras.layers.Layer):
    """The layer without its activation, for as long as the context lasts."""
    activation = layer.activation
    layer.activation = keras.activations.linear
    try:
        yield
    finally:
        layer.activation = activation
