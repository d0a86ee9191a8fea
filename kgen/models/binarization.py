"""How grey levels become the binary pixels of a Bernoulli likelihood."""

import math

import numpy as np
from keras import ops

#: `"dynamic"` draws each pixel with its grey level as the probability, anew each time it is seen;
#: `"static"` draws it once and for all (see `fixed_uniforms`); `"threshold"` cuts at the middle.
BINARIZATIONS = ("dynamic", "static", "threshold")
_SAID = {
    "dynamic": "at random",
    "static": "once, by kgen's own fixed draw",
    "threshold": "at the middle",
}
_PRIME = 32749  # below 2^15, so that products stay within int32


def check_binarization(binarization: str) -> str:
    """The name itself.

    Raises:
        ValueError: If it is none of `BINARIZATIONS`.
    """
    if binarization not in BINARIZATIONS:
        raise ValueError(f"binarization must be one of {BINARIZATIONS}, got {binarization!r}.")
    return binarization


def binarize(images, uniforms, binarization: str):
    """Binary pixels, 0 or 1, from images in [-1, 1] and uniform numbers of the same shape.

    Example:

        >>> grey = ops.array([-1.0, 0.2, 1.0])
        >>> [float(v) for v in binarize(grey, ops.array([0.0, 0.7, 0.99]), "dynamic")]
        [0.0, 0.0, 1.0]
        >>> [float(v) for v in binarize(grey, None, "threshold")]
        [0.0, 1.0, 1.0]
    """
    if binarization == "static":
        uniforms = fixed_uniforms(images)
    grey = (images + 1) / 2
    return ops.cast(grey > (0.5 if binarization == "threshold" else uniforms), "float32")


def fixed_uniforms(images):
    """Uniform numbers in [0, 1) that are a function of each image's 8-bit levels alone.

    So the same image has the same binary form in every epoch, split, process and backend, however
    the data are shuffled and batched. That is what fixed files of binarised digits are for; it is
    none of them (not Larochelle's of MNIST), and likelihoods differ from theirs by the draw.

    Two hashes of the image modulo a prime, mixed anew for each pixel: `(a h1 + b h2 + c) mod p`,
    with fixed random numbers for the sums and the mixing.

    Args:
        images: (n, ...) in [-1, 1].

    Raises:
        ValueError: For images of more numbers than int32 can sum hashes of.

    Example:

        >>> u = fixed_uniforms(ops.zeros((3, 8, 8, 1)))
        >>> bool(ops.all(u[0] == u[2])), float(ops.max(u)) < 1
        (True, True)
    """
    shape = images.shape[1:]
    size = math.prod(shape)
    if size > 2**16:
        raise ValueError(f"images of {size} numbers are too large to be binarised statically.")
    draws = ops.convert_to_tensor(
        np.random.default_rng(0).integers(1, _PRIME, (5, size)).astype("int32")
    )
    levels = ops.cast(ops.round((ops.reshape(images, (-1, size)) + 1) * 127.5), "int32")
    first, second = (
        ops.sum(levels * draws[i] % _PRIME, axis=1, keepdims=True) % _PRIME for i in (0, 1)
    )
    mixed = (first * draws[2] % _PRIME + second * draws[3] % _PRIME + draws[4]) % _PRIME
    return ops.reshape(ops.cast(mixed, "float32") / _PRIME, (-1, *shape))


def described(binarization: str) -> str:
    """What a likelihood of such pixels is a likelihood of.

    Example:

        >>> described("dynamic")
        'pixels binarised at random'
    """
    return f"pixels binarised {_SAID[binarization]}"
