"""What a model offers to the outside: named pure functions of named tensors."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kgen.errors import DataError


@dataclass(frozen=True)
class TensorSpec:
    """One named input of a signature.

    Attributes:
        shape: With `None` where any size goes; the first entry is the batch.
        dtype: A NumPy dtype name.
        role: What the numbers are: `"image"` or `"wave"` (in [-1, 1]), `"point"`, `"latent"`,
            `"noise"` (standard normal), `"uniform"` (in [0, 1)), `"mask"`, `"label"`,
            `"attributes"` (0 or 1), `"tokens"` (whole numbers from 0), `"temperature"` (above 0),
            `"features"`, `"logit"` or `"log_prob"`.
        classes: Of a label or tokens, how many there are.
        distribution: Of a latent to sample from: `"N(0, 1)"`, `"U(-1, 1)"`, `"sphere"` (its radius
            the root of the dimension), or, cut off, `"N(0, 1) in [-2, 2]"`.
    """

    shape: tuple[int | None, ...]
    dtype: str = "float32"
    role: str = "image"
    classes: int | None = None
    distribution: str | None = None

    def check(self, name: str, value) -> np.ndarray:
        """`value` as a NumPy array of this dtype.

        Raises:
            DataError: If the shape does not fit, or an image leaves [-1, 1], or tokens the
                vocabulary.
        """
        array = np.asarray(value, self.dtype)
        fits = len(array.shape) == len(self.shape) and all(
            want in (None, got) for want, got in zip(self.shape, array.shape, strict=True)
        )
        if not fits:
            raise DataError(
                f"{name} must have shape {_readable(self.shape)}, got {_readable(array.shape)}."
            )
        if self.role in ("image", "wave"):
            check_image_range(name, array)
        if self.role == "tokens":
            check_tokens(name, array, self.classes)
        return array


@dataclass(frozen=True)
class Signature:
    """A capability as a pure function, the same one live and exported.

    Attributes:
        function: Takes the inputs by name (tensors of the backend) and returns a dict of tensors.
            It draws no noise: noise comes in.
        inputs: What each input must look like, by name.
        outputs: The role of each output, by name.
    """

    function: Callable
    inputs: dict[str, TensorSpec]
    outputs: dict[str, str]


def check_count(n) -> int:
    """`n` as an int; `DataError` unless it is a whole number of at least 1."""
    if not isinstance(n, (int, np.integer)) or n < 1:
        raise DataError(f"n must be a whole number of at least 1, got {n!r}.")
    return int(n)


def check_image_range(name: str, array: np.ndarray) -> None:
    """Raises `DataError` unless the numbers lie in [-1, 1] (up to rounding)."""
    if not array.size:
        return
    low, high = float(array.min()), float(array.max())
    if not np.isfinite((low, high)).all():
        raise DataError(f"{name} hold NaN or infinite numbers: leave these examples out.")
    if not (low >= -1.0001 and high <= 1.0001):
        hint = "x / 127.5 - 1" if low >= 0 and high <= 255 else "a scaling of your own"
        raise DataError(
            f"{name} must be in [-1, 1], found [{low:.4g}, {high:.4g}]: scale them, here by {hint}."
        )


def check_tokens(name: str, array: np.ndarray, vocabulary: int) -> None:
    """Raises `DataError` unless the numbers are whole and lie in [0, vocabulary)."""
    if not np.issubdtype(array.dtype, np.integer):
        raise DataError(f"{name} must be whole numbers, got {array.dtype}.")
    if array.size and not (array.min() >= 0 and array.max() < vocabulary):
        raise DataError(
            f"{name} must be from 0 to {vocabulary - 1}, found {array.min()} to {array.max()}: "
            f"build the model for a vocabulary of {array.max() + 1}."
        )


def checked_mask(mask, n: int, height: int, width: int) -> np.ndarray:
    """Which pixels of `n` images are known, as float32 (n, height, width, 1).

    Args:
        mask: (height, width), or (n, height, width) with or without a last axis of 1.
        n: How many images.
        height: Of each, in pixels.
        width: Of each, in pixels.

    Raises:
        DataError: For a mask of another shape.

    Example:

        >>> checked_mask([[1, 0]], 3, 1, 2).shape
        (3, 1, 2, 1)
    """
    mask = np.asarray(mask, "float32")
    mask = mask[..., None] if mask.shape[-1:] != (1,) or mask.ndim == 2 else mask
    try:
        return np.broadcast_to(mask, (n, height, width, 1))
    except ValueError:
        raise DataError(
            f"mask must have shape ({height}, {width}) or ({n}, {height}, {width}, 1), "
            f"got {mask.shape[:-1]}."
        ) from None


def _readable(shape) -> str:
    return "(" + ", ".join("any" if n is None else str(n) for n in shape) + ")"
