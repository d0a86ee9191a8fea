"""The two laws of a bijection: its inverse is one, and its log-determinant is its Jacobian's."""

import keras
import numpy as np
from keras import ops

from kgen.models import GenerativeModel


class _Any(GenerativeModel):
    players = {"only": ("network",)}


def numbers(x):
    """As an array of its own, whichever backend's tensor or variable it is."""
    return np.array(ops.convert_to_numpy(ops.stop_gradient(ops.convert_to_tensor(x))))


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


def randomise(layer, scale=0.3, seed=1):
    """Gives all trainable weights some random change, as training would."""
    rng = np.random.default_rng(seed)
    for weight in layer.trainable_variables:
        change = scale * rng.standard_normal(weight.shape)
        weight.assign(numbers(weight.value) + change.astype("float32"))
    return layer


def jacobian(fn, x) -> np.ndarray:
    """Of a function of examples, at the one example `x`: (outputs, inputs), by autodiff."""
    network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    size = x.size
    same = ops.convert_to_tensor(np.repeat(x[None], size, axis=0))

    def diagonal(rows):  # row i gives output i
        return ops.sum(ops.reshape(fn(rows), (size, size)) * ops.eye(size))

    model = _Any({"network": network})
    model.compile(optimizer="sgd")
    (gradient,) = model.functional_gradient(diagonal, [same])
    return numbers(gradient).reshape(size, size)


def assert_is_bijection(forward, inverse, x, tolerance=1e-5):
    """`forward(x)` gives `(y, log_det)`, and `inverse(y)` gives `x`."""
    y, log_det = forward(ops.convert_to_tensor(x))
    np.testing.assert_allclose(numbers(inverse(y)), x, rtol=0, atol=tolerance)
    claimed = np.broadcast_to(numbers(log_det), (len(x),))
    for example, log_volume in zip(x, claimed, strict=True):
        _, found = np.linalg.slogdet(jacobian(lambda t: forward(t)[0], example).astype("float64"))
        np.testing.assert_allclose(log_volume, found, rtol=1e-4, atol=1e-4)
