"""Reading the pickles of the Planetoid split without running what may be in them.

A pickle names functions and classes, and a plain reader imports and calls whatever it names. This
one gives it six stand-ins of its own, which only keep what they are given, and refuses every other
name; arrays are then made of the kept bytes. Nothing of NumPy, SciPy or Python is ever called by
the file.
"""

import math
import pickle
import re
from pathlib import Path

import numpy as np
import scipy.sparse

from kgen.errors import DataError


class _Kept:
    """An object of the file: what it was made with, and its state."""

    def __init__(self, *arguments):
        self.arguments = arguments
        self.state = None

    def __setstate__(self, state):
        self.state = state


class _Array(_Kept):
    """`numpy.ndarray`: the state is (version, shape, dtype, column order, bytes)."""

    def value(self) -> np.ndarray:
        _, shape, dtype, by_columns, raw = self.state
        code, *_ = dtype.arguments
        order = dtype.state[1]
        if not re.fullmatch("[fiu][1248]", str(code)) or order not in ("<", ">", "|"):
            raise ValueError(f"an array of {code}")
        raw = raw.encode("latin1") if isinstance(raw, str) else raw
        kind = np.dtype(code).newbyteorder(order)
        if len(raw) != math.prod(shape) * kind.itemsize:
            raise ValueError("an array that is cut short")
        array = np.frombuffer(raw, kind).reshape(shape, order="F" if by_columns else "C")
        return array.astype(kind.newbyteorder("="))


class _Sparse(_Kept):
    """`scipy.sparse.csr_matrix`: the state is a dictionary of its arrays."""

    def value(self) -> np.ndarray:
        parts = [self.state[key].value() for key in ("data", "indices", "indptr")]
        matrix = scipy.sparse.csr_array(tuple(parts), shape=self.state["_shape"])
        matrix.check_format(full_check=True)
        return matrix.toarray()


def _reconstruct(*_):
    return _Array()


def _mapping(*_):
    return {}


_STAND_INS = {
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Kept,
    ("scipy.sparse.csr", "csr_matrix"): _Sparse,
    ("scipy.sparse._csr", "csr_matrix"): _Sparse,
    ("collections", "defaultdict"): _mapping,
    ("__builtin__", "list"): _Kept,
    ("builtins", "list"): _Kept,
}


class _Reader(pickle.Unpickler):
    def find_class(self, module, name):
        if (module, name) not in _STAND_INS:
            raise DataError(
                f"it asks for {module}.{name}, which no file of Planetoid needs; nothing was run"
            )
        return _STAND_INS[module, name]


def read(path: Path) -> np.ndarray | dict[int, list[int]]:
    """A pickled array, sparse matrix (as a dense array) or table of neighbours.

    Args:
        path: The file, of Python 2 or 3.

    Raises:
        DataError: If it asks for anything else, or cannot be read.
    """
    try:
        with open(path, "rb") as file:
            found = _Reader(file, encoding="latin1").load()
        if isinstance(found, _Array | _Sparse):
            found = found.value()
    except DataError as error:
        raise DataError(f"{path} is refused: {error}.") from None
    except Exception as error:  # a broken pickle can make its reader raise anything
        raise DataError(f"{path} cannot be read as a file of Planetoid: {error}.") from None
    if not isinstance(found, np.ndarray | dict):
        raise DataError(f"{path} holds neither an array nor a table of neighbours.")
    return found
