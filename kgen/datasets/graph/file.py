"""A user's own graph, from an `.npz` file."""

from pathlib import Path

import numpy as np

from kgen.datasets.graph.rows import Graph, adjacency_of
from kgen.datasets.splits import assign
from kgen.errors import DataError

_NEEDED = ("features", "edges", "labels")


def load(path: Path, validation: float = 0.1, test: float = 0.1) -> Graph:
    """A graph from the arrays of a file that `numpy.savez` wrote.

    | name | array |
    |---|---|
    | `features` | numbers (n, f), a row for each node |
    | `edges` | whole numbers (m, 2), the nodes at both ends, from 0 to n - 1 |
    | `labels` | whole numbers (n,), from 0 on; -1 where none is known |
    | `train`, `validation`, `test` | numbers of the nodes in each split, or none of the three |

    Args:
        path: The file.
        validation: Share of the nodes with labels to validate with, where the file names none.
        test: Share to test with, chosen as well by the nodes' numbers.

    Raises:
        DataError: If an array is missing, or of another shape or type.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read as .npz without pickles: {error}.") from None
    missing = [name for name in _NEEDED if name not in arrays]
    if missing:
        raise DataError(
            f"{path} has no {', '.join(missing)}: write it as numpy.savez(path, features=(n, f), "
            "edges=(m, 2), labels=(n,))."
        )
    labels = np.asarray(arrays["labels"])
    if (
        labels.ndim != 1
        or not np.issubdtype(labels.dtype, np.integer)
        or labels.max(initial=-1) < 0
    ):
        raise DataError(
            f"{path}: labels of shape {labels.shape} and type {labels.dtype}: pass (n,) whole "
            "numbers, -1 where none is known."
        )
    parts = {split: arrays[split] for split in ("train", "validation", "test") if split in arrays}
    if not parts:
        known = np.flatnonzero(labels >= 0)
        chosen = assign(map(str, known), validation, test)
        parts = {split: known[rows] for split, rows in chosen.items()}
    elif len(parts) < 3:
        raise DataError(f"{path} names the nodes of {', '.join(parts)} only: name all, or none.")
    return Graph(
        str(path),
        np.asarray(arrays["features"], np.float32),
        adjacency_of(arrays["edges"], len(labels)),
        labels.astype(np.int32),
        *(np.asarray(parts[split], np.int64) for split in ("train", "validation", "test")),
    )
