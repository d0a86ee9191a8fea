"""SHA-256 of weights and images: what tells two networks, or two data sets, apart."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np

#: Digits of a checksum that scores show.
DIGITS = 12


def of_arrays(arrays: Iterable[np.ndarray]) -> str:
    """The full SHA-256 of arrays: their types, shapes and bytes, in order.

    Example:

        >>> row = np.zeros(2, "float32")
        >>> of_arrays([row]) == of_arrays([row.copy()]), of_arrays([row]) == of_arrays([row[None]])
        (True, False)
    """
    digest = hashlib.sha256()
    for array in arrays:
        array = np.ascontiguousarray(array)
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def of_file(path: Path) -> str:
    """The full SHA-256 of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
