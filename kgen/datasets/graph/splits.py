"""Graphs as training data: batches of nodes, of which a few have labels."""

import dataclasses
from pathlib import Path

import numpy as np

from kgen.datasets import checks, pipeline, semi_supervised
from kgen.datasets.assembly import Options, Request
from kgen.datasets.graph import blocks, file, planetoid
from kgen.datasets.graph.rows import Graph, node_rows
from kgen.datasets.splits import Splits
from kgen.datasets.strands import Memory
from kgen.errors import DataError


def is_graph(name: str) -> bool:
    """Whether a name is that of a graph: `"blocks"`, `"planetoid/..."` or an `.npz` file's.

    Example:

        >>> is_graph("blocks"), is_graph("planetoid/cora"), is_graph("own.npz"), is_graph("mnist")
        (True, True, True, False)
    """
    return name == "blocks" or name.split("/")[0] == "planetoid" or name.endswith(".npz")


def load(name: str, request: Request) -> Splits:
    """The nodes of a graph as rows (`kgen.datasets.graph.rows.node_rows`).

    With `labels_per_class` the nodes that keep their labels are chosen anew, by the seed, among
    those that neither validate nor test.

    Raises:
        DataError: If there is no such graph, or for a setting that only images have.
    """
    _refuse(name, request)
    if name == "blocks":
        graph = blocks.load()
    elif name.endswith(".npz"):
        path = Path(name).expanduser()
        if not path.is_file():
            raise DataError(f"no file {name}: check the path.")
        graph = file.load(path, request.validation, request.test)
    else:
        graph = planetoid.load(name.partition("/")[2], request.data_dir)
    if request.options.labels_per_class is not None:
        graph = relabelled(graph, request.options.labels_per_class, request.options.seed)
    return splits_of(graph, node_rows(graph), request.options, request.limit)


def relabelled(graph: Graph, labels_per_class: int, seed: int) -> Graph:
    """The graph with other nodes that keep their labels.

    Args:
        graph: The graph.
        labels_per_class: How many of each class.
        seed: Chooses them, among the nodes that neither validate nor test.

    Raises:
        DataError: If there are not so many.
    """
    free = np.flatnonzero(graph.labels >= 0)
    free = np.setdiff1d(free, np.concatenate([graph.validation, graph.test]))
    chosen = semi_supervised.choose(graph.labels[free], labels_per_class, seed)
    return dataclasses.replace(graph, train=free[chosen])


def splits_of(graph: Graph, rows: np.ndarray, options: Options, limit: int | None = None) -> Splits:
    """Training batches `((labelled, labels), unlabelled)`, and `(rows, labels)` to measure with.

    The unlabelled nodes are all nodes, those to be tested too, without their labels.

    Args:
        graph: The graph.
        rows: A row for each node, float32 (n, k).
        options: How the training pipeline runs.
        limit: At most so many nodes in each split.
    """
    names = tuple(str(number) for number in range(graph.classes))

    def some(numbers):
        return Memory([rows[numbers[:limit]]], graph.labels[numbers[:limit]])

    unlabelled = Memory([rows[:limit]])
    train = semi_supervised.batches(
        some(graph.train),
        unlabelled,
        batch_size=options.batch_size,
        seed=options.seed,
        steps_per_epoch=options.steps_per_epoch,
    )
    held_out = {"validation": some(graph.validation), "test": some(graph.test)}
    return Splits(
        name=graph.name,
        layout=semi_supervised.LAYOUT,
        train=train,
        **{k: pipeline.evaluation([strand], options.batch_size) for k, strand in held_out.items()},
        image_shape=(rows.shape[1],),
        sizes={"train": len(unlabelled), **{k: len(strand) for k, strand in held_out.items()}},
        class_names=names,
        seed=options.seed,
    )


def _refuse(name: str, request: Request) -> None:
    options = request.options
    given = {
        "image_size": request.size,
        "channels": request.channels,
        "layout": request.layout,
        "length": request.length,
        "sample_rate": request.sample_rate,
        "attributes": request.attributes,
        "features": request.features,
        "pairs": options.pairs,
        "flip": options.flip or None,
        "jitter": options.jitter or None,
        "direction": None if options.direction == "ab" else options.direction,
    }
    for argument, value in given.items():
        if value is not None:
            raise DataError(f"{name} is a graph: leave {argument}={value!r} out.")
    checks.refuse_text_settings(name, request)
