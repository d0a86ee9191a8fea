"""Graphs whose nodes are to be classified, and the row of numbers that a node becomes.

All are pure functions of the graph: the same graph gives the same rows, and numbering its nodes in
another order gives the same rows in that order (of the embedding, up to the rounding of its
eigenvectors).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import scipy.sparse

from kgen.errors import DataError

#: Numbers in the embedding of a node.
EMBEDDING_SIZE = 128
#: Rounds of neighbours' means. Means taken in place, as the authors of GraphSGAN do, reach further
#: than one round as well, but how far depends on the order of the nodes.
ROUNDS = 2


@dataclasses.dataclass(frozen=True)
class Graph:
    """Nodes with features and labels, and which of them are neighbours.

    Attributes:
        name: What it is called.
        features: Of the nodes, float32 (n, f).
        adjacency: Symmetric, (n, n), 1 between neighbours; see `adjacency_of`.
        labels: int32 (n,), from 0 on; -1 where none is known.
        train: Numbers of the nodes that keep their labels in training.
        validation: Of those to validate with.
        test: Of those to test with.

    Raises:
        DataError: If sizes do not fit, or nodes to learn from or to measure with have no labels.
    """

    name: str
    features: np.ndarray
    adjacency: scipy.sparse.csr_array
    labels: np.ndarray
    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray

    def __post_init__(self):
        n = len(self.labels)
        if self.features.ndim != 2 or len(self.features) != n or self.adjacency.shape != (n, n):
            raise DataError(
                f"{self.name}: features {self.features.shape} and edges between "
                f"{self.adjacency.shape[0]} nodes do not fit {n} labels: each node has a row of "
                "features and a label (-1 if it is not known)."
            )
        if not np.isfinite(self.features).all():
            raise DataError(f"{self.name}: features hold NaN or infinite numbers: remove them.")
        for split in ("train", "validation", "test"):
            rows = getattr(self, split)
            if len(rows) and not (rows.min() >= 0 and rows.max() < n):
                raise DataError(f"{self.name}: {split} names nodes that are none of the {n}.")
            if (self.labels[rows] < 0).any():
                raise DataError(
                    f"{self.name}: {split} names nodes without a label: leave them out."
                )
        if not len(self.train):
            raise DataError(f"{self.name}: no node has a label to learn from.")
        held_out = np.concatenate([self.validation, self.test])
        if np.isin(self.train, held_out).any() or np.isin(self.validation, self.test).any():
            raise DataError(f"{self.name}: a node is in two splits: name it in one.")

    @property
    def classes(self) -> int:
        """How many classes the labels name."""
        return int(self.labels.max()) + 1


def adjacency_of(edges: np.ndarray | Sequence, n: int) -> scipy.sparse.csr_array:
    """The symmetric adjacency of 0 and 1 between `n` nodes; loops and doubled edges do not count.

    Args:
        edges: (m, 2), whole numbers from 0 to n - 1.
        n: How many nodes there are.

    Raises:
        DataError: For another shape or type, or a number that is no node's.

    Example:

        >>> adjacency_of([[0, 1], [1, 0], [1, 1]], 3).toarray().astype(int).tolist()
        [[0, 1, 0], [1, 0, 0], [0, 0, 0]]
    """
    edges = np.asarray(edges)
    if edges.size == 0:
        edges = np.zeros((0, 2), np.int64)
    if edges.ndim != 2 or edges.shape[1] != 2 or not np.issubdtype(edges.dtype, np.integer):
        raise DataError(
            f"edges of shape {edges.shape} and type {edges.dtype}: pass (m, 2) whole numbers."
        )
    if len(edges) and not (edges.min() >= 0 and edges.max() < n):
        raise DataError(
            f"edges name nodes from {edges.min()} to {edges.max()}, and there are {n}: number them "
            f"from 0 to {n - 1}."
        )
    edges = edges[edges[:, 0] != edges[:, 1]]
    both = np.unique(np.concatenate([edges, edges[:, ::-1]]), axis=0)
    ones = np.ones(len(both), np.float64)
    return scipy.sparse.csr_array((ones, (both[:, 0], both[:, 1])), shape=(n, n))


def neighbour_mean(adjacency: scipy.sparse.csr_array, values: np.ndarray) -> np.ndarray:
    """The mean of the neighbours' values, `D^-1 A x`; 0 for a node without neighbours.

    All means are of the values given, and none of other means, so the order of the nodes does not
    matter.

    Args:
        adjacency: (n, n).
        values: (n, k).

    Example:

        >>> path = adjacency_of([[0, 1], [1, 2]], 4)
        >>> neighbour_mean(path, np.array([[1.0], [2.0], [5.0], [9.0]])).ravel().tolist()
        [2.0, 3.0, 2.0, 0.0]
    """
    degrees = np.asarray(adjacency.sum(axis=1)).ravel()
    return ((adjacency @ values) / np.maximum(degrees, 1)[:, None]).astype(values.dtype)


def unit_rows(values: np.ndarray) -> np.ndarray:
    """Rows scaled to length 1; rows of zeros stay what they are.

    Example:

        >>> unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
        [[0.6, 0.8], [0.0, 0.0]]
    """
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    return values / np.where(lengths > 0, lengths, 1)


def spectral_embedding(adjacency: scipy.sparse.csr_array, size: int = EMBEDDING_SIZE) -> np.ndarray:
    """The place of each node in the graph: rows of length 1 of leading eigenvectors.

    They are of the regularised normalised adjacency `D_t^-1/2 (A + t/n) D_t^-1/2` with
    `D_t = D + t` and the mean degree t (Amini et al. 2013; Qin & Rohe 2013), after the first one,
    which says no more than the degree. Without the `t/n` a graph of several components has as many
    eigenvectors that only tell these apart; Citeseer has 438. Each eigenvector counts by its
    eigenvalue, and is turned so that its entry of the largest size is positive.

    Args:
        adjacency: (n, n).
        size: How many eigenvectors; the columns that a small graph cannot fill are zeros.

    Returns:
        float32 (n, size).

    Example:

        >>> cliques = adjacency_of([[0, 1], [1, 2], [2, 0], [3, 4], [4, 5], [5, 3], [2, 3]], 6)
        >>> side = spectral_embedding(cliques, 1).ravel()
        >>> bool(side[0] == side[1] == side[2] == -side[3] == -side[4] == -side[5])
        True
    """
    from scipy.sparse.linalg import LinearOperator, eigsh

    n = adjacency.shape[0]
    degrees = np.asarray(adjacency.sum(axis=1)).ravel()
    mean_degree = max(degrees.mean(), 1.0)
    scale = 1 / np.sqrt(degrees + mean_degree)

    def applied(vector):
        scaled = scale * vector.ravel()
        return scale * (adjacency @ scaled + mean_degree / n * scaled.sum())

    found = min(size + 1, n)
    if found > n - 2:  # Lanczos finds no more than that
        values, vectors = np.linalg.eigh(np.stack([applied(unit) for unit in np.eye(n)]))
    else:
        operator = LinearOperator((n, n), matvec=applied, dtype=np.float64)
        start = np.random.default_rng(0).standard_normal(n)
        values, vectors = eigsh(operator, k=found, which="LA", v0=start)
    order = np.argsort(values)[::-1][1:found]
    values, vectors = values[order], vectors[:, order]
    largest = np.abs(vectors).argmax(axis=0)
    vectors = vectors * np.sign(vectors[largest, np.arange(len(order))])
    places = np.zeros((n, size))
    places[:, : len(order)] = unit_rows(vectors * np.maximum(values, 0))
    return places.astype(np.float32)


def node_rows(
    graph: Graph, embedding_size: int = EMBEDDING_SIZE, rounds: int = ROUNDS
) -> np.ndarray:
    """What a node is to a model: its features, its embedding, and its neighbours' mean features.

    Features and means are scaled to length 1, and the embedding to one half, so that all numbers
    lie in [-1, 1] and none of the three outweighs the others (docs/graphs.md).

    Args:
        graph: The graph.
        embedding_size: See `spectral_embedding`; 0 leaves it out.
        rounds: How often the mean is taken: after two rounds it is of the neighbours' means.

    Returns:
        float32 (n, 2 f + embedding_size).
    """
    features = unit_rows(graph.features.astype(np.float32))
    means = features
    for _ in range(rounds):
        means = neighbour_mean(graph.adjacency, means)
    parts = [features, unit_rows(means)]
    if embedding_size:
        parts.insert(1, spectral_embedding(graph.adjacency, embedding_size) / 2)
    return np.concatenate(parts, axis=1)
