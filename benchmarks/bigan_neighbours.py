"""What BiGAN's encoder knows of digits: the nearest neighbour in E(x) on MNIST.

    python benchmarks/bigan_neighbours.py --data-dir DIR --epochs 40   # trains, then measures
    python benchmarks/bigan_neighbours.py --data-dir DIR --run runs/bigan_mnist
    python benchmarks/bigan_neighbours.py --quick      # built-in letters, seconds: does it run?
    python benchmarks/bigan_neighbours.py --table      # the table of what has been measured

**Protocol.** Each of the 10,000 test images gets the label of the nearest of the training images,
by the Euclidean distance of scikit-learn's 1-nearest-neighbour classifier, in two spaces: the codes
E(x), and the raw pixels, which alone are right for most digits and so are the number to beat. The
references are all training images that the run has seen, without its validation split (54,000). No
label was seen in training. Beside it the reconstruction error as in the authors' code: the mean
over the test images of the Euclidean distance of x and G(E(x)) with pixels in [0, 1], and as its
base the distance of x to the reconstruction of the image before it.

With `--epochs` the model is that of `recipes/bigan_mnist.py`, whose schedule has that length: half
of it at a rate of 2e-4, half falling to 2e-6. The paper trains for 400 epochs and has 97.39 %, its
authors' code an error of 5.95 with a base of 9.60. With `--run` it is the last checkpoint of a run
that `kgen train` has made.

Every measurement is appended to `results/bigan_neighbours.jsonl`; what is there is not made again.
"""

import argparse
import json
import os
import time
from collections.abc import Iterable
from pathlib import Path

import keras
import numpy as np
from ledger import RESULTS, Ledger, median_and_range
from sklearn.neighbors import KNeighborsClassifier

import kgen
from kgen import recipe

QUICK = {"data": "glyphs/letters", "image_size": 14, "limit": 400, "width": 32, "batch_size": 40}


def labelled(data: str, seed: int, **options) -> tuple:
    """The training and the test images of a data set, each with labels."""
    splits = kgen.datasets.load(data, layout="labelled", seed=seed, **options)
    return tuple(
        tuple(np.concatenate(part) for part in zip(*split.as_numpy_iterator(), strict=True))
        for split in (splits.train, splits.test)
    )


def neighbour_accuracy(references, labels, queries, truth) -> float:
    """The share of queries whose nearest reference has their label, by Euclidean distance."""
    flat = [np.reshape(vectors, (len(vectors), -1)) for vectors in (references, queries)]
    nearest = KNeighborsClassifier(n_neighbors=1, algorithm="brute").fit(flat[0], labels)
    return float((nearest.predict(flat[1]) == truth).mean())


def reconstruction_error(images, rebuilt) -> tuple[float, float]:
    """The mean distance of images and their reconstructions, and of others' as its base."""
    x, y = ((np.reshape(each, (len(each), -1)) + 1) / 2 for each in (images, rebuilt))
    own = np.linalg.norm(x - y, axis=1).mean()
    return float(own), float(np.linalg.norm(np.roll(x, -1, axis=0) - y, axis=1).mean())


def measure(model, train: tuple, test: tuple) -> dict:
    """All that the protocol says of a model."""
    (references, labels), (queries, truth) = train, test
    error, base = reconstruction_error(queries, model.reconstruct(queries))
    codes = model.encode(references), model.encode(queries)
    return {
        "epochs": model.epochs_trained,
        "references": len(references),
        "queries": len(queries),
        "accuracy": round(neighbour_accuracy(codes[0], labels, codes[1], truth), 5),
        "pixel_accuracy": round(neighbour_accuracy(references, labels, queries, truth), 5),
        "reconstruction_error": round(error, 4),
        "base_error": round(base, 4),
    }


def train(seed: int, epochs: int, **options) -> tuple:
    """A model trained by the recipe, and the seconds of the processor that it took."""
    keras.utils.set_random_seed(seed)
    run = recipe.find("bigan_mnist").build({"seed": seed, "epochs": epochs, **options})
    start = time.process_time()
    run.model.fit(run.data.train, epochs=epochs, verbose=0)
    return run.model, round(time.process_time() - start, 1)


def table(rows: Iterable[dict]) -> str:
    """Every measurement as a row of Markdown."""
    lines = [
        "| model | epochs | references | 1-NN in E(x), % | 1-NN of pixels, % | error of G(E(x)) "
        "| its base |",
        "|---|---|---|---|---|---|---|",
    ]
    rows = list(rows)
    for row in rows:
        lines.append(
            f"| {row['model']}, seed {row['seed']} | {row['epochs']} | {row['references']:,} "
            f"| {100 * row['accuracy']:.2f} | {100 * row['pixel_accuracy']:.2f} "
            f"| {row['reconstruction_error']:.2f} | {row['base_error']:.2f} |"
        )
    if len(rows) > 1:
        accuracies = [100 * row["accuracy"] for row in rows]
        lines.append(f"\n1-NN in E(x), median of all: {median_and_range(accuracies)} %")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Measures what is asked for and has not been measured, and prints the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data-dir", help="where TensorFlow Datasets finds its files")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--epochs", type=int, help="train for so many, one model for each seed")
    what.add_argument("--run", type=Path, help="the folder of a run of bigan_mnist")
    what.add_argument("--table", action="store_true", help="only print what was measured")
    what.add_argument("--quick", action="store_true", help="an epoch, nothing is written")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0], help="with --epochs")
    parser.add_argument("--results", type=Path, default=RESULTS / "bigan_neighbours.jsonl")
    options = parser.parse_args(arguments)
    if options.quick:
        shared = {key: QUICK[key] for key in ("data", "image_size", "limit", "batch_size")}
        model, _ = train(0, 1, **QUICK)
        print(table([{"model": "quick", "seed": 0, **measure(model, *labelled(seed=0, **shared))}]))
        return
    ledger = Ledger(options.results, ("model", "seed", "epochs"))
    where = {"data_dir": options.data_dir}
    if options.epochs:
        for seed in options.seeds:
            if ("trained here", seed, options.epochs) in ledger:
                continue
            model, seconds = train(seed, options.epochs, **where)
            scores = measure(model, *labelled("mnist", seed, batch_size=500, **where))
            ledger.append({"model": "trained here", "seed": seed, **scores, "cpu_seconds": seconds})
            keras.backend.clear_session()
    elif options.run:
        chosen = json.loads((options.run / "config.json").read_text())["options"]
        if chosen["data"] != "mnist":
            raise SystemExit(
                f"{options.run} learned {chosen['data']}: give the folder of a run on mnist."
            )
        model, seed = keras.models.load_model(options.run / "checkpoint.keras"), chosen["seed"]
        if (options.run.name, seed, model.epochs_trained) not in ledger:
            scores = measure(model, *labelled("mnist", seed, batch_size=500, **where))
            ledger.append({"model": options.run.name, "seed": seed, **scores})
    elif not options.table:
        parser.error("say what to measure: --epochs N, --run FOLDER, --quick or --table")
    print(table(ledger.rows))


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
