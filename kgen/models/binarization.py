"""How grey levels become the binary pixels of a Bernoulli likelihood."""

from keras import ops

#: `"dynamic"` draws each pixel with its grey level as the probability, anew each time it is seen;
#: `"threshold"` cuts at the middle.
BINARIZATIONS = ("dynamic", "threshold")
_SAID = {"dynamic": "at random", "threshold": "at the middle"}


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
    grey = (images + 1) / 2
    return ops.cast(grey > (uniforms if binarization == "dynamic" else 0.5), "float32")


def described(binarization: str) -> str:
    """What a likelihood of such pixels is a likelihood of.

    Example:

        >>> described("dynamic")
        'pixels binarised at random'
    """
    return f"pixels binarised {_SAID[binarization]}"
