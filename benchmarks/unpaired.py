"""Two sets without pairs: CycleGAN, DiscoGAN and DualGAN under one budget, by pairs they never saw.

    python benchmarks/unpaired.py                # seeds 0, 1 and 2; resumable
    python benchmarks/unpaired.py --quick        # seconds: does it run?
    python benchmarks/unpaired.py --table        # the table of what has been run so far

**Protocol.** Sans-serif characters (side a) become serif ones (side b) and back at 32 pixels
(`glyphs/sans2serif`). Trained is on the training characters, unpaired; measured on the characters
of the test split, which no face has shown in training, and of which the data know the pairs. All
take 4,000 steps of 8 images a side, in the same order; a step of `DiscoGAN` trains the generators
or the discriminators, one of `DualGAN` the critics and at every third the generators. Losses,
optimizers and networks are those of each paper (`build_default`), but for a width of 16 in place
of 64, PatchGANs of 34 pixels in place of 70, and two schedules that the papers give in their own
numbers of steps: CycleGAN's rate falls from half of the steps on, and so does DiscoGAN's share of
the reconstruction rise there. `dualgan_penalty` is the authors' code in place of the paper: a
gradient penalty, and a step of each player at every batch. Nothing was tuned.

`copy` returns its input. `real` are the true images of the validation split, other characters in
the same faces: what distances a set has that is as real as can be.

**Measures**, in both directions. `l1` (a mean over pixels on the scale [-1, 1]) and `ssim` to the
true image of the pair; `cycle`, the same L1 between an image and its translation there and back;
two distances between the sets of translated and of true images: the sliced Wasserstein distance of
patches, and Fréchet's in a classifier of letters; `read`, the share of characters that a reader
gives the class of their source. The reader is a classifier trained on nothing but real images of
the test characters, nine of ten of either side; the line below the table says how many of the
others it reads.

Every run is appended to `results/unpaired.jsonl`; what is there is not run again. `--pictures` is
where a picture of each goes: rows of sources, translations, truths and reconstructions.
"""

import argparse
import time
from pathlib import Path

import keras
import numpy as np
from ledger import Ledger, benchmark_parser
from translation import held_out, scores
from translation import table as table_of

import kgen
from kgen.datasets import glyphs, typeface
from kgen.metrics.features import classifier, find
from kgen.metrics.label_accuracy import label_accuracy
from kgen.plotting import columns_of, grid, save_image

DATA = "glyphs/sans2serif"
DIRECTIONS = ("ab", "ba")
MEASURES = ("l1", "ssim", "cycle", "sliced_wasserstein", "fd", "read")
#: Those that need no pairs.
OF_SETS = ("sliced_wasserstein", "fd")
READER_EPOCHS = 30


def cyclegan(shape, options):
    """CycleGAN with its schedule."""
    model = kgen.models.CycleGAN.build_default(
        shape, width=options.width, downsamplings=options.downsamplings
    )
    model.compile(**model.decaying_optimizers(options.steps))
    return model


def discogan(shape, options):
    """DiscoGAN, the reconstruction's share of which rises after half of the steps."""
    model = kgen.models.DiscoGAN.build_default(
        shape, width=options.width, curriculum_steps=options.steps // 2
    )
    model.compile()
    return model


def dualgan(shape, options, **changes):
    """DualGAN as in its paper, or with changes."""
    model = kgen.models.DualGAN.build_default(
        shape, width=options.width, downsamplings=options.downsamplings, **changes
    )
    model.compile()
    return model


def dualgan_penalty(shape, options):
    """DualGAN as in its authors' code."""
    return dualgan(shape, options, regularizers=["gradient_penalty"], discriminator_steps=1)


#: Each makes a compiled model; `None` trains nothing.
CONTESTANTS = {
    "copy": None,
    "real": None,
    "cyclegan": cyclegan,
    "discogan": discogan,
    "dualgan": dualgan,
    "dualgan_penalty": dualgan_penalty,
}


def pairs(split: str, options) -> tuple[np.ndarray, np.ndarray]:
    """Images of A and the true ones of B, a pair a row."""
    data = kgen.datasets.load(
        DATA,
        layout="paired",
        image_size=options.image_size,
        batch_size=options.batch_size,
        limit=options.limit,
    )
    return held_out(data, split)


class Reader:
    """Knows the test characters by real images of them.

    Args:
        a: Their images of A.
        b: The true ones of B.
        limit: Of the rows, as the data were loaded with.
        epochs: Of its training.

    Attributes:
        accuracy: On the tenth of the real images that it has not seen.
    """

    def __init__(self, a: np.ndarray, b: np.ndarray, limit: int | None, epochs: int):
        points = [shapes[0][1] for shapes in glyphs.rows("sans2serif", "test", limit).shapes]
        drawn = [typeface.twins()[point] for point in points]  # those of one shape are one
        self.labels = np.unique(drawn, return_inverse=True)[1].astype("int32")
        data = kgen.datasets.from_arrays(
            np.concatenate([a, b]),
            np.concatenate([self.labels, self.labels]),
            batch_size=16,
            jitter=4,
            test=0.1,
        )
        self.model, self.accuracy = classifier.train(data, epochs)

    def read(self, images: np.ndarray) -> float:
        """The share of images, one for each row of the test split, that show its character."""
        levels = np.clip(images, -1, 1)
        return label_accuracy(self.model.predict(levels, verbose=0), self.labels)


def measured(translated, truths, network) -> dict[str, float]:
    """What needs no pairs, of a set."""
    return {
        name: value
        for name, value in scores(translated, truths, network).items()
        if name in OF_SETS
    }


def run(contestant: str, seed: int, options: argparse.Namespace, network, reader) -> dict:
    """Trains one contestant and measures it in both directions."""
    keras.utils.set_random_seed(seed)
    sides = dict(zip("ab", pairs("test", options), strict=True))
    make, start, model = CONTESTANTS[contestant], time.process_time(), None
    if make is not None:
        data = kgen.datasets.load(
            DATA,
            image_size=options.image_size,
            batch_size=options.batch_size,
            seed=seed,
            steps_per_epoch=options.steps,
            limit=options.limit,
        )
        model = make(data.image_shape, options)
        model.fit(data.train, verbose=0)
    seconds = time.process_time() - start
    found = {}
    for source, target in DIRECTIONS:
        images, truths = sides[source], sides[target]
        if contestant == "real":
            others = dict(zip("ab", pairs("validation", options), strict=True))[target]
            count = min(len(others), len(truths))
            found[source + target] = measured(others[:count], truths[:count], network)
            continue
        made = images if model is None else model.translate(images, domain=target)
        again = made if model is None else model.translate(made, domain=source)
        found[source + target] = {
            **scores(made, truths, network),
            "cycle": float(np.abs(again - images).mean()),
            **({} if reader is None else {"read": reader.read(made)}),
        }
        spread = np.linspace(0, len(images) - 1, 16).astype(int)
        shown = columns_of(*(each[spread] for each in (images, made, truths, again)), per_row=16)
        name = f"{contestant}_{source}{target}_seed{seed}.png"
        save_image(grid(shown, columns=16), options.pictures / name)
    return {
        "contestant": contestant,
        "seed": seed,
        "steps": options.steps if make else 0,
        "width": options.width,
        "batch_size": options.batch_size,
        "image_size": options.image_size,
        "pairs": len(sides["a"]),
        "generator_parameters": model.generator_ab.count_params() if model else 0,
        "cpu_seconds": round(seconds, 1),
        "features": getattr(network, "name", None),
        "reader_accuracy": reader and round(reader.accuracy, 4),
        "scores": {
            way: {name: round(value, 5) for name, value in values.items()}
            for way, values in found.items()
        },
    }


def table(rows: list[dict]) -> str:
    """Each contestant and direction with all its seeds, as Markdown; and how the reader does."""
    lines = [table_of(rows, MEASURES, tuple(CONTESTANTS), "direction")]
    known = sorted({row["reader_accuracy"] for row in rows if row["reader_accuracy"]})
    if known:
        shares = ", ".join(f"{100 * share:.1f} %" for share in known)
        lines.append(f"\nOf real images that it has not seen the reader reads {shares}.")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Runs what is asked for and has not been run, and prints the table."""
    parser = benchmark_parser(__doc__, "unpaired.jsonl", CONTESTANTS, seeds=3)
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--image-size", type=int, default=32)
    parser.add_argument(
        "--features", default="classifier", help="of Fréchet's distance; none for none"
    )
    parser.add_argument("--pictures", type=Path, default=Path("unpaired"))
    parser.set_defaults(downsamplings=2, limit=None)
    options = parser.parse_args(arguments)
    if options.quick:
        quick = {"steps": 3, "width": 4, "image_size": 16, "downsamplings": 1, "limit": 40}
        vars(options).update(quick, batch_size=4)
        reader = Reader(*pairs("test", options), options.limit, epochs=1)
        print(table([run(name, options.seeds[0], options, None, reader) for name in options.only]))
        return
    ledger = Ledger(options.results, ("contestant", "seed"))
    if not options.table:
        shape = (options.image_size, options.image_size, 1)
        network = None if options.features == "none" else find(options.features, shape)
        reader = Reader(*pairs("test", options), options.limit, READER_EPOCHS)
        # By seed, so that a part of the runs is all contestants' first seeds; what trains nothing
        # has only one.
        ledger.fill(
            [
                (name, seed)
                for seed in options.seeds
                for name in options.only
                if CONTESTANTS[name] or seed == options.seeds[0]
            ],
            lambda *name: run(*name, options, network, reader),
            lambda row: row["scores"],
        )
    print(table(ledger.rows))


if __name__ == "__main__":
    main()
