"""What a node becomes: against hand values, and whatever the numbers of the nodes."""

import numpy as np
import pytest

import kgen
from kgen.datasets.graph import blocks as graph_blocks
from kgen.datasets.graph import splits as graph_splits
from kgen.datasets.graph.rows import (
    Graph,
    adjacency_of,
    neighbour_mean,
    node_rows,
    spectral_embedding,
    unit_rows,
)
from kgen.errors import DataError, MetricError

RNG = np.random.default_rng(0)


def random_graph(n=40, seed=0):
    random = np.random.default_rng(seed)
    edges = np.argwhere(np.triu(random.random((n, n)) < 0.12, k=1))
    edges = edges[(edges < n - 1).all(axis=1)]  # the last has no neighbours
    labels = (np.arange(n) % 2).astype(np.int32)
    features = random.random((n, 5)).astype(np.float32)
    parts = np.split(np.arange(n), [6, 12, 20])[:3]
    return Graph("random", features, adjacency_of(edges, n), labels, *parts), edges


def test_the_mean_of_neighbours_is_that_of_the_matrix():
    """`D^-1 A x`, computed dense."""
    graph, _ = random_graph()
    dense = graph.adjacency.toarray()
    degrees = dense.sum(axis=1)
    assert degrees[-1] == 0 and degrees.min() == 0 and (degrees[:-1] > 0).any()
    expected = np.divide(
        dense @ graph.features, degrees[:, None], out=np.zeros((40, 5)), where=degrees[:, None] > 0
    )
    found = neighbour_mean(graph.adjacency, graph.features)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)


def test_the_mean_of_neighbours_leaves_what_it_reads_as_it_is():
    """In place, later nodes would see means of means: on a path, node 1 would see node 0's."""
    path = adjacency_of([[0, 1], [1, 2]], 3)
    values = np.array([[1.0], [2.0], [4.0]])
    assert neighbour_mean(path, values).ravel().tolist() == [2.0, 2.5, 2.0]
    assert values.ravel().tolist() == [1.0, 2.0, 4.0]


def test_rows_do_not_depend_on_the_order_of_the_nodes():
    graph, edges = random_graph()
    order = RNG.permutation(40)
    place = np.argsort(order)  # the new number of each node
    renumbered = Graph(
        "renumbered", graph.features[order], adjacency_of(place[edges], 40), graph.labels[order],
        *(place[rows] for rows in (graph.train, graph.validation, graph.test)),
    )  # fmt: skip
    whole, other = node_rows(graph, 4), node_rows(renumbered, 4)
    assert whole.shape == (40, 5 + 4 + 5) and whole.dtype == np.float32
    assert np.abs(whole).max() <= 1 + 1e-6
    np.testing.assert_allclose(other, whole[order], atol=1e-5)


def test_a_second_round_takes_the_mean_of_means():
    graph, _ = random_graph()
    features = unit_rows(graph.features)
    once = neighbour_mean(graph.adjacency, features)
    twice = neighbour_mean(graph.adjacency, once)
    for rounds, means in ((0, features), (1, once), (2, twice)):
        expected = np.concatenate([features, unit_rows(means)], axis=1)
        np.testing.assert_array_equal(node_rows(graph, 0, rounds), expected)


def test_edges_become_symmetric_once_and_without_loops():
    adjacency = adjacency_of([[2, 0], [0, 2], [1, 1], [0, 1], [0, 1]], 4)
    expected = [[0, 1, 1, 0], [1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]
    assert adjacency.toarray().tolist() == expected
    assert adjacency_of([], 2).toarray().tolist() == [[0, 0], [0, 0]]


def test_the_embedding_solves_its_eigenproblem_either_way():
    """By Lanczos on a larger graph, and dense on the same matrix; the largest entry positive."""
    graph, _ = random_graph(60, seed=2)
    dense = graph.adjacency.toarray()
    degrees = dense.sum(axis=1)
    mean = degrees.mean()
    scale = np.diag(1 / np.sqrt(degrees + mean))
    values, vectors = np.linalg.eigh(scale @ (dense + mean / 60) @ scale)
    assert values[-1] == pytest.approx(1.0)  # the one that is left out
    leading = vectors[:, -2:-5:-1] * values[-2:-5:-1]
    expected = leading * np.sign(leading[np.abs(leading).argmax(axis=0), range(3)])
    found = spectral_embedding(graph.adjacency, 3)
    np.testing.assert_allclose(found, unit_rows(expected), atol=1e-4)
    np.testing.assert_array_equal(found, spectral_embedding(graph.adjacency, 3))


def test_a_small_graph_fills_what_it_can_of_an_embedding():
    places = spectral_embedding(adjacency_of([[0, 1], [1, 2]], 3), 5)
    assert places.shape == (3, 5)
    assert np.abs(places[:, 2:]).max() == 0 and np.isfinite(places).all()


def test_components_do_not_eat_up_the_embedding():
    """Two communities, and ten lone pairs: the first number still tells the communities apart."""
    community = np.argwhere(np.triu(np.ones((6, 6)), k=1))
    edges = [
        *community,
        *(community + 6),
        [5, 6],
        *(np.array([[12, 13]]) + 2 * i for i in range(9)),
    ]
    places = spectral_embedding(adjacency_of(np.vstack(edges), 32), 4)
    assert (np.sign(places[:6, 0]) == np.sign(places[0, 0])).all()
    assert (np.sign(places[6:12, 0]) == -np.sign(places[0, 0])).all()
    assert np.abs(places[:12, 0]).min() > 0.3


# ---- loading -------------------------------------------------------------------------------------


def test_blocks_is_what_its_docstring_says():
    graph = graph_blocks.load()
    same = graph.labels[:, None] == graph.labels
    dense = graph.adjacency.toarray()
    pairs = 3 * 100 * 99
    assert dense[same].sum() / pairs == pytest.approx(0.08, rel=0.15)
    assert dense[~same].mean() == pytest.approx(0.01, rel=0.2)
    assert np.bincount(graph.labels[graph.train]).tolist() == [5, 5, 5]
    assert np.bincount(graph.labels[graph.test]).tolist() == [50, 50, 50]
    own = graph.features[np.arange(300), graph.labels]
    assert own.mean() == pytest.approx(1.5, abs=0.2)
    rest = graph.features.sum() - own.sum()
    assert rest / (300 * 15) == pytest.approx(0, abs=0.06)


def test_batches_are_those_of_semi_supervised_learning():
    """The labelled nodes with their own labels, and all nodes, those to be tested too."""
    data = kgen.datasets.load("blocks", batch_size=30, seed=1)
    rows = node_rows(graph_blocks.load())
    nodes = zip(rows, graph_blocks.load().labels, strict=True)
    labels = {row.tobytes(): label for row, label in nodes}
    assert data.layout == "semi-supervised" and data.image_shape == (16 + 128 + 16,)
    assert data.num_classes == 3 and dict(data.sizes)["train"] == 300
    seen, known = set(), set()
    for (labelled, given), unlabelled in data.train:
        assert labelled.shape == unlabelled.shape == (30, 160)
        for row, label in zip(labelled.numpy(), given.numpy(), strict=True):
            assert labels[row.tobytes()] == label
            known.add(row.tobytes())
        seen |= {row.tobytes() for row in unlabelled.numpy()}
    assert len(seen) == 300 and len(known) == 15
    tested = np.concatenate([x.numpy() for x, _ in data.test])
    assert len(tested) == 150
    assert {row.tobytes() for row in tested} <= seen - known


def test_other_nodes_may_keep_their_labels():
    graph = graph_blocks.load()
    one, again, other = (graph_splits.relabelled(graph, 3, seed).train for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, again)
    assert set(one) != set(other)
    assert np.bincount(graph.labels[one]).tolist() == [3, 3, 3]
    assert not set(one) & {*graph.validation, *graph.test}
    with pytest.raises(DataError, match="labels_per_class can be at most"):
        kgen.datasets.load("blocks", labels_per_class=99)


@pytest.mark.parametrize(
    "wrong", [{"image_size": 32}, {"layout": "labelled"}, {"flip": True}, {"length": 3}]
)
def test_what_a_graph_has_not_is_refused(wrong):
    with pytest.raises(DataError, match=f"blocks is a graph: leave {next(iter(wrong))}"):
        kgen.datasets.load("blocks", **wrong)


def test_metrics_of_images_are_refused():
    with pytest.raises(MetricError, match="fd is of images, and blocks holds the nodes of a graph"):
        kgen.metrics.Evaluator(kgen.datasets.load("blocks"), ["fd"])


# ---- a user's own --------------------------------------------------------------------------------


def own(tmp_path, **changes):
    graph, edges = random_graph()
    labels = graph.labels.copy()
    labels[::5] = -1
    arrays = {"features": graph.features, "edges": edges, "labels": labels, **changes}
    path = tmp_path / "own.npz"
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return str(path)


def test_a_users_graph_is_split_by_its_nodes_with_labels(tmp_path):
    data = kgen.datasets.load(own(tmp_path), batch_size=4, validation=0.2, test=0.3)
    assert data.image_shape == (5 + 128 + 5,) and data.num_classes == 2
    assert data.sizes["train"] == 40
    assert 0 < data.sizes["validation"] < 32 - data.sizes["test"] < 32
    few = kgen.datasets.load(own(tmp_path), batch_size=4, labels_per_class=2)
    ((_, labels), _) = next(iter(few.train))
    assert np.bincount(labels.numpy()).tolist() == [2, 2]


def test_a_users_graph_may_name_its_splits(tmp_path):
    path = own(tmp_path, train=[1, 2], validation=[3, 4], test=[6, 7, 8])
    data = kgen.datasets.load(path, batch_size=2)
    assert dict(data.sizes) == {"train": 40, "validation": 2, "test": 3}
    rows = node_rows(random_graph()[0])
    np.testing.assert_array_equal(next(iter(data.test))[0], rows[[6, 7]])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"edges": None}, "has no edges: write it as numpy.savez"),
        ({"edges": [[0, 40]]}, "there are 40: number them from 0 to 39"),
        ({"edges": [[0.5, 1]]}, "whole numbers"),
        ({"labels": np.zeros(39, int)}, "do not fit 39 labels"),
        ({"labels": np.zeros(40)}, "labels of shape"),
        ({"features": np.full((40, 2), np.nan)}, "NaN"),
        ({"train": [1]}, "name all, or none"),
        ({"train": [1], "validation": [1], "test": [2]}, "in two splits"),
        ({"train": [5], "validation": [1], "test": [2]}, "without a label"),
        ({"train": [1], "validation": [3], "test": [77]}, "none of the 40"),
        ({"features": np.array([[object()]])}, "without pickles"),
    ],
)
def test_a_wrong_graph_is_refused_in_one_line(tmp_path, changes, says):
    path = own(tmp_path, **changes)
    with pytest.raises(DataError, match=says) as refused:
        kgen.datasets.load(path)
    assert "\n" not in str(refused.value)


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(DataError, match=r"no file .*none.npz: check the path"):
        kgen.datasets.load(str(tmp_path / "none.npz"))
