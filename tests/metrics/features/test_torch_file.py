"""Reading PyTorch's state dicts: the numbers of PyTorch itself, and nothing but numbers."""

import collections
import pickle
import struct

import numpy as np
import pytest

from kgen.errors import MetricError
from kgen.metrics.features.torch_file import read_tensors

MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001


class _Call:
    """Pickles as a call of any function by name, the way a hostile file would."""

    def __init__(self, function, *arguments):
        self._call = function, arguments

    def __reduce__(self):
        return self._call


def _rebuilt(storage, offset, shape, strides, requires_grad, hooks):
    """Stands for `torch._utils._rebuild_tensor_v2` while a file is written."""


def _float_storage():
    """Stands for `torch.FloatStorage`."""


_rebuilt.__module__, _rebuilt.__qualname__ = "torch._utils", "_rebuild_tensor_v2"


class _Pickler(pickle._Pickler):
    """Writes names of PyTorch without importing it."""

    def persistent_id(self, value):
        return value if isinstance(value, tuple) and value[:1] == ("storage",) else None

    def save_global(self, value, name=None):
        names = {
            _rebuilt: "torch._utils\n_rebuild_tensor_v2",
            _float_storage: "torch\nFloatStorage",
        }
        if value in names:
            self.write(b"c" + names[value].encode() + b"\n")
            self.memoize(value)
        else:
            super().save_global(value, name)

    dispatch = {**pickle._Pickler.dispatch, type(_rebuilt): save_global}


def write(path, numbers, offset=0, shape=(2, 3), strides=(3, 1), magic=MAGIC, extra=None):
    """A state dict of one tensor `weight` in the older format, written by hand."""
    reference = ("storage", _float_storage, "1", "cpu", len(numbers), None)
    tensor = _Call(_rebuilt, reference, offset, shape, strides, False, None)
    state = collections.OrderedDict(weight=tensor)
    if extra is not None:
        state["extra"] = extra
    with open(path, "wb") as file:
        for value in (magic, PROTOCOL, {"little_endian": True, "type_sizes": {}}):
            pickle.dump(value, file, protocol=2)
        _Pickler(file, protocol=2).dump(state)
        pickle.dump(["1"], file, protocol=2)
        file.write(struct.pack("<q", len(numbers)) + np.asarray(numbers, "<f4").tobytes())
    return path


def test_reads_what_was_written_by_hand(tmp_path):
    tensors = read_tensors(write(tmp_path / "w.pth", range(6)))
    assert list(tensors) == ["weight"]
    assert tensors["weight"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert tensors["weight"].dtype == np.float32


def test_a_tensor_can_be_a_view(tmp_path):
    """Transposed and from the middle of its storage."""
    path = write(tmp_path / "w.pth", range(8), offset=2, shape=(3, 2), strides=(1, 3))
    assert read_tensors(path)["weight"].tolist() == [[2, 5], [3, 6], [4, 7]]


def test_reads_what_pytorch_writes(tmp_path):
    torch = pytest.importorskip("torch")
    whole = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    state = {
        "whole": whole,
        "view": whole[1:3, ::2].T,
        "double": torch.tensor([0.1], dtype=torch.float64),
        "half": torch.tensor([0.5, -2.0], dtype=torch.float16),
        "count": torch.tensor(7),
        "empty": torch.zeros(0, 3),
    }
    torch.save(state, tmp_path / "w.pth", _use_new_zipfile_serialization=False)
    tensors = read_tensors(tmp_path / "w.pth")
    assert tensors.keys() == state.keys()
    for name, tensor in state.items():
        assert tensors[name].shape == tuple(tensor.shape)
        assert tensors[name].dtype == tensor.numpy().dtype
        np.testing.assert_array_equal(tensors[name], tensor.numpy())


def test_a_hostile_file_runs_nothing(tmp_path):
    """The same file through plain `pickle` does make the folder."""
    import os

    trap = tmp_path / "made"
    path = write(tmp_path / "w.pth", range(6), extra=_Call(os.mkdir, str(trap)))
    with pytest.raises(MetricError, match=r"mkdir, which is no tensor: refused"):
        read_tensors(path)
    assert not trap.exists()
    pickle.loads(pickle.dumps(_Call(os.mkdir, str(trap))))
    assert trap.exists()


@pytest.mark.parametrize(
    "name", ["builtins\neval", "torch\nload", "torch._utils\n_rebuild_tensor_v3", "numpy\nload"]
)
def test_only_tensors_names_are_known(tmp_path, name):
    (tmp_path / "w.pth").write_bytes(b"c" + name.encode() + b"\n.")
    with pytest.raises(MetricError, match="refused"):
        read_tensors(tmp_path / "w.pth")


@pytest.mark.parametrize(
    "view",
    [
        {"shape": (3, 3)},
        {"offset": 1},
        {"offset": -1, "shape": (1, 1)},
        {"strides": (3, -1)},
        {"shape": (2,)},
    ],
)
def test_a_view_beyond_its_storage_is_refused(tmp_path, view):
    with pytest.raises(MetricError, match="no intact state dict"):
        read_tensors(write(tmp_path / "w.pth", range(6), **view))


@pytest.mark.parametrize("kept", [0, 10, 200, -1])
def test_a_damaged_file_is_named(tmp_path, kept):
    path = write(tmp_path / "w.pth", range(6))
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(MetricError, match=r"w\.pth is no intact state dict"):
        read_tensors(path)


def test_another_format_and_no_file_are_named(tmp_path):
    with pytest.raises(MetricError, match="another beginning"):
        read_tensors(write(tmp_path / "w.pth", range(6), magic=1))
    with pytest.raises(MetricError, match=r"cannot read the weights .*none\.pth"):
        read_tensors(tmp_path / "none.pth")
