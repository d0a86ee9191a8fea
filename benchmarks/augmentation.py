"""What samples of a CVAE-GAN add to a few labelled images: MNIST with 10, 20, 50 of each digit.

    python benchmarks/augmentation.py --data-dir DIR    # all fifteen pairs of runs; resumable
    python benchmarks/augmentation.py --quick           # built-in letters, seconds: does it run?
    python benchmarks/augmentation.py --table           # the table of what has been run so far

**Protocol.** The seed chooses the images of each digit among the 54,000 for training, and seeds
weights and order. `real` trains a classifier (3x3 convolutions of 32 and 64 channels, each followed
by a maximum over 2x2, and a dense layer of 128 units with dropout of a half; Adam with a rate of
1e-3) on these alone, for 2,000 batches of 64. `augmented` is the same classifier, from the same
weights, for as many batches; half of each are samples of a `kgen.models.CVAEGAN` with evenly drawn
labels, drawn once, 1,000 of each digit. The CVAE-GAN (DCGAN's networks of width 32, 32 latents, the
paper's weights) has seen nothing but the same few images, in 3,000 batches of 50. Nothing was tuned
and nothing is chosen by validation: reported is the accuracy on the 10,000 test images of the
weights at the end.

Every run is appended to `results/augmentation.jsonl`; what is there is not run again. All seeds are
printed, with median and range, and the differences to `real` seed by seed.
"""

import os
import time
from collections.abc import Iterable

import keras
import numpy as np
import tensorflow as tf
from ledger import Ledger, benchmark_parser, median_and_range

import kgen

CONTESTANTS = ("real", "augmented")
MNIST = {
    "data": {"name": "mnist", "image_size": 28},
    "generator": {"latent_dim": 32, "width": 32},
    "generator_steps": 3_000,
    "classifier_steps": 2_000,
    "samples_per_class": 1_000,
}
QUICK = {
    "data": {"name": "glyphs/letters", "image_size": 8, "limit": 800},
    "generator": {"latent_dim": 4, "width": 4},
    "generator_steps": 2,
    "classifier_steps": 2,
    "samples_per_class": 1,
}


def few_of_each(data, classes: int, per_class: int):
    """The first so many images of each class in the order of the pipeline."""
    chosen: list[list[np.ndarray]] = [[] for _ in range(classes)]
    for images, labels in data.as_numpy_iterator():
        for image, label in zip(images, labels, strict=True):
            if len(chosen[label]) < per_class:
                chosen[label].append(image)
        if all(len(images) == per_class for images in chosen):
            break
    else:
        raise SystemExit(f"there are no {per_class} images of each class: choose fewer.")
    labels = np.repeat(np.arange(classes, dtype="int32"), per_class)
    return np.concatenate([np.stack(images) for images in chosen]), labels


def batches(images, labels, size: int, steps: int, seed: int) -> tf.data.Dataset:
    """So many batches, passes over the images one after another, each in an order of its own."""
    examples = tf.data.Dataset.from_tensor_slices((images, labels))
    return examples.shuffle(len(labels), seed=seed).repeat().batch(size).take(steps)


def classifier(image_shape, classes: int, seed: int) -> keras.Model:
    """Two convolutions and two dense layers."""
    keras.utils.set_random_seed(seed)
    layers = [keras.Input(image_shape)]
    for channels in (32, 64):
        layers.append(keras.layers.Conv2D(channels, 3, padding="same", activation="relu"))
        layers.append(keras.layers.MaxPooling2D(2))
    layers += [keras.layers.Flatten(), keras.layers.Dense(128, activation="relu")]
    layers += [keras.layers.Dropout(0.5, seed=seed), keras.layers.Dense(classes)]
    network = keras.Sequential(layers)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile(keras.optimizers.Adam(1e-3), loss, metrics=["accuracy"])
    return network


def run(per_class: int, seed: int, settings: dict) -> dict:
    """Trains a CVAE-GAN and both classifiers on one choice of images, and measures these."""
    keras.utils.set_random_seed(seed)
    data = kgen.datasets.load(layout="labelled", seed=seed, **settings["data"])
    few = few_of_each(data.train, data.num_classes, per_class)
    start = time.process_time()
    model = kgen.models.CVAEGAN.build_default(
        data.image_shape, data.num_classes, seed=seed, **settings["generator"]
    )
    model.compile()
    model.fit(batches(*few, 50, settings["generator_steps"], seed), verbose=0)
    labels = np.repeat(np.arange(data.num_classes), settings["samples_per_class"])
    samples = model.sample(len(labels), labels=labels, seed=seed)
    generating = time.process_time() - start
    row = {
        "per_class": per_class,
        "seed": seed,
        "data": data.name,
        "test_accuracy": {},
        "cpu_seconds": {},
    }
    for contestant in CONTESTANTS:
        start, steps = time.process_time(), settings["classifier_steps"]
        if contestant == "real":
            pipeline = batches(*few, 64, steps, seed)
        else:
            made = batches(samples, labels.astype("int32"), 32, steps, seed + 1)
            halves = tf.data.Dataset.zip(batches(*few, 32, steps, seed), made)
            pipeline = halves.map(
                lambda one, other: (
                    tf.concat([one[0], other[0]], 0),
                    tf.concat([one[1], other[1]], 0),
                )
            )
        network = classifier(data.image_shape, data.num_classes, seed)
        network.fit(pipeline, shuffle=False, verbose=0)
        accuracy = network.evaluate(data.test, verbose=0, return_dict=True)["accuracy"]
        seconds = time.process_time() - start + (generating if contestant == "augmented" else 0)
        row["test_accuracy"][contestant] = round(float(accuracy), 5)
        row["cpu_seconds"][contestant] = round(seconds, 1)
    return row


def table(rows: Iterable[dict]) -> str:
    """All seeds of each contestant and number of images, as Markdown."""
    accuracy: dict[tuple[int, str], dict[int, float]] = {}
    for row in rows:
        for contestant, share in row["test_accuracy"].items():
            key = (row["per_class"], contestant)
            accuracy.setdefault(key, {})[row["seed"]] = 100 * share
    lines = [
        "| images a class | contestant | test accuracy in %, each seed | median [range] | more "
        "than real, in points, median [range] |",
        "|---|---|---|---|---|",
    ]
    for per_class in sorted({key[0] for key in accuracy}):
        for name in CONTESTANTS:
            by_seed = accuracy.get((per_class, name), {})
            if not by_seed:
                continue
            values = [by_seed[seed] for seed in sorted(by_seed)]
            real = accuracy.get((per_class, "real"), {})
            gains = [by_seed[seed] - real[seed] for seed in sorted(by_seed.keys() & real.keys())]
            gained = "" if name == "real" or not gains else median_and_range(gains)
            lines.append(
                f"| {per_class} | {name} | {', '.join(f'{value:.2f}' for value in values)} "
                f"| {median_and_range(values)} | {gained} |"
            )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Runs what is asked for and has not been run, and prints the table."""
    parser = benchmark_parser(__doc__, "augmentation.jsonl")
    parser.add_argument("--data-dir", help="where TensorFlow Datasets finds its files")
    parser.add_argument("--per-class", nargs="+", type=int, default=[10, 20, 50])
    options = parser.parse_args(arguments)
    if options.quick:
        print(table([run(1, 0, QUICK)]))
        return
    ledger = Ledger(options.results, ("per_class", "seed"))
    settings = {**MNIST, "data": {**MNIST["data"], "data_dir": options.data_dir}}
    # By seed, so that a part of the runs is all numbers of images with the first seeds.
    names = [(per_class, seed) for seed in options.seeds for per_class in options.per_class]
    if not options.table:
        ledger.fill(names, lambda *name: run(*name, settings), lambda row: row["test_accuracy"])
    print(table(ledger.rows))


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
