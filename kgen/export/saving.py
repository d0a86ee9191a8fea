"""Writing a model as a TensorFlow SavedModel, for TF Serving and whatever else reads one."""

import inspect
import shutil
import uuid
from os import PathLike
from pathlib import Path
from typing import Any

import keras

from kgen.errors import ExportError
from kgen.export import description
from kgen.export.endpoints import Endpoint, endpoints
from kgen.export.examples import example_inputs


def save(
    model: Any, path: str | PathLike[str], *, uint8: bool = False, warmup: bool = True
) -> Path:
    """Exports a model as a SavedModel with one signature per entry of `model.signatures()`.

    The signatures, their inputs and their outputs keep the model's names. The first signature is
    also `serving_default`. Free sizes, the batch above all, stay free. The export holds the
    variables that the signatures use and no others: no optimizer, and no discriminator unless a
    signature asks it. Beside the graph it holds a description (see `kgen.export.describe`).

    The folder appears at once, when it is complete: an export cut short leaves nothing at `path`.

    Args:
        model: A model with `signatures()`, on the TensorFlow backend.
        path: The folder to write, which must not exist yet. TF Serving expects
            `<name of the model>/<number of the version>`; see `kgen.export.next_version`.
        uint8: Whether images enter and leave as uint8 0..255 instead of float32 [-1, 1]. Images
            that leave are clipped and rounded to the nearest level, ties to even.
        warmup: Whether to add one warm-up request a signature, which TF Serving runs before it
            serves the version, so that no user waits for the first call.

    Returns:
        The folder that was written.

    Raises:
        ExportError: The folder exists, the backend is not TensorFlow, or the model cannot be
            exported as it is.

    Example:

        >>> import kgen, tempfile
        >>> model = kgen.models.DCGAN.build_default(image_shape=(8, 8, 1), latent_dim=5, width=4)
        >>> path = kgen.export.save(model, kgen.export.next_version(tempfile.mkdtemp()))
        >>> list(kgen.export.describe(path)["signatures"])
        ['sample', 'discriminate', 'features']
    """
    path = Path(path)
    if keras.backend.backend() != "tensorflow":
        raise ExportError(
            f"a SavedModel is written by the TensorFlow backend, and this process runs "
            f"{keras.backend.backend()}: keep the .keras file, which is the same on every backend, "
            "and export it in a process with KERAS_BACKEND=tensorflow."
        )
    _refuse_existing(path)
    offered = endpoints(model, uint8=uint8)

    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.parent / f".{path.name}.{uuid.uuid4().hex[:8]}.partial"
    try:
        _write(model, offered, partial, _served_name(path) if warmup else None)
        _refuse_existing(path)
        partial.rename(path)
    except BaseException:  # Ctrl-C too
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return path


def next_version(folder: str | PathLike[str]) -> Path:
    """The next free version folder of a model, as TF Serving numbers them.

    TF Serving serves the highest number it finds, so this is one above the highest, and gaps
    that deleted versions left stay gaps.

    Args:
        folder: The folder of the model's versions; it need not exist.

    Example:

        >>> import pathlib, tempfile
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> next_version(folder).name
        '1'
        >>> (folder / "9").mkdir(); (folder / "notes").mkdir()
        >>> next_version(folder).name
        '10'
    """
    folder = Path(folder)
    names = [child.name for child in folder.iterdir()] if folder.is_dir() else []
    versions = [int(name) for name in names if name.isascii() and name.isdecimal()]
    return folder / str(max(versions, default=0) + 1)


def _write(model: Any, offered: list[Endpoint], folder: Path, served_name: str | None) -> None:
    # Imported here, so that under JAX or PyTorch, where there may be no TensorFlow, this package
    # still imports and `save` says what to do.
    import tensorflow as tf

    from kgen.export import warmup

    archive = keras.export.ExportArchive()
    outputs = {}
    # The model is not `track`ed: that would add the variables which no signature uses.
    try:
        for endpoint in offered:
            specs = [
                tf.TensorSpec(spec.shape, spec.dtype, name=name)
                for name, spec in endpoint.inputs.items()
            ]
            traced = archive.add_endpoint(endpoint.name, _positional(endpoint), specs)
            outputs[endpoint.name] = {
                name: (tensor.shape.as_list(), tensor.dtype.name)
                for name, tensor in traced.get_concrete_function().structured_outputs.items()
            }
        archive.write_out(str(folder), verbose=False)
    except ValueError as error:
        if "root scope name" not in str(error):
            raise
        name = str(error).split("'")[1].split("/")[0]
        raise ExportError(
            f"TensorFlow cannot export a layer named '{name}': "
            "rename it so that it starts with a letter or a digit."
        ) from error

    (folder / "assets.extra").mkdir()
    composed = description.compose(model, offered, outputs, tf.__version__)
    description.write(folder / description.PLACE, composed)
    if served_name is not None:
        requests = [
            warmup.prediction_log(
                served_name, endpoint.name, example_inputs(endpoint, batch_size=1, seed=0)
            )
            for endpoint in offered
        ]
        warmup.write(folder / warmup.PLACE, requests)


def _positional(endpoint: Endpoint) -> Any:
    """The endpoint with its inputs as parameters by name, which become the signature's names."""

    def function(*tensors: Any) -> dict[str, Any]:
        return endpoint(**dict(zip(endpoint.inputs, tensors, strict=True)))

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter(name, kind) for name in endpoint.inputs]
    function.__signature__ = inspect.Signature(parameters)
    return function


def _served_name(path: Path) -> str:
    """The model's name: TF Serving's versions are numbered folders under it."""
    absolute = path.absolute()
    return absolute.parent.name if absolute.name.isdecimal() else absolute.name


def _refuse_existing(path: Path) -> None:
    if path.exists() or path.is_symlink():
        raise ExportError(
            f"{path} exists, and an export never overwrites: choose another folder, "
            "or remove this one first."
        )
