"""Running a signature on whole arrays."""

import keras
import numpy as np
from keras import ops

from kgen.errors import DataError
from kgen.models.signature import Signature


def run_in_batches(run, signature: Signature, inputs: dict, batch_size: int):
    """Feeds arrays of equal length through `run`, a compiled form of the signature's function.

    Returns:
        The output as a NumPy array, or a dict of them where there are several.

    Raises:
        DataError: If an input is missing, or has a wrong shape, range or length.
    """
    if inputs.keys() != signature.inputs.keys():
        raise DataError(f"the inputs are {', '.join(signature.inputs)}, not {', '.join(inputs)}.")
    inputs = {key: spec.check(key, inputs[key]) for key, spec in signature.inputs.items()}
    lengths = {key: len(array) for key, array in inputs.items()}
    if len(set(lengths.values())) > 1:
        raise DataError(f"the inputs must have equal lengths, got {lengths}.")
    n = next(iter(lengths.values()))
    batches = []
    for start in range(0, max(n, 1), batch_size):
        batch = {key: array[start : start + batch_size] for key, array in inputs.items()}
        result = run(**keras.tree.map_structure(ops.convert_to_tensor, batch))
        batches.append({key: ops.convert_to_numpy(t) for key, t in result.items()})
    whole = {key: np.concatenate([b[key] for b in batches]) for key in batches[0]}
    return whole if len(whole) > 1 else next(iter(whole.values()))
