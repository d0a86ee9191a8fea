"""Cora, Citeseer and Pubmed, citation graphs, in the split of Planetoid (Yang et al. 2016).

Twenty nodes of each class keep their labels, 500 others validate, and 1,000 test. The files are
read from the user's own copy; `kgen` fetches nothing, since their authors publish no checksums.
"""

import os
from pathlib import Path

import numpy as np

from kgen.datasets.graph import planetoid_pickle
from kgen.datasets.graph.rows import Graph, adjacency_of
from kgen.errors import DataError

NAMES = ("cora", "citeseer", "pubmed")
PARTS = ("x", "y", "tx", "ty", "allx", "ally", "graph", "test.index")
_VALIDATION = 500


def load(name: str, data_dir: str | os.PathLike | None = None) -> Graph:
    """One of the three graphs.

    Args:
        name: `"cora"`, `"citeseer"` or `"pubmed"`.
        data_dir: The folder with the files `ind.<name>.x` and so on, or one in which they lie in
            `planetoid/`, or in `planetoid/data/` as in a clone of the authors' repository.

    Raises:
        DataError: For another name, if a file is missing, or holds what it should not.
    """
    if name not in NAMES:
        raise DataError(f"planetoid/{name} is no graph: choose from {', '.join(NAMES)}.")
    folder = _folder(name, data_dir)
    parts = {part: planetoid_pickle.read(folder / f"ind.{name}.{part}") for part in PARTS[:-1]}
    try:
        test = np.loadtxt(folder / f"ind.{name}.test.index", dtype=np.int64, ndmin=1)
        return assembled(f"planetoid/{name}", parts, test)
    except DataError:
        raise
    except (ValueError, TypeError, IndexError, AttributeError) as error:
        raise DataError(
            f"the files ind.{name}.* in {folder} do not fit each other: {error}."
        ) from None


def assembled(name: str, parts: dict, test: np.ndarray) -> Graph:
    """A graph of the parts that are in the files.

    Nodes are numbered as in `graph`. `allx` has the first of them in order; `tx` those of `test`,
    in the order of that file. In Citeseer some numbers between these are missing: they are nodes
    without edges, which have features of zeros and no label.

    Args:
        name: What the graph is called.
        parts: `allx`, `tx` (nodes, features), `y`, `ally`, `ty` (nodes, classes) of 0 and 1, and
            `graph`, from a node to its neighbours.
        test: The numbers of the test nodes.
    """
    first, n = len(parts["allx"]), len(parts["graph"])
    if int(test.min()) < first or int(test.max()) >= n or len(test) != len(parts["tx"]):
        raise DataError(f"{name}: test.index does not fit the other files.")
    features = np.zeros((n, parts["allx"].shape[1]), np.float32)
    features[:first], features[test] = parts["allx"], parts["tx"]
    classes = np.zeros((n, parts["ally"].shape[1]))
    classes[:first], classes[test] = parts["ally"], parts["ty"]
    labels = np.where(classes.any(axis=1), classes.argmax(axis=1), -1).astype(np.int32)
    edges = [(a, b) for a, others in parts["graph"].items() for b in others]
    train = np.arange(len(parts["y"]))
    validation = np.arange(len(train), len(train) + _VALIDATION)
    return Graph(name, features, adjacency_of(edges, n), labels, train, validation, np.sort(test))


def _folder(name: str, data_dir) -> Path:
    """Where the files are."""
    files = [f"ind.{name}.{part}" for part in PARTS]
    wanted = f"{files[0]}, {', '.join(file.removeprefix(f'ind.{name}') for file in files[1:])}"
    source = "the folder data of github.com/kimiyoung/planetoid"
    if data_dir is None:
        raise DataError(
            f"planetoid/{name} is read from your copy of its files: pass data_dir=, a folder with "
            f"{wanted} from {source}."
        )
    place = Path(data_dir).expanduser()
    folders = (place, place / "planetoid", place / "planetoid" / "data")
    folder = max(folders, key=lambda f: sum((f / file).is_file() for file in files))
    missing = [file for file in files if not (folder / file).is_file()]
    if missing:
        raise DataError(f"{folder} has no {', '.join(missing)}: put {wanted} from {source} there.")
    return folder
