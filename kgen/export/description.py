"""`kgen_export.json`: what an export holds, for people and for the command line.

It lies in `assets.extra/`, which a SavedModel reserves for files that no TensorFlow reader needs.
"""

import json
from os import PathLike
from pathlib import Path
from typing import Any

import keras

from kgen.errors import ExportError
from kgen.export.endpoints import Endpoint
from kgen.version import __version__

PLACE = Path("assets.extra", "kgen_export.json")
"""Where the description lies, inside the folder of an export."""

_RANGES = {"image": [-1.0, 1.0], "wave": [-1.0, 1.0], "uniform": [0.0, 1.0]}


def compose(
    model: Any,
    endpoints: list[Endpoint],
    outputs: dict[str, dict[str, tuple[list[int | None], str]]],
    tensorflow_version: str,
) -> dict[str, Any]:
    """The description of an export.

    Args:
        model: The exported model; its class's name is used, and its words if it has any.
        endpoints: What was exported, the default signature first.
        outputs: Shape and dtype of every output, by signature and name, as they were traced.
        tensorflow_version: The version of TensorFlow that wrote the export.
    """
    return {
        "model": type(model).__name__,
        "versions": {
            "kgen": __version__,
            "keras": keras.__version__,
            "tensorflow": tensorflow_version,
        },
        "uint8": endpoints[0].uint8,
        "serving_default": endpoints[0].name,
        "words": list(model.words) if getattr(model, "words", None) else None,
        "signatures": {
            endpoint.name: {
                "inputs": {
                    name: {
                        **_tensor(list(spec.shape), spec.dtype, spec.role, spec.classes),
                        "distribution": spec.distribution,
                    }
                    for name, spec in endpoint.inputs.items()
                },
                "outputs": {
                    name: _tensor(*outputs[endpoint.name][name], role)
                    for name, role in endpoint.outputs.items()
                },
            }
            for endpoint in endpoints
        },
    }


def write(path: Path, description: dict[str, Any]) -> None:
    """Writes the description as indented JSON."""
    path.write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")


def describe(path: str | PathLike[str]) -> dict[str, Any]:
    """Reads what an export holds, without loading it.

    Args:
        path: The folder of an export, as given to `kgen.export.save`.

    Returns:
        A dict with `model`, `versions`, `uint8`, `serving_default`, `words` (what each token
        stands for, or `None`) and `signatures`. Each
        signature has `inputs` and `outputs`, by name, each with `shape` (`None` where any size
        will do), `dtype`, `role` and `range` (lowest and highest value, or `None`); inputs also
        have the `distribution` that latents are drawn from, or `None`.

    Raises:
        ExportError: There is no such export.
    """
    place = Path(path, PLACE)
    try:
        return json.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ExportError(
            f"{path} is no export of kgen: {place} is missing or cannot be read."
        ) from error


def _tensor(
    shape: list[int | None], dtype: str, role: str, classes: int | None = None
) -> dict[str, Any]:
    if role == "tokens" and classes:
        return {"shape": shape, "dtype": dtype, "role": role, "range": [0, classes - 1]}
    span = [0, 255] if dtype == "uint8" and role == "image" else _RANGES.get(role)
    return {"shape": shape, "dtype": dtype, "role": role, "range": span}
