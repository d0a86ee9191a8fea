"""Runs the signatures of a SavedModel with nothing but TensorFlow and NumPy.

This file is a program, to be run by its path. It shows that an export needs neither kgen nor
Keras: it forbids both to this process before it imports TensorFlow (which would import Keras).

    python -P reader.py EXPORT                                  # lists the signatures
    python -P reader.py EXPORT --run SIGNATURE IN.npz OUT.npz   # may be repeated

IN.npz holds one array an input, by name; OUT.npz gets one array an output, by name.
"""

import argparse
import os
import sys


def main(arguments: list[str] | None = None) -> None:
    """Reads the command line, loads the SavedModel once and runs what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("export", help="the folder of a SavedModel")
    parser.add_argument(
        "--run",
        nargs=3,
        action="append",
        default=[],
        metavar=("SIGNATURE", "IN.npz", "OUT.npz"),
        help="a signature to run, the file with its inputs and the file for its outputs",
    )
    options = parser.parse_args(arguments)

    sys.modules["kgen"] = sys.modules["keras"] = None
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow as tf

    if not tf.saved_model.contains_saved_model(options.export):
        sys.exit(f"{options.export} is no SavedModel.")
    signatures = tf.saved_model.load(options.export).signatures
    if not options.run:
        for name, signature in signatures.items():
            print(name)
            _print_tensors("in ", signature.structured_input_signature[1])
            _print_tensors("out", signature.structured_outputs)
    for name, inputs, outputs in options.run:
        if name not in signatures:
            sys.exit(f"no signature '{name}' in {options.export}: it has {', '.join(signatures)}.")
        _run(signatures[name], name, inputs, outputs)


def _run(signature, name: str, inputs: str, outputs: str) -> None:
    import numpy as np
    import tensorflow as tf

    specs = signature.structured_input_signature[1]
    with np.load(inputs) as arrays:
        given = {key: tf.constant(arrays[key]) for key in arrays.files}
    if set(given) != set(specs):
        sys.exit(f"'{name}' takes the inputs {sorted(specs)}, and {inputs} has {sorted(given)}.")
    for key, spec in specs.items():
        if given[key].dtype != spec.dtype or not spec.shape.is_compatible_with(given[key].shape):
            sys.exit(
                f"input '{key}' of '{name}' is {spec.dtype.name} of shape {spec.shape}, and "
                f"{inputs} has {given[key].dtype.name} of shape {given[key].shape}."
            )
    results = signature(**given)
    np.savez(outputs, **{key: tensor.numpy() for key, tensor in results.items()})


def _print_tensors(label: str, specs: dict) -> None:
    for name, spec in sorted(specs.items()):
        print(f"    {label} {name}: {spec.dtype.name} {spec.shape}")


if __name__ == "__main__":
    main()
