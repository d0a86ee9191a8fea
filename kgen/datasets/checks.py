"""Refuses settings and arrays that no model could train on, in one line that says what to do."""

import numbers
import warnings

import numpy as np

from kgen.datasets.splits import LAYOUTS
from kgen.errors import DataError

# Fewer pixels hold no picture; the upper end is where the built-in glyphs stop.
_SMALLEST, _LARGEST = 8, 4096


def image_size(size: int | tuple[int, int] | None) -> tuple[int, int] | None:
    """Height and width for an `image_size` argument.

    Example:

        >>> image_size(32), image_size((48, 64))
        ((32, 32), (48, 64))
    """
    if size is None:
        return None
    sides = (size, size) if isinstance(size, numbers.Integral) else size
    if (
        not isinstance(sides, tuple | list)
        or len(sides) != 2
        or not all(isinstance(side, numbers.Integral) for side in sides)
        or not all(_SMALLEST <= side <= _LARGEST for side in sides)
    ):
        raise DataError(
            f"image_size={size!r}: pass a whole number of pixels, or (height, width), "
            f"from {_SMALLEST} to {_LARGEST}."
        )
    return int(sides[0]), int(sides[1])


def settings(
    batch_size,
    seed,
    layout,
    channels,
    steps_per_epoch,
    limit,
    jitter,
    length=None,
    sample_rate=None,
    vocabulary=None,
    minimum_count=1,
    hop=2,
    mel_bins=1,
) -> None:
    """Checks the arguments of `load` that do not depend on the data."""
    for name, value in (
        ("batch_size", batch_size),
        ("steps_per_epoch", steps_per_epoch),
        ("limit", limit),
        ("length", length),
        ("sample_rate", sample_rate),
        ("vocabulary", vocabulary),
        ("minimum_count", minimum_count),
        ("mel_bins", mel_bins),
    ):
        if value is None and name not in ("batch_size", "minimum_count", "mel_bins"):
            continue
        if not isinstance(value, numbers.Integral) or value < 1:
            raise DataError(f"{name}={value!r}: pass a whole number of at least 1.")
    for name, value in (("seed", seed), ("jitter", jitter)):
        if not isinstance(value, numbers.Integral) or value < 0:
            raise DataError(f"{name}={value!r}: pass a whole number of at least 0.")
    if not isinstance(hop, numbers.Integral) or hop < 2:
        raise DataError(f"hop={hop!r}: pass a whole number of at least 2.")
    if layout is not None and layout not in LAYOUTS:
        raise DataError(f"layout={layout!r}: choose from {', '.join(LAYOUTS)}.")
    sides = channels if isinstance(channels, tuple) else (channels, channels)
    if len(sides) != 2 or not set(sides) <= ({1, 3} if sides is channels else {None, 1, 3}):
        raise DataError(
            f"channels={channels!r}: pass 1 (grey) or 3 (colour), or a tuple of both sides'."
        )


def names_of_attributes(names, layout: str | None) -> tuple[str, ...] | None:
    """The names of the attributes that are wanted, or `None` for all.

    Raises:
        DataError: If another layout is asked for, or they are no names, each once.
    """
    if names is None:
        return None
    if layout != "attributes":
        raise DataError(
            'attributes= chooses among those of layout="attributes": pass that as well.'
        )
    names = (names,) if isinstance(names, str) else tuple(names)
    if not names or len(set(names)) < len(names) or not all(isinstance(n, str) for n in names):
        raise DataError(f"attributes={names!r}: pass one name or more, each once.")
    return names


def refuse_image_settings(name: str, what: str, request) -> None:
    """Refuses what only images have, of sounds and texts.

    Args:
        name: The data.
        what: What they are.
        request: What `load` was asked for.

    Raises:
        DataError: If such an argument of `load` was given.
    """
    given = {
        "image_size": request.size,
        "channels": request.channels,
        "flip": request.options.flip or None,
        "jitter": request.options.jitter or None,
        "pairs": request.options.pairs,
    }
    if what == "sound":
        refuse_text_settings(name, request)
    else:
        given |= {"sample_rate": request.sample_rate, "features": request.features}
    for argument, value in given.items():
        if value is not None:
            raise DataError(f"{name} is {what} and no image: leave {argument}={value!r} out.")


def refuse_text_settings(name: str, request) -> None:
    """Refuses what only texts have.

    Raises:
        DataError: If such an argument of `load` was given.
    """
    usual = {"vocabulary": None, "minimum_count": 1, "too_long": "drop"}
    for argument, default in usual.items():
        if (value := getattr(request, argument)) != default:
            raise DataError(f"{name} is no text file: leave {argument}={value!r} out.")


def images(array: np.ndarray, name: str = "images") -> np.ndarray:
    """An array of images as `strands.Memory` takes it: uint8, or float32 in [-1, 1].

    Args:
        array: The images, `(n, height, width, channels)`.
        name: What the error message calls it.

    Returns:
        The same images, uint8 or float32.

    Raises:
        DataError: The shape, type or range is not one of images.
    """
    array = np.asarray(array)
    if array.ndim != 4 or array.shape[-1] not in (1, 3):
        hint = f"{name}[..., None]" if array.ndim == 3 else "an array of four axes"
        raise DataError(
            f"{name} of shape {array.shape}: pass (n, height, width, channels) "
            f"with 1 or 3 channels, such as {hint}."
        )
    if not len(array):
        raise DataError(f"{name} is empty: pass at least one image.")
    image_size(array.shape[1:3])
    if array.dtype == np.uint8:
        return array
    if not np.issubdtype(array.dtype, np.floating):
        raise DataError(f"{name} of type {array.dtype}: pass uint8, or floats in [-1, 1].")
    low, high = float(array.min()), float(array.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise DataError(f"{name} hold NaN or infinite values: remove them.")
    if low < -1 or high > 1:
        hint = f"{name} / 127.5 - 1" if low >= 0 and high <= 255 else "a rescaled array"
        raise DataError(
            f"{name} range from {low:g} to {high:g}, kgen's images from -1 to 1: pass {hint}."
        )
    if low >= 0 and high > 0:
        warnings.warn(
            f"{name} range from {low:g} to {high:g}, kgen's images from -1 (black) to 1 (white): "
            f"if 0 is your black, pass {name} * 2 - 1.",
            stacklevel=3,
        )
    return array.astype(np.float32, copy=False)


def attributes(array, n: int) -> np.ndarray:
    """Attributes as float32 of shape `(n, k)`.

    Raises:
        DataError: They are not rows of 0 and 1, one for each image.
    """
    array = np.asarray(array)
    if array.ndim != 2 or len(array) != n or not np.isin(array, (0, 1)).all():
        raise DataError(
            f"attributes of shape {array.shape}: pass ({n}, k) of 0 and 1, a row for each image."
        )
    return array.astype(np.float32)


def labels(array, n: int) -> np.ndarray:
    """Labels as int32 of shape `(n,)`.

    Raises:
        DataError: They are not whole numbers from 0 on, one for each image.
    """
    array = np.asarray(array)
    if array.shape == (n, 1):
        array = array[:, 0]
    if array.shape != (n,) or not np.issubdtype(array.dtype, np.integer) or array.min() < 0:
        raise DataError(
            f"labels of shape {array.shape} and type {array.dtype}: "
            f"pass {n} whole numbers from 0 on, one for each image."
        )
    return array.astype(np.int32)
