"""Do conditional GANs draw what they are asked for, and not always the same: digits, five seeds.

    python benchmarks/conditional.py                          # built-in digits; hours, resumable
    python benchmarks/conditional.py --data mnist --data-dir DIR --only cgan acgan --seeds 0
    python benchmarks/conditional.py --quick                  # seconds: does it run?
    python benchmarks/conditional.py --table                  # the table of what was run so far

**Protocol.** Each contestant is a recipe of kgen with the options below, at its own length; weights
are those at the end, and nothing is chosen by validation or test. 10,000 samples, equally many of
each class, go to a classifier that was trained on the real training images alone
(`kgen.metrics.features`); its accuracy on the real test images stands beside. Within each class the
samples are compared with as many test images: recall in the classifier's features, and diversity,
1 - MS-SSIM of random pairs; both are means over the classes. Real training images in the samples'
place give the numbers beside. (The built-in digits are tested on faces that were never trained on,
so there the recall of real images is low.)

InfoGAN has no labels. Of it are reported the bound of the mutual information of its code of ten
classes, in nats of at most 2.30, and the error on test images of that code as a classifier, each
value of the code standing for the digit that it is most often given to among training images.

Every run is appended to `results/conditional.jsonl`; what is there is not run again. All seeds are
printed.
"""

import os
import time
from collections.abc import Iterable

import keras
import numpy as np
from ledger import Ledger, benchmark_parser, median_and_range

import kgen
from kgen.metrics.features import find
from kgen.metrics.label_accuracy import label_accuracy
from kgen.metrics.manifold import precision_recall
from kgen.metrics.similarity import pair_similarity

SAMPLES = 10_000
CONTESTANTS = {
    "cgan": ("conditionalgan_glyphs", {}),
    "cgan_dense": (
        "conditionalgan_glyphs",
        {"architecture": "mlp", "width": 400, "batch_size": 100, "epochs": 50},
    ),
    "acgan": ("acgan_glyphs", {}),
    "projection": ("projectiongan_glyphs", {}),
    "biggan": ("biggan_glyphs", {}),
    "infogan": ("infogan_glyphs", {}),
}
DATA = ("glyphs/digits", "mnist", "fashion_mnist")
# What a row has beside its name: (field, column).
COLUMNS = {
    "label_accuracy": "asked class found, in %",
    "recall": "recall in a class",
    "diversity": "1 - MS-SSIM in a class",
    "mutual_information": "L_I in nats",
    "code_error": "error of the code, in %",
}


class Pixels:
    """In place of a trained classifier, to see in seconds whether all this runs."""

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """The pixels themselves."""
        return np.reshape(images, (len(images), -1))

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Some ten pixels as a softmax."""
        powers = np.exp(self(images)[:, :10])
        return powers / powers.sum(axis=1, keepdims=True)


def gathered(batches: Iterable, n: int) -> tuple[np.ndarray, np.ndarray]:
    """The first `n` images of labelled batches, and their labels."""
    images, labels, count = [], [], 0
    for some, of in batches:
        images.append(np.asarray(some))
        labels.append(np.asarray(of))
        count += len(images[-1])
        if count >= n:
            break
    return np.concatenate(images)[:n], np.concatenate(labels)[:n]


def accuracy(network, images: np.ndarray, labels: np.ndarray) -> float:
    """The share of images that the classifier gives their label."""
    return label_accuracy(network.probabilities(images), labels)


def within_classes(network, real: tuple, drawn: tuple) -> dict:
    """Recall of real images and diversity, means over the classes, of as many images of each.

    Args:
        network: Gives features.
        real: Images and labels.
        drawn: Images and labels that are compared with them.
    """
    recalls, diversities = [], []
    for label in np.unique(real[1]):
        sides = [images[labels == label] for images, labels in (real, drawn)]
        n = min(map(len, sides))
        sides = [images[:n] for images in sides]
        recalls.append(precision_recall(*map(network, sides))[1])
        diversities.append(1 - pair_similarity(sides[1])[0])
    return {
        "recall": round(float(np.mean(recalls)), 4),
        "diversity": round(float(np.mean(diversities)), 4),
    }


def code_error(model, train: tuple, test: tuple) -> float:
    """The error of InfoGAN's first code as a classifier, its values named by training images."""
    given, codes = (model.classify(images).argmax(axis=1) for images, _ in (train, test))
    names = np.array(
        [np.bincount(train[1][given == code], minlength=1).argmax() for code in range(10)]
    )
    return float((names[codes] != test[1]).mean())


def run(data: str, contestant: str, seed: int, n: int, network=None, **options) -> dict:
    """Trains one contestant, and measures it and real images on the test split.

    Args:
        data: Labelled data.
        contestant: A key of `CONTESTANTS`.
        seed: Of weights, noise and order.
        n: How many samples, and at most how many real images.
        network: The classifier, if it is not to be trained.
        **options: Of the recipe, after the contestant's.
    """
    keras.utils.set_random_seed(seed)
    recipe, own = CONTESTANTS[contestant]
    options = {"data": data, "seed": seed, "metrics": (), **own, **options}
    built = kgen.recipe.find(recipe).build(options)
    start = time.process_time()
    built.model.fit(built.data.train, epochs=built.epochs, verbose=0)
    seconds = time.process_time() - start
    shape = built.data.image_shape
    given = {key: options.get(key) for key in ("data_dir", "limit")}
    labelled = kgen.datasets.load(data, image_size=shape[0], layout="labelled", **given)
    network = network or find(f"classifier:{data}", shape, data_dir=given["data_dir"])
    train, test = (gathered(split, n) for split in (labelled.train, labelled.test))
    row = {"data": data, "contestant": contestant, "seed": seed, "epochs": built.epochs}
    row |= {"cpu_seconds": round(seconds, 1), "samples": n}
    if contestant == "infogan":
        logs = built.model.evaluate(test[0], verbose=0, return_dict=True)
        row["mutual_information"] = round(logs["mutual_information"], 4)
        row["code_error"] = round(code_error(built.model, train, test), 4)
        return row
    asked = np.arange(n, dtype="int32") % labelled.num_classes
    drawn = built.model.sample(n, labels=asked, seed=seed), asked
    row["label_accuracy"] = round(accuracy(network, *drawn), 4)
    row |= within_classes(network, test, drawn)
    beside = {"label_accuracy": round(accuracy(network, *test), 4)}
    row["real"] = beside | within_classes(network, test, train)
    return row


def table(rows: Iterable[dict]) -> str:
    """All seeds of each contestant as Markdown, real images' numbers beside."""
    groups: dict[tuple[str, str], list[dict]] = {}
    for row in rows:
        groups.setdefault((row["data"], row["contestant"]), []).append(row)
    lines = [
        f"| data | contestant | seeds | {' | '.join(COLUMNS.values())} |",
        f"|{'---|' * (3 + len(COLUMNS))}",
    ]
    for (data, contestant), group in sorted(groups.items()):
        group.sort(key=lambda row: row["seed"])
        cells = [data, contestant, ", ".join(str(row["seed"]) for row in group)]
        cells += [_cell(group, field, "%" in said) for field, said in COLUMNS.items()]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(group, field, percent):
    factor = 100 if percent else 1
    values = [factor * row[field] for row in group if field in row]
    if not values:
        return ""
    real = [factor * row["real"][field] for row in group if field in row.get("real", {})]
    beside = f"; real {np.median(real):.2f}" if real else ""
    return f"{', '.join(f'{value:.2f}' for value in values)}: {median_and_range(values)}{beside}"


def main(arguments: list[str] | None = None) -> None:
    """Runs what is asked for and has not been run, and prints the table."""
    parser = benchmark_parser(__doc__, "conditional.jsonl", CONTESTANTS)
    parser.add_argument("--data", choices=DATA, default=DATA[0])
    parser.add_argument("--data-dir", help="where TensorFlow Datasets finds its files")
    options = parser.parse_args(arguments)
    if options.quick:
        small = {"image_size": 8, "batch_size": 16, "epochs": 1, "limit": 160, "width": 8}
        print(table([run(DATA[0], name, 0, 120, Pixels(), **small) for name in options.only]))
        return
    ledger = Ledger(options.results, ("data", "contestant", "seed"))
    # By seed, so that a part of the runs is all contestants' first seeds.
    names = [(options.data, name, seed) for seed in options.seeds for name in options.only]
    if not options.table:
        ledger.fill(names, lambda *name: run(*name, SAMPLES, data_dir=options.data_dir))
    print(table(ledger.rows))


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
