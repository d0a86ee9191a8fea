"""What autoregressive networks and layers must obey: who may see whom, and how probable all is."""

import itertools
import types

import keras
import numpy as np
from keras import ops

from kgen.training import seam


def randomise(network, seed=0, scale=0.4):
    """Random numbers for every weight, first states too, biases positive; returns the network."""
    random = np.random.default_rng(seed)
    for variable in network.weights:
        value = random.normal(0, scale, variable.shape).astype("float32")
        # Few rectifiers are closed then, so that what can be seen is seen.
        variable.assign(np.abs(value) if variable.name == "bias" else value)
    return network


def influence(network, shape, outputs: int = 1, others=(), images: int = 6):
    """Which inputs move which outputs: bool (h w outputs, h' w' channels), in raster order.

    Row i of the Jacobian comes from the i-th copy of an image, so that one gradient gives them all;
    each of the `outputs` parts of a pixel is a random sum of its numbers. An influence counts if
    it shows on any of several random images.

    Args:
        network: A network or layer of images.
        shape: Of one image.
        outputs: Into how many parts a pixel's output falls.
        others: Further inputs, one row each.
        images: How many random images to try.
    """
    random = np.random.default_rng(5)
    found = False
    for _ in range(images):
        image = random.uniform(-1, 1, shape).astype("float32")
        height, width, channels = network.compute_output_shape((1, *shape))[1:]
        rows = height * width * outputs
        extra = [
            ops.convert_to_tensor(np.repeat(np.asarray(other)[None], rows, axis=0))
            for other in others
        ]
        mix = ops.convert_to_tensor(random.normal(size=channels).astype("float32"))

        def picked(x, extra=extra, mix=mix, rows=rows):
            y = network([x, *extra] if extra else x) * mix
            return ops.sum(ops.diagonal(ops.sum(ops.reshape(y, (rows, rows, -1)), axis=-1)))

        slopes = _gradient(network, picked, np.repeat(image[None], rows, axis=0))
        found |= slopes.reshape(rows, -1) != 0
    return found


def _gradient(network, function, x):
    """Of the scalar `function(x)`, on whichever backend this process runs."""
    holder = types.SimpleNamespace(
        variables=network.variables, metrics_variables=[], optimizer=None
    )
    (slopes,), _ = seam.functional_gradient(
        holder, lambda x: (function(x), None), [ops.convert_to_tensor(x)]
    )
    return ops.convert_to_numpy(slopes)


def assert_causal(seen):
    """Nothing at or after its own place: the law of every autoregressive network."""
    late = np.argwhere(np.triu(seen))
    assert not len(late), f"output {late[0][0]} sees input {late[0][1]}"


def assert_sees_all_before(seen):
    """Everything before its own place: no blind spot."""
    blind = np.argwhere(np.tril(~seen, -1))
    assert not len(blind), f"output {blind[0][0]} does not see input {blind[0][1]}"


def all_binary_images(shape):
    """Every image of -1 and 1: (2^(h w c), h, w, c)."""
    values = itertools.product((-1.0, 1.0), repeat=int(np.prod(shape)))
    return np.array(list(values), "float32").reshape(-1, *shape)


def teacher_forced(raster, images, passes: int, together: bool, others=()):
    """What a raster says of every pixel of given images, which it is made to draw.

    Args:
        raster: An `Incremental` or `FullForward`.
        images: (n, height, width, channels).
        passes: Of each pixel.
        together: Whether a pass draws all colours.
        others: The network's other inputs.
    """
    colours = np.arange(images.shape[-1])

    def draw(parameters, pixel, extras, k):
        return extras["known"] if together else ops.where(colours <= k, extras["known"], pixel)

    others = [ops.convert_to_tensor(other) for other in others]
    known = {"known": ops.convert_to_tensor(images)}
    drawn, parameters = raster.run(draw, passes, others, known)
    np.testing.assert_array_equal(ops.convert_to_numpy(drawn), images)
    return ops.convert_to_numpy(parameters)


def random_images(n, shape, seed=0):
    """Uniform in [-1, 1]."""
    return np.random.default_rng(seed).uniform(-1, 1, (n, *shape)).astype("float32")


def functional(layer, shape):
    """One layer as a network."""
    images = keras.Input(shape)
    return keras.Model(images, layer(images))
