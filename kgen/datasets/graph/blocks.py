"""`blocks`: a graph drawn from a stochastic block model, with three clusters."""

import numpy as np

from kgen.datasets.graph.rows import Graph, adjacency_of

CLUSTERS, NODES = 3, 100  # nodes of each cluster
FEATURES, DISTANCE = 16, 1.5
WITHIN, BETWEEN = 0.08, 0.01
LABELS = 5  # of each cluster


def load() -> Graph:
    """300 nodes in three clusters, with five labels each; always the same.

    Two nodes of one cluster are neighbours with probability 0.08, of two with 0.01. Features are
    standard normal in 16 dimensions, and 1.5 more along the one that is their cluster's: noisy, so
    that they alone do not tell the clusters apart. Of the nodes without labels 20 of each cluster
    validate, and 50 test.

    Example:

        >>> graph = load()
        >>> graph.features.shape, len(graph.train), len(graph.validation), len(graph.test)
        ((300, 16), 15, 60, 150)
    """
    random = np.random.default_rng(0)
    n = CLUSTERS * NODES
    labels = (np.arange(n) % CLUSTERS).astype(np.int32)
    features = random.standard_normal((n, FEATURES)).astype(np.float32)
    features[np.arange(n), labels] += DISTANCE
    likely = np.where(labels[:, None] == labels, WITHIN, BETWEEN)
    edges = np.argwhere(np.triu(random.random((n, n)) < likely, k=1))
    bounds = CLUSTERS * np.cumsum([LABELS, 20, 50])  # the nodes' order is random as it is
    train, validation, test, _ = np.split(np.arange(n), bounds)
    return Graph("blocks", features, adjacency_of(edges, n), labels, train, validation, test)
