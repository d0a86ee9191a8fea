"""Which function it is: a checksum of what a user's feature function is made of.

Two functions of one name must not share a column of a comparison, and one function must be the same
in another process. So its bytecode is read, with its constants, defaults and what it refers to:
what a closure holds, and the module's names that it uses. Functions of its own package are read in
the same way, those of others go by their names. Numbers, texts, arrays, containers, networks (by
their weights) and plain objects (by their attributes) are values; anything else is refused, because
two of them could not be told apart.

Bytecode differs between versions of Python: there one function has two checksums. That is seen, and
the other mistake would not be.
"""

from __future__ import annotations

import dis
import functools
import hashlib
import json
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras
import numpy as np

from kgen.errors import MetricError
from kgen.metrics.features import checksums

_PLAIN = (type(None), bool, int, float, complex, str, bytes, type(Ellipsis))
_MOST = 100_000  # values looked at; an object that leads to more is no function's constant


def of_function(function: Callable) -> str:
    """The checksum of a function or of an object that is called.

    Raises:
        MetricError: If it holds something that cannot be told from another of its kind.

    Example:

        >>> def scaled(by):
        ...     return lambda images: images.mean(axis=(1, 2)) * by
        >>> of_function(scaled(2)) == of_function(scaled(2)), len(of_function(scaled(2)))
        (True, 12)
        >>> of_function(scaled(2)) == of_function(scaled(3))
        False
    """
    module = getattr(function, "__module__", None) or type(function).__module__
    reader = _Reader(module.partition(".")[0], name_of(function))
    digest = hashlib.sha256()
    for part in reader.parts(function):
        digest.update(f"{len(part)}:".encode() + part)
    return digest.hexdigest()[: checksums.DIGITS]


def of_model(model: keras.layers.Layer) -> str:
    """The checksum of a network or a layer: its settings, without names, and its weights.

    Example:

        >>> def network(activation):
        ...     return keras.Sequential([keras.Input((2,)), keras.layers.Activation(activation)])
        >>> of_model(network("relu")) == of_model(network("relu"))
        True
        >>> of_model(network("relu")) == of_model(network("tanh"))
        False
    """
    weights = [np.asarray(keras.ops.convert_to_numpy(v)) for v in model.weights]
    text = f"{_structure(model)}{checksums.of_arrays(weights)}"
    return hashlib.sha256(text.encode()).hexdigest()[: checksums.DIGITS]


def name_of(function: Callable) -> str:
    """What a function is called: its own name, or that of its class."""
    if isinstance(function, functools.partial):
        return name_of(function.func)
    return getattr(function, "__name__", type(function).__name__)


def model_name(model: keras.Model) -> str:
    """A network's name, without the number that Keras counts networks of a process by.

    Example:

        >>> models = [keras.Sequential() for _ in range(2)]
        >>> [model_name(model) for model in models]
        ['sequential', 'sequential']
    """
    stem, _, number = model.name.rpartition("_")
    counted = number.isdecimal() and stem.replace("_", "") == type(model).__name__.lower()
    return stem if counted else model.name


def _structure(model: keras.layers.Layer) -> str:
    """The configuration as text; names, which Keras counts by process, become places."""
    try:
        layers = model._flatten_layers(include_self=True)
        places = {layer.name: f"layer {i}" for i, layer in enumerate(layers)}
        return json.dumps(_placed(model.get_config(), places), default=str, sort_keys=True)
    except (NotImplementedError, AttributeError, TypeError):  # a user's class that has none
        return "\n".join(part.hex() for part in _Reader("", model.name).code(type(model).call))


def _placed(config: Any, places: Mapping[str, str], key: str = "") -> Any:
    """The configuration with places for names, where names stand."""
    if isinstance(config, Mapping):
        return {name: _placed(value, places, name) for name, value in config.items()}
    if isinstance(config, list | tuple):
        return [_placed(value, places, key) for value in config]
    names = key in ("name", "keras_history", "input_layers", "output_layers")
    return places.get(config, config) if names and isinstance(config, str) else config


class _Reader:
    """Goes through a function and what it refers to, and gives bytes that say what it is."""

    def __init__(self, package: str, name: str):
        self.package, self.name = package, name
        self.path: list[int] = []
        self.seen = 0

    def parts(self, value: Any) -> Iterator[bytes]:
        """What a value is, whatever its kind.

        Raises:
            MetricError: If it cannot be said.
        """
        self.seen += 1
        if isinstance(value, _PLAIN):
            yield f"{type(value).__name__} {value!r}".encode()
            return
        if id(value) in self.path:  # a function that calls itself, a list within itself
            yield b"again %d" % self.path.index(id(value))
            return
        if self.seen > _MOST:
            self._refuse(value)
        self.path.append(id(value))
        yield from self._parts(value)
        self.path.pop()

    def _parts(self, value):
        if isinstance(value, types.FunctionType):
            yield from self._function(value)
        elif isinstance(value, types.MethodType):
            yield from self._all(value.__self__, value.__func__)
        elif isinstance(value, functools.partial):
            yield from self._all(value.func, value.args, value.keywords)
        elif isinstance(value, types.CodeType):
            yield from self.code(value)
        elif isinstance(value, types.ModuleType):
            yield value.__name__.encode()
        elif isinstance(value, type):
            yield f"{value.__module__}.{value.__qualname__}".encode()
        elif isinstance(value, Mapping):
            yield b"mapping %d" % len(value)
            for key in sorted(value, key=repr):
                yield from self._all(key, value[key])
        elif isinstance(value, list | tuple):
            yield f"{type(value).__name__} {len(value)}".encode()
            yield from self._all(*value)
        elif isinstance(value, set | frozenset):
            yield b"set %d" % len(value)
            yield from self._all(*sorted(value, key=repr))
        elif isinstance(value, keras.layers.Layer):
            yield of_model(value).encode()
        elif hasattr(value, "state_dict"):  # a network of PyTorch
            yield from self._all(type(value), dict(value.state_dict()))
        elif (array := _array(value)) is not None:
            yield checksums.of_arrays([array]).encode()
        elif isinstance(getattr(value, "__name__", None), str) and callable(value):
            yield f"{getattr(value, '__module__', '')}.{value.__name__}".encode()  # built in
        elif hasattr(value, "__dict__"):
            yield from self._object(value)
        else:
            self._refuse(value)

    def _all(self, *values):
        for value in values:
            yield from self.parts(value)

    def _function(self, function):
        package = (function.__module__ or "").partition(".")[0]
        if len(self.path) > 1 and package != self.package:
            yield f"{function.__module__}.{function.__qualname__}".encode()
            return
        yield from self.code(function)
        held = inspect_closure(function)
        yield from self._all(function.__defaults__, function.__kwdefaults__, held)

    def _object(self, value):
        kind = type(value)
        yield f"{kind.__module__}.{kind.__qualname__}".encode()
        call = vars(kind).get("__call__")
        if len(self.path) == 1 and isinstance(call, types.FunctionType):  # it is what was given
            yield from self.parts(call)
        yield from self.parts(vars(value))

    def code(self, of) -> Iterator[bytes]:
        """A function's or a code object's instructions, without names of its own variables."""
        code = getattr(of, "__code__", of)
        yield code.co_code
        yield from self._all(code.co_names, code.co_consts)

    def _refuse(self, value):
        raise MetricError(
            f"the features {self.name} hold a {type(value).__name__}, of which two cannot be told "
            "apart in scores: pass an object with name, checksum, resize, dim, notes, classes and "
            "__call__ (kgen.metrics.features.Features), or features saved as a Keras model."
        )


def inspect_closure(function: types.FunctionType) -> dict[str, Any]:
    """What a function refers to beyond its arguments: cells by name, and the globals it uses.

    Example:

        >>> height = 3
        >>> sorted(inspect_closure(lambda x: x * height))
        ['height']
    """
    held = {}
    cells = function.__closure__ or ()
    for name, cell in zip(function.__code__.co_freevars, cells, strict=True):
        try:
            held[name] = cell.cell_contents
        except ValueError:  # not yet assigned
            held[name] = None
    for name in sorted(_globals_used(function.__code__)):
        if name in function.__globals__:
            held[name] = function.__globals__[name]
    return held


def _globals_used(code: types.CodeType) -> set[str]:
    used = {i.argval for i in dis.get_instructions(code) if i.opname == "LOAD_GLOBAL"}
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            used |= _globals_used(constant)
    return used


def _array(value) -> np.ndarray | None:
    """Arrays of NumPy, and tensors and variables of whatever backend."""
    if isinstance(value, np.ndarray | np.generic):
        array = np.asarray(value)
        return None if array.dtype.hasobject else array
    if keras.ops.is_tensor(value) or isinstance(value, keras.Variable):
        return np.asarray(keras.ops.convert_to_numpy(value))
    if hasattr(value, "numpy") and hasattr(value, "shape"):  # a variable of TensorFlow
        return np.asarray(value.numpy())
    return None
