"""Planetoid's files: put together as they are meant, and never run."""

import pickle

import numpy as np
import pytest
import scipy.sparse

import kgen
from kgen.datasets.graph import planetoid, planetoid_pickle
from kgen.errors import DataError

#: What Python 2 and NumPy 1 write for `numpy.array([1, 200], "<i4")`, in protocol 2.
OF_PYTHON_2 = (
    b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
    b"(K\x01K\x02\x85cnumpy\ndtype\nU\x02i4K\x00K\x01\x87R"
    b"(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    b"\x89U\x08\x01\x00\x00\x00\xc8\x00\x00\x00tb."
)


def one_hot(labels):
    return np.eye(2, dtype=np.int32)[labels]


def write(folder, **changes):
    """Ten nodes, of which 4 to 9 are no training nodes; 8 is isolated and in no file."""
    features = np.arange(30, dtype=np.float32).reshape(10, 3)
    test = [9, 5, 7, 6]  # in the order of tx; 8 is missing
    parts = {
        "x": scipy.sparse.csr_matrix(features[:2]),
        "y": one_hot([0, 1]),
        "allx": scipy.sparse.csr_matrix(features[:5]),
        "ally": one_hot([0, 1, 1, 0, 1]),
        "tx": scipy.sparse.csr_matrix(features[test]),
        "ty": one_hot([1, 0, 0, 1]),
        "graph": {**{node: [(node + 1) % 8] for node in range(8)}, 8: [], 9: [0, 0]},
        **changes,
    }
    folder.mkdir(parents=True, exist_ok=True)
    for part, value in parts.items():
        raw = value if isinstance(value, bytes) else pickle.dumps(value, protocol=4)
        (folder / f"ind.cora.{part}").write_bytes(raw)
    (folder / "ind.cora.test.index").write_text("\n".join(map(str, test)))
    return folder


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(planetoid, "_VALIDATION", 2)


@pytest.mark.usefixtures("few")
def test_nodes_get_the_features_and_labels_of_their_numbers(tmp_path):
    write(tmp_path / "planetoid")
    graph = planetoid.load("cora", tmp_path)
    expected = np.arange(30, dtype=np.float32).reshape(10, 3)
    expected[8] = 0  # the gap
    np.testing.assert_array_equal(graph.features, expected)
    assert graph.labels.tolist() == [0, 1, 1, 0, 1, 0, 1, 0, -1, 1]
    assert graph.train.tolist() == [0, 1] and graph.validation.tolist() == [2, 3]
    assert graph.test.tolist() == [5, 6, 7, 9]
    dense = graph.adjacency.toarray()
    assert (dense == dense.T).all() and dense[8].sum() == 0
    assert dense[0].tolist() == [0, 1, 0, 0, 0, 0, 0, 1, 0, 1]


@pytest.mark.usefixtures("few")
def test_it_loads_as_training_data(tmp_path):
    data = kgen.datasets.load("planetoid/cora", data_dir=write(tmp_path), batch_size=2)
    assert data.image_shape == (3 + 128 + 3,) and data.num_classes == 2
    assert dict(data.sizes) == {"train": 10, "validation": 2, "test": 4}


def test_missing_files_are_named(tmp_path):
    with pytest.raises(DataError, match=r"pass data_dir=, a folder with ind\.cora\.x, \.y, "):
        kgen.datasets.load("planetoid/cora")
    write(tmp_path)
    (tmp_path / "ind.cora.ty").unlink()
    with pytest.raises(DataError, match=r"has no ind\.cora\.ty: put ind\.cora\.x"):
        planetoid.load("cora", tmp_path)
    with pytest.raises(DataError, match="choose from cora, citeseer, pubmed"):
        kgen.datasets.load("planetoid/core", data_dir=tmp_path)


def test_an_array_of_python_2_is_read(tmp_path):
    (tmp_path / "array").write_bytes(OF_PYTHON_2)
    found = planetoid_pickle.read(tmp_path / "array")
    assert found.tolist() == [1, 200] and found.dtype == np.int32


class Runs:
    """A pickle that makes a file when it is read."""

    def __init__(self, path, function="exec"):
        self.path, self.function = path, function

    def __reduce__(self):
        import builtins

        return getattr(builtins, self.function), (f"open({str(self.path)!r}, 'w').close()",)


@pytest.mark.parametrize("function", ["exec", "eval"])
@pytest.mark.parametrize("wrapped", [lambda evil: evil, lambda evil: {0: [evil]}])
def test_a_malicious_pickle_is_refused_and_not_run(tmp_path, function, wrapped):
    made = tmp_path / "made"
    raw = pickle.dumps(wrapped(Runs(made, function)), protocol=2)
    pickle.loads(raw)  # it does what it says where it is let
    assert made.exists()
    made.unlink()
    folder = write(tmp_path, graph=raw)
    with pytest.raises(DataError, match=f"ind.cora.graph is refused: .*{function}") as refused:
        planetoid.load("cora", folder)
    assert "\n" not in str(refused.value)
    assert not made.exists()


def test_arrays_of_objects_and_broken_ones_are_refused(tmp_path):
    matrix = scipy.sparse.csr_matrix(np.eye(3))
    matrix.indices[0] = 10**6  # outside of the matrix: reading it would be reading other memory
    for value in (
        pickle.dumps(np.array([[1], "a"], dtype=object), protocol=4),
        pickle.dumps(matrix, protocol=4),
        OF_PYTHON_2.replace(b"K\x01K\x02\x85", b"K\x01K\x09\x85"),  # nine numbers in eight bytes
        OF_PYTHON_2[:-9],
        b"",
        pickle.dumps("text"),
    ):
        (tmp_path / "file").write_bytes(value)
        with pytest.raises(DataError, match=r"cannot be read|holds neither"):
            planetoid_pickle.read(tmp_path / "file")


def test_files_that_do_not_fit_each_other_are_refused(tmp_path):
    for changes in ({"tx": scipy.sparse.csr_matrix(np.eye(3))}, {"ty": {0: [1]}},
                    {"graph": {0: ["a"]}}):  # fmt: skip
        with pytest.raises(DataError, match="fit"):
            planetoid.load("cora", write(tmp_path, **changes))
