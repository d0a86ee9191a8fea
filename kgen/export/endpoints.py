"""What a model offers to serve, in the one form the rest of this package works with.

`endpoints(model)` reads `model.signatures()`, checks it, and returns one `Endpoint` a signature.
Nothing else of the model is used: any Keras model with that method can be exported.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import keras
from keras import ops

from kgen.errors import ExportError

_LOW_PRECISION = ("float16", "bfloat16")
_TAKEN = ("serving_default", "variables", "trainable_variables", "non_trainable_variables")


@dataclasses.dataclass(frozen=True)
class Input:
    """One named input: its shape with `None` for every free size, its dtype and its role.

    `classes` is the number of classes of a label, and `distribution` what a latent is drawn from;
    `None` where the model does not say.
    """

    shape: tuple[int | None, ...]
    dtype: str
    role: str
    classes: int | None = None
    distribution: str | None = None


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """One signature as it is served: a function of named tensors that returns named tensors.

    With `uint8`, images are whole numbers 0..255 on the outside. Inside, the model still sees
    [-1, 1]: `x / 127.5 - 1` on the way in; on the way out clipped to [-1, 1], then
    `(x + 1) * 127.5` rounded to the nearest whole number, ties to even. All 256 levels survive
    the way in and out unchanged.
    """

    name: str
    function: Callable[..., Mapping[str, Any]]
    inputs: dict[str, Input]
    outputs: dict[str, str]
    uint8: bool = False

    def __call__(self, **tensors: Any) -> dict[str, Any]:
        """Runs the signature on named tensors, on whatever backend the model lives."""
        if self.uint8:
            tensors = {
                name: _from_uint8(tensor) if self.inputs[name].role == "image" else tensor
                for name, tensor in tensors.items()
            }
        result = self.function(**tensors)
        if not isinstance(result, Mapping) or set(result) != set(self.outputs):
            got = sorted(result) if isinstance(result, Mapping) else type(result).__name__
            raise ExportError(
                f"signature '{self.name}' promises the outputs {sorted(self.outputs)} and returned "
                f"{got}: its function must return a dict with these keys."
            )
        return {name: self._served(result[name], role) for name, role in self.outputs.items()}

    def _served(self, tensor: Any, role: str) -> Any:
        if self.uint8 and role == "image":
            return _to_uint8(tensor)
        if keras.backend.standardize_dtype(tensor.dtype) in _LOW_PRECISION:
            return ops.cast(tensor, "float32")  # clients of a mixed-precision model read float32
        return tensor


def endpoints(model: Any, *, uint8: bool = False) -> list[Endpoint]:
    """The signatures of `model`, checked, in the model's order: the first is the default one.

    Args:
        model: A Keras model with a method `signatures()`.
        uint8: Whether images enter and leave as uint8 0..255 instead of float32 [-1, 1].

    Raises:
        ExportError: The model has no signatures, or one of them cannot be served.
    """
    try:
        signatures = model.signatures() if hasattr(model, "signatures") else {}
    except NotImplementedError:
        signatures = {}
    if not signatures:
        raise ExportError(
            f"{type(model).__name__} has no signatures, so there is nothing to export: "
            "signatures() must return at least one."
        )
    return [_endpoint(name, signature, uint8) for name, signature in signatures.items()]


def _endpoint(name: str, signature: Any, uint8: bool) -> Endpoint:
    if not name.isidentifier() or name.startswith("_") or name in _TAKEN:
        raise ExportError(
            f"'{name}' cannot name a signature: use a Python identifier that does not start with "
            f"an underscore and is none of {', '.join(_TAKEN)}."
        )
    if not signature.inputs or not signature.outputs:
        raise ExportError(f"signature '{name}' must have at least one input and one output.")
    inputs = {}
    for key, spec in signature.inputs.items():
        dtype = "uint8" if uint8 and spec.role == "image" else spec.dtype
        said = (getattr(spec, name, None) for name in ("classes", "distribution"))
        inputs[key] = Input(tuple(spec.shape), dtype, spec.role, *said)
    return Endpoint(name, signature.function, inputs, dict(signature.outputs), uint8)


def _from_uint8(images: Any) -> Any:
    return ops.cast(images, "float32") / 127.5 - 1.0


def _to_uint8(images: Any) -> Any:
    images = ops.clip(ops.cast(images, "float32"), -1.0, 1.0)
    return ops.cast(ops.round((images + 1.0) * 127.5), "uint8")
