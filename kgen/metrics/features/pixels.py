"""Images on their way into a feature network: checked, in whole grey levels, resized.

A network that was trained on 8-bit images is given 8-bit images. Generated floats are rounded to
the 256 levels that a saved file would hold, so that a score is that of the images as one keeps them
and real images, which come from bytes, pass unchanged.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from kgen.errors import MetricError

#: Floats further out than this are no images in [-1, 1]; a little over is a generator's overshoot.
_FAR = 8.0


def checked(images: Any, image_shape: tuple[int, int, int]) -> np.ndarray:
    """The images as an array of the expected shape.

    Args:
        images: `(n, height, width, channels)`, floats in [-1, 1] or uint8: a NumPy array or a
            tensor of the backend.
        image_shape: The `(height, width, channels)` that the network was found for.

    Returns:
        float32 in [-1, 1] and a little beyond, or uint8 as given.

    Raises:
        MetricError: Another shape or type, NaN, or a range that is not [-1, 1].
    """
    if not isinstance(images, np.ndarray):
        import keras

        images = keras.ops.convert_to_numpy(images)
    if images.shape[1:] != tuple(image_shape) or images.ndim != 4:
        raise MetricError(
            f"images of shape {images.shape}, but the features were found for "
            f"(n, {', '.join(map(str, image_shape))}): find features for this shape."
        )
    if images.dtype == np.uint8:
        return images
    if not np.issubdtype(images.dtype, np.floating):
        raise MetricError(f"images of type {images.dtype}: pass floats in [-1, 1], or uint8.")
    images = images.astype(np.float32, copy=False)
    if images.size and not np.isfinite(images).all():
        broken = int(np.flatnonzero(~np.isfinite(images).all(axis=(1, 2, 3)))[0])
        raise MetricError(f"image {broken} holds NaN or infinity: the model has diverged.")
    if images.size and np.abs(images).max() > _FAR:
        raise MetricError(
            f"images from {images.min():g} to {images.max():g}: pass floats in [-1, 1], or uint8."
        )
    return images


def to_bytes(images: np.ndarray) -> np.ndarray:
    """Floats in [-1, 1] as uint8: clipped, `(x + 1) * 127.5` rounded, ties to even.

    Example:

        >>> to_bytes(np.array([-1.2, -1.0, 0.0, 1 / 255, 1.0], "float32")).tolist()
        [0, 0, 128, 128, 255]
    """
    if images.dtype == np.uint8:
        return images
    return np.round((np.clip(images, -1.0, 1.0) + 1.0) * 127.5).astype(np.uint8)


def to_unit(levels: np.ndarray) -> np.ndarray:
    """Levels 0..255 as float32 in [-1, 1], as `kgen.datasets` gives them."""
    return levels.astype(np.float32, copy=False) / np.float32(127.5) - np.float32(1.0)


def to_levels(images: np.ndarray, rounded: bool = True) -> np.ndarray:
    """Images as float32 levels 0..255, whole ones unless `rounded` is false.

    Example:

        >>> image = np.array([0.001], "float32")
        >>> to_levels(image).tolist(), round(float(to_levels(image, rounded=False)[0]), 4)
        ([128.0], 127.6275)
    """
    if rounded or images.dtype == np.uint8:
        return to_bytes(images).astype(np.float32)
    return (np.clip(images, -1.0, 1.0) + np.float32(1.0)) * np.float32(127.5)


def coloured(images: np.ndarray) -> np.ndarray:
    """Grey images with their one channel three times; colour unchanged."""
    return np.repeat(images, 3, axis=-1) if images.shape[-1] == 1 else images


def resize_tf1(images: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Bilinear without antialiasing, as TensorFlow 1 resized: corners not aligned, no half pixels.

    Output row `i` is read at `i * height / new_height`, between the two rows around it; reading
    past the last row repeats it. Published FIDs rest on it: it shifts the picture by up to half a
    pixel, and shrinking skips pixels instead of averaging (Parmar et al. 2022). Computed in
    float32, in the order of TensorFlow's kernel.

    Args:
        images: `(n, height, width, channels)`.
        size: The new height and width.

    Returns:
        float32 of shape `(n, *size, channels)`.

    Example:

        >>> row = np.array([0.0, 4.0]).reshape(1, 1, 2, 1)
        >>> resize_tf1(row, (1, 4)).ravel().tolist()
        [0.0, 2.0, 4.0, 4.0]
    """
    images = images.astype(np.float32, copy=False)
    if images.shape[1:3] == tuple(size):
        return images
    top, bottom, down = _places(images.shape[1], size[0])
    left, right, across = _places(images.shape[2], size[1])
    across = across[:, None]

    def blended(rows: np.ndarray) -> np.ndarray:
        near = rows[:, :, left]
        return near + (rows[:, :, right] - near) * across

    upper = blended(images[:, top])
    return upper + (blended(images[:, bottom]) - upper) * down[:, None, None]


def _places(old: int, new: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each new row the two old ones around it and the share of the second."""
    place = np.arange(new, dtype=np.float32) * np.float32(np.float32(old) / np.float32(new))
    first = np.floor(place).astype(np.int64)
    return np.minimum(first, old - 1), np.minimum(first + 1, old - 1), place - np.floor(place)


def resize_clean(images: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Antialiased bicubic by Pillow, channel by channel in floats (Parmar et al. 2022).

    Args:
        images: `(n, height, width, channels)`, values 0..255.
        size: The new height and width.

    Returns:
        float32 of shape `(n, *size, channels)`, the filter's overshoot clipped to 0..255.

    Example:

        >>> checks = np.indices((8, 8)).sum(0)[None, :, :, None] % 2 * 255
        >>> bool((abs(resize_clean(checks, (2, 2)) - 127.5) < 1).all())  # grey: nothing was skipped
        True
    """
    images = images.astype(np.float32, copy=False)
    if images.shape[1:3] == tuple(size):
        return images
    resized = np.empty((len(images), *size, images.shape[3]), np.float32)
    for image, target in zip(images, resized, strict=True):
        for channel in range(images.shape[3]):
            plane = Image.fromarray(np.ascontiguousarray(image[:, :, channel]))
            plane = plane.resize((size[1], size[0]), Image.Resampling.BICUBIC)
            target[:, :, channel] = np.asarray(plane)
    return np.clip(resized, 0, 255, out=resized)
