"""Reads the tensors of a `torch.save` file, without PyTorch and without trusting the file.

A pickle can name any function of any module and have it called. Here a name that does not belong
to a state dict of tensors ends the reading, so that nothing of the file is ever run.

The format is the one of PyTorch before 1.6: four pickles (a magic number, the protocol, the
machine's types, the state dict), one of the storages' keys, and then each storage as an int64
count and its raw numbers. The state dict refers to storages by key, before their numbers are read.
"""

from __future__ import annotations

import collections
import os
import pickle
from typing import Any, BinaryIO

import numpy as np

from kgen.errors import MetricError

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_TYPES = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ByteStorage": "u1",
    "BoolStorage": "?",
}


class _Storage:
    """A storage's type, and its numbers once they are read."""

    def __init__(self, dtype: np.dtype):
        self.dtype = dtype
        self.numbers: np.ndarray | None = None


class _Tensor:
    """A view of a storage, as the state dict describes it."""

    def __init__(self, storage, offset, shape, strides, *_):
        self.storage, self.offset, self.shape, self.strides = storage, offset, shape, strides

    def array(self) -> np.ndarray:
        """The tensor's numbers, copied.

        Raises:
            ValueError: The view reaches beyond its storage.
        """
        numbers, shape = self.storage.numbers, tuple(self.shape)
        if (
            len(shape) != len(self.strides)
            or min((self.offset, *shape, *self.strides), default=0) < 0
        ):
            raise ValueError("a tensor with an impossible shape")
        reach = sum((side - 1) * step for side, step in zip(shape, self.strides, strict=True))
        if 0 not in shape and self.offset + reach >= len(numbers):
            raise ValueError("a tensor that reaches beyond its storage")
        strides = [step * numbers.itemsize for step in self.strides]
        # Checked above; as_strided itself would read anything.
        return np.lib.stride_tricks.as_strided(numbers[self.offset :], shape, strides).copy()


class _Unpickler(pickle.Unpickler):
    """Builds ordered dicts, storages and tensors, and refuses everything else."""

    def __init__(self, file: BinaryIO):
        super().__init__(file)
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _Tensor
        if module == "torch" and name in _TYPES:
            return np.dtype(_TYPES[name])
        raise MetricError(
            f"the weights file asks for {module}.{name}, which is no tensor: refused."
        )

    def persistent_load(self, pid: Any) -> _Storage:
        kind, dtype, key, _, _, view = pid
        if kind != "storage" or not isinstance(dtype, np.dtype) or view is not None:
            raise ValueError("an unknown kind of storage")
        return self.storages.setdefault(key, _Storage(dtype))


def read_tensors(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """The tensors of a saved state dict.

    Args:
        path: A file that `torch.save(model.state_dict(), path)` wrote in the older format.

    Returns:
        Arrays by their names.

    Raises:
        MetricError: The file is damaged, of another format, or holds anything but tensors.
    """
    try:
        with open(path, "rb") as file:
            return _read(file)
    except OSError as error:
        raise MetricError(f"cannot read the weights {path}: {error.strerror or error}.") from error
    except MetricError:
        raise
    except Exception as error:  # a damaged pickle can fail in any way
        raise MetricError(
            f"{path} is no intact state dict in PyTorch's older format ({error}): fetch it again."
        ) from error


def _read(file: BinaryIO) -> dict[str, np.ndarray]:
    if _Unpickler(file).load() != _MAGIC or _Unpickler(file).load() != _PROTOCOL:
        raise ValueError("another beginning")
    machine = _Unpickler(file).load()
    if not machine["little_endian"]:
        raise ValueError("written on a big-endian machine")
    unpickler = _Unpickler(file)
    state = unpickler.load()
    for key in _Unpickler(file).load():
        storage = unpickler.storages[key]
        count = int(np.frombuffer(file.read(8), "<i8")[0])
        # frombuffer refuses a file that ends too early.
        content = file.read(count * storage.dtype.itemsize)
        storage.numbers = np.frombuffer(content, storage.dtype, count)
    return {name: tensor.array() for name, tensor in state.items()}
