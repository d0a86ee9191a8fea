"""GraphSGAN on citation graphs, beside what is simpler: Planetoid's split, five seeds.

    python benchmarks/graph.py --data-dir DIR              # all; hours on two cores, resumable
    python benchmarks/graph.py --data-dir DIR --data planetoid/cora --only graphsgan --seeds 0
    python benchmarks/graph.py --quick                     # the built-in blocks, seconds
    python benchmarks/graph.py --table                     # the table of what has been run so far

**Protocol.** Twenty labels a class, 500 validation and 1,000 test nodes, as Planetoid has them. A
row is what `kgen.datasets.graph.rows.node_rows` makes of a node. `graphsgan` has the networks and
settings of its authors, 20 x 100 batches of 64 (`recipes/graphsgan_cora.py`); the nodes without
labels are all nodes, as in the paper. `mlp_rows` is its discriminator on the same rows, with the
same noise, optimizer and batches of labelled nodes, and cross-entropy alone; `mlp_features` sees
the features without the graph. The seed is that of weights, noise and order. `logistic_rows` is
scikit-learn's logistic regression (C = 10) on the rows; `label_spreading` is scikit-learn's with
the adjacency as its kernel (alpha = 0.9) and `label_propagation` the walk `D^-1 A` with the known
labels held. They see the whole graph, the latter two no features, and have no seed. Reported is
the accuracy at the end; nothing is chosen by the test nodes.

Every run is appended to `results/graph.jsonl`; what is there is not run again. All seeds are
printed, with mean and standard deviation, as the paper has them; none is left out.
"""

import functools
import os
import statistics
import time
from collections.abc import Callable, Iterable

import keras
import numpy as np
from ledger import Ledger, benchmark_parser

import kgen
from kgen.datasets.assembly import Options
from kgen.datasets.graph import blocks as graph_blocks
from kgen.datasets.graph import planetoid
from kgen.datasets.graph import splits as graph_splits
from kgen.datasets.graph.rows import Graph, neighbour_mean, node_rows, unit_rows
from kgen.networks import graphsgan_discriminator

GRAPHS = ("planetoid/cora", "planetoid/citeseer")
EPOCHS, STEPS_PER_EPOCH, BATCH = 20, 100, 64


@functools.lru_cache(maxsize=1)
def _load(name: str, data_dir: str | None) -> tuple[Graph, np.ndarray]:
    """A graph and its rows; the embedding takes a while."""
    if name == "blocks":
        graph = graph_blocks.load()
    else:
        graph = planetoid.load(name.partition("/")[2], data_dir)
    return graph, node_rows(graph)


def _batches(graph: Graph, rows: np.ndarray, seed: int, steps: int):
    return graph_splits.splits_of(graph, rows, Options(BATCH, seed, steps)).train


def graphsgan(graph: Graph, rows: np.ndarray, seed: int, steps: int, width: int) -> np.ndarray:
    """The classes of all nodes by GraphSGAN."""
    model = kgen.models.GraphSGAN.build_default(
        rows.shape[1], graph.classes, width=width, seed=seed
    )
    model.compile()
    model.fit(_batches(graph, rows, seed, steps), epochs=EPOCHS, verbose=0)
    return model.classify(rows).argmax(axis=1)


def mlp(graph: Graph, rows: np.ndarray, seed: int, steps: int, width: int) -> np.ndarray:
    """The classes of all nodes by GraphSGAN's discriminator, trained on the labels alone."""
    widths = (width, width, *[width // 2] * 3)
    network = graphsgan_discriminator(rows.shape[1], graph.classes, widths)
    network.compile(
        kgen.training.TextbookAdam(3e-3, beta_1=0.5, epsilon=1e-8),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    labelled = _batches(graph, rows, seed, steps).map(lambda labelled, unlabelled: labelled)
    network.fit(labelled, epochs=EPOCHS, verbose=0)
    return network.predict(rows, verbose=0).argmax(axis=1)


def mlp_features(graph: Graph, rows: np.ndarray, seed: int, steps: int, width: int) -> np.ndarray:
    """The same without the graph."""
    return mlp(graph, unit_rows(graph.features).astype("float32"), seed, steps, width)


def logistic_rows(graph: Graph, rows: np.ndarray, *_) -> np.ndarray:
    """Multinomial logistic regression on the rows."""
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=10, max_iter=1000).fit(
        rows[graph.train], graph.labels[graph.train]
    )
    return fitted.predict(rows)


def label_spreading(graph: Graph, rows: np.ndarray, *_) -> np.ndarray:
    """Zhou et al. 2004, by scikit-learn; its examples are the numbers of the nodes."""
    from sklearn.semi_supervised import LabelSpreading

    known = np.full(len(rows), -1)
    known[graph.train] = graph.labels[graph.train]
    adjacency = graph.adjacency.toarray()
    spreading = LabelSpreading(lambda *_: adjacency.copy(), alpha=0.9, max_iter=1000)
    return spreading.fit(np.arange(len(rows))[:, None], known).transduction_


def label_propagation(graph: Graph, rows: np.ndarray, *_) -> np.ndarray:
    """Zhu & Ghahramani 2002, on the neighbours of the graph."""
    known = np.eye(graph.classes)[graph.labels[graph.train]]
    shares = np.zeros((len(rows), graph.classes))
    for _ in range(1000):
        shares[graph.train] = known
        shares = neighbour_mean(graph.adjacency, shares)
    return shares.argmax(axis=1)


CONTESTANTS: dict[str, Callable[..., np.ndarray]] = {
    "graphsgan": graphsgan,
    "mlp_rows": mlp,
    "mlp_features": mlp_features,
    "logistic_rows": logistic_rows,
    "label_spreading": label_spreading,
    "label_propagation": label_propagation,
}
SEEDED = ("graphsgan", "mlp_rows", "mlp_features")


def run(
    data: str, contestant: str, seed: int, data_dir: str | None, steps: int, width: int = 500
) -> dict:
    """Trains one contestant, and counts the nodes it knows."""
    graph, rows = _load(data, data_dir)
    keras.utils.set_random_seed(seed)
    start = time.process_time()
    right = CONTESTANTS[contestant](graph, rows, seed, steps, width) == graph.labels
    return {
        "data": data,
        "contestant": contestant,
        "seed": seed,
        "steps": EPOCHS * steps if contestant in SEEDED else None,
        "validation_accuracy": round(float(right[graph.validation].mean()), 4),
        "test_accuracy": round(float(right[graph.test].mean()), 4),
        "cpu_seconds": round(time.process_time() - start, 1),
    }


def table(rows: Iterable[dict]) -> str:
    """All seeds of each contestant, as Markdown."""
    groups: dict[tuple[str, str], dict[int, dict]] = {}
    for row in rows:
        groups.setdefault((row["data"], row["contestant"]), {})[row["seed"]] = row
    lines = [
        "| data | contestant | test accuracy in %, each seed | mean ± deviation "
        "| CPU seconds, median |",
        "|---|---|---|---|---|",
    ]
    order = {name: place for place, name in enumerate(CONTESTANTS)}
    for (data, name), by_seed in sorted(
        groups.items(), key=lambda item: (item[0][0] != GRAPHS[0], order[item[0][1]])
    ):
        values = [100 * by_seed[seed]["test_accuracy"] for seed in sorted(by_seed)]
        deviation = f" ± {statistics.stdev(values):.1f}" if len(values) > 1 else ""
        seconds = statistics.median(row["cpu_seconds"] for row in by_seed.values())
        lines.append(
            f"| {data} | {name} | {', '.join(f'{value:.1f}' for value in values)} "
            f"| {statistics.mean(values):.1f}{deviation} | {seconds:.0f} |"
        )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Runs what is asked for and has not been run, and prints the table."""
    parser = benchmark_parser(__doc__, "graph.jsonl", CONTESTANTS)
    parser.add_argument("--data", nargs="+", choices=GRAPHS, default=list(GRAPHS))
    parser.add_argument("--data-dir", help="the folder with Planetoid's files")
    options = parser.parse_args(arguments)
    if options.quick:
        print(table(run("blocks", name, 0, None, 1, 8) for name in options.only))
        return
    ledger = Ledger(options.results, ("data", "contestant", "seed"))
    names = [
        (data, name, seed)
        for data in options.data  # whose rows are made once
        for seed in options.seeds
        for name in options.only
        if name in SEEDED or seed == options.seeds[0]
    ]
    if not options.table:
        ledger.fill(
            names,
            lambda *name: run(*name, options.data_dir, STEPS_PER_EPOCH),
            lambda row: row["test_accuracy"],
        )
    print(table(ledger.rows))


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
