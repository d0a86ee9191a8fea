"""What pictures share that look the same: a hash, and a correlation to be sure."""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy import fft

_SIDE, _LOW = 32, 8
_FLAT = 2.0  # grey levels: a standard deviation below which there is nothing to see


def low_frequencies(image: Image.Image) -> np.ndarray | None:
    """The rough look of a picture, in which scaling and compression change little.

    In grey at 32 x 32, the lowest 8 x 8 coefficients of its discrete cosine transform but the
    first, which is the mean, brought to length 1: brightness and contrast do not count. Nor do
    colours of the same grey.

    Returns:
        63 numbers, row by row; `None` for a picture of one tone, where they would be noise.
    """
    grey = image.convert("L").resize((_SIDE, _SIDE), Image.Resampling.BICUBIC)
    levels = np.asarray(grey, np.float64)
    if levels.std() < _FLAT:
        return None
    low = fft.dctn(levels, norm="ortho")[:_LOW, :_LOW].ravel()[1:]
    return low / max(np.linalg.norm(low), 1e-12)


def perceptual_hash(low: np.ndarray) -> int:
    """63 bits: whether each of the `low_frequencies` lies above their median.

    Pictures that look the same differ in few bits, others in 31 or so; but where most of the
    numbers are next to nothing, as in a plain gradient, few bits have a meaning, so that equal
    bits are not enough: `alike` looks at the numbers as well.

    Example:

        >>> picture = Image.radial_gradient("L").crop((0, 40, 200, 256))
        >>> hashes = [perceptual_hash(low_frequencies(one))
        ...           for one in (picture, picture.resize((90, 60)), picture.rotate(90))]
        >>> distance(hashes[0], hashes[1]) <= 4, distance(hashes[0], hashes[2]) > 4
        (True, True)
    """
    return int.from_bytes(np.packbits(low > np.median(low)).tobytes(), "big")


def distance(one: int, other: int) -> int:
    """In how many bits two hashes differ."""
    return (one ^ other).bit_count()


class Seen:
    """The looks of many pictures, to find one that is like another.

    Args:
        near: In how many bits of the hash two pictures may differ and yet be alike.
        correlation: What the `low_frequencies` of pictures that are alike have at least.
    """

    def __init__(self, near: int, correlation: float = 0.95):
        self.near, self.correlation = near, correlation
        self._hashes = np.zeros(256, np.uint64)
        self._lows = np.zeros((256, _LOW * _LOW - 1), np.float32)
        self._count = 0

    def alike(self, low: np.ndarray) -> tuple[int, int] | None:
        """The number of the nearest picture that is alike, in the order of `add`, and its bits."""
        apart = np.bitwise_count(self._hashes[: self._count] ^ np.uint64(perceptual_hash(low)))
        (candidates,) = np.nonzero(apart <= self.near)
        candidates = candidates[self._lows[candidates] @ low >= self.correlation]
        if not len(candidates):
            return None
        nearest = candidates[apart[candidates].argmin()]
        return int(nearest), int(apart[nearest])

    def add(self, low: np.ndarray) -> None:
        """Adds a picture."""
        if self._count == len(self._hashes):
            self._hashes = np.concatenate([self._hashes, np.zeros_like(self._hashes)])
            self._lows = np.concatenate([self._lows, np.zeros_like(self._lows)])
        self._hashes[self._count] = perceptual_hash(low)
        self._lows[self._count] = low
        self._count += 1
