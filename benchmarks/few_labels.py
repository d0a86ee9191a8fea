"""What an autoencoder adds to a few labels: MNIST with 100 of them, five seeds.

    python benchmarks/few_labels.py --data-dir DIR      # all fifteen runs; resumable
    python benchmarks/few_labels.py --quick             # built-in letters, seconds: does it run?
    python benchmarks/few_labels.py --table             # the table of what has been run so far

**Protocol.** `kgen.models.AEClassifier` with its dense networks (500 and 250 ReLU units, 64 latents
and one softmax layer), Adam with a rate of 1e-3, batches of 100. Ten labels of each digit, chosen
by the seed, which also seeds weights and order. `supervised` minimises the cross-entropy of these
100 images for 1,000 steps. `pretrained` and `denoising` do the very same after 2,700 steps (five
passes) as an autoencoder of all 54,000 training images, whole or with a quarter of the pixels
masked.
Neither the length nor the networks were tuned. Reported is the error on the 10,000 test images of
the weights at the end; nothing is chosen by validation or test.

Every run is appended to `results/few_labels.jsonl`; what is there is not run again. All seeds are
printed, with median and range, and the differences to `supervised` seed by seed, which has the same
labels.
"""

import functools
import os
import statistics
import time
from collections.abc import Iterable

import keras
from ledger import Ledger, benchmark_parser, median_and_range

import kgen

PRETRAINING = 2_700
FINE_TUNING = 1_000
STEPS_PER_EPOCH = 100

CONTESTANTS = {
    "supervised": {"pretraining_steps": 0},
    "pretrained": {"pretraining_steps": PRETRAINING},
    "denoising": {"pretraining_steps": PRETRAINING, "corruption": "masking", "level": 0.25},
}
MNIST = {"name": "mnist", "labels_per_class": 10, "batch_size": 100}
QUICK = {
    "name": "glyphs/letters",
    "image_size": 14,
    "limit": 800,
    "labels_per_class": 1,
    "batch_size": 62,
}


@functools.lru_cache(maxsize=1)  # the contestants of one seed have the same data
def _load(**settings):
    return kgen.datasets.load(**settings)


def run(contestant: str, seed: int, settings: dict, fine_tuning: int, per_epoch: int) -> dict:
    """Trains one contestant, and measures it on the test split."""
    keras.utils.set_random_seed(seed)
    data = _load(seed=seed, steps_per_epoch=per_epoch, **settings)
    arguments = CONTESTANTS[contestant]
    model = kgen.models.AEClassifier.build_default(
        data.image_shape, data.num_classes, seed=seed, **arguments
    )
    model.compile()
    start = time.process_time()
    steps = arguments["pretraining_steps"] + fine_tuning
    model.fit(data.train, epochs=steps // per_epoch, verbose=0)
    seconds = time.process_time() - start
    test = model.evaluate(data.test, verbose=0, return_dict=True)
    return {
        "contestant": contestant,
        "seed": seed,
        "data": data.name,
        "labels": settings["labels_per_class"] * data.num_classes,
        "steps": model.steps_trained,
        "test_error": round(test["error"], 5),
        "test_reconstruction": round(test["reconstruction_loss"], 5),
        "cpu_seconds": round(seconds, 1),
    }


def table(rows: Iterable[dict]) -> str:
    """All seeds of each contestant, as Markdown."""
    errors: dict[str, dict[int, float]] = {name: {} for name in CONTESTANTS}
    seconds: dict[str, list[float]] = {name: [] for name in CONTESTANTS}
    for row in rows:
        errors[row["contestant"]][row["seed"]] = 100 * row["test_error"]
        seconds[row["contestant"]].append(row["cpu_seconds"])
    lines = [
        "| contestant | test error in %, each seed | median [range] | less than supervised, in "
        "points, median [range] | CPU seconds, median |",
        "|---|---|---|---|---|",
    ]
    for name, by_seed in errors.items():
        if not by_seed:
            continue
        values = [by_seed[seed] for seed in sorted(by_seed)]
        both = sorted(by_seed.keys() & errors["supervised"].keys())
        gains = [errors["supervised"][seed] - by_seed[seed] for seed in both]
        gained = "" if name == "supervised" or not gains else median_and_range(gains)
        lines.append(
            f"| {name} | {', '.join(f'{value:.2f}' for value in values)} "
            f"| {median_and_range(values)} | {gained} | {statistics.median(seconds[name]):.0f} |"
        )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Runs what is asked for and has not been run, and prints the table."""
    parser = benchmark_parser(__doc__, "few_labels.jsonl", CONTESTANTS)
    parser.add_argument("--data-dir", help="where TensorFlow Datasets finds its files")
    options = parser.parse_args(arguments)
    if options.quick:
        for contestant in CONTESTANTS.values():
            contestant["pretraining_steps"] = min(2, contestant["pretraining_steps"])
        print(table([run(name, 0, QUICK, 2, 2) for name in options.only]))
        return
    ledger = Ledger(options.results, ("contestant", "seed"))
    settings = {**MNIST, "data_dir": options.data_dir}
    # By seed, so that a part of the runs is all contestants' first seeds.
    names = [(name, seed) for seed in options.seeds for name in options.only]
    if not options.table:
        ledger.fill(
            names,
            lambda *name: run(*name, settings, FINE_TUNING, STEPS_PER_EPOCH),
            lambda row: f"{100 * row['test_error']:.2f} % wrong",
        )
    print(table(ledger.rows))


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
