"""Does the adversary pay? Pix2pix, the same U-Net without it, and the input as it is.

    python benchmarks/translation.py                # seeds 0, 1 and 2; resumable
    python benchmarks/translation.py --quick        # seconds: does it run?
    python benchmarks/translation.py --table        # the table of what has been run so far

**Protocol.** Characters of regular weight are translated into bold ones at 64 pixels
(`glyphs/regular2bold`); trained is on the training characters, measured on the characters of the
test split, which no face has shown in training. `pix2pix` is `kgen.models.Pix2Pix` with its paper's
settings, but for a width of 16 in place of 64 and batches of 4 in place of 1. Patches of
70 pixels see everything at 64 (63 of 64 pixels a side from the middle, 47 from the corners), so
this is about the paper's ImageGAN. `pix2pix_patch16` is the same with patches of 16 pixels, a
quarter of the side, as 70 are of the paper's 256. `l1` is `pix2pix` with `adversarial_weight=0`, so
a U-Net of the same size, initial weights, dropout and data order, trained by its L1 loss alone. All
three take 20,000 steps. `copy` returns its input. Nothing was tuned.

Each model is measured with dropout drawn (seed 0), as in the paper, and without. Reported are L1 (a
mean over pixels on the scale [-1, 1]) and SSIM to the true bold character, and two distances
between the sets of translated and of true images, which do not know who belongs to whom: the sliced
Wasserstein distance of patches, and Fréchet's in a classifier of letters that kgen trains itself.

Every run is appended to `results/translation.jsonl`; what is there is not run again. `--pictures`
is where a picture of each goes: rows of sources, translations and truths.
"""

import argparse
import time
from pathlib import Path

import keras
import numpy as np
from ledger import Ledger, benchmark_parser

import kgen
from kgen.metrics.features import find
from kgen.metrics.frechet import frechet_distance
from kgen.metrics.moments import Moments
from kgen.metrics.similarity import largest_window, ssim
from kgen.metrics.sliced_wasserstein import sliced_wasserstein
from kgen.plotting import columns_of, grid, save_image

#: What of `Pix2Pix` each contestant changes; `None` trains nothing.
CONTESTANTS = {
    "copy": None,
    "l1": {"adversarial_weight": 0.0},
    "pix2pix": {},
    "pix2pix_patch16": {"downsamplings": 1},
}
#: How translations are made; `copy` has one way of its own.
MODES = ("drawn", "plain")
MEASURES = ("l1", "ssim", "sliced_wasserstein", "fd")
STEPS = 20_000


def held_out(data, split: str = "test") -> tuple[np.ndarray, np.ndarray]:
    """Sources and truths of a split."""
    batches = getattr(data, split).as_numpy_iterator()
    return tuple(np.concatenate(side) for side in zip(*batches, strict=True))


def scores(images: np.ndarray, truths: np.ndarray, network) -> dict[str, float]:
    """Every measure of translations beside the true images."""
    window = largest_window(truths.shape[1:3])
    result = {
        "l1": float(np.abs(images - truths).mean()),
        "ssim": float(ssim(images, truths, window).mean()),
        "sliced_wasserstein": float(sliced_wasserstein(truths, images)[0]),
    }
    if network is not None:
        moments = [Moments.of(network(side)) for side in (truths, images)]
        result["fd"] = float(frechet_distance(*moments))
    return result


def run(contestant: str, seed: int, options: argparse.Namespace, network) -> dict:
    """Trains one contestant and measures it in each of its modes."""
    keras.utils.set_random_seed(seed)
    data = kgen.datasets.load(
        "glyphs/regular2bold",
        image_size=options.image_size,
        batch_size=options.batch_size,
        seed=seed,
        steps_per_epoch=options.steps,
        limit=options.limit,
    )
    sources, truths = held_out(data)
    changes, start = CONTESTANTS[contestant], time.process_time()
    if changes is not None:
        model = kgen.models.Pix2Pix.build_default(
            data.source_shape,
            data.image_shape,
            width=options.width,
            seed=seed,
            **{"downsamplings": options.downsamplings, **changes},
        )
        model.compile()
        model.fit(data.train, verbose=0)
    seconds = time.process_time() - start
    found = {}
    for mode in MODES if changes is not None else ("as it is",):
        images = sources
        if changes is not None:
            images = model.translate(sources, dropout=mode == "drawn", seed=0)
        spread = np.linspace(0, len(sources) - 1, 16).astype(int)
        shown = columns_of(sources[spread], images[spread], truths[spread], per_row=16)
        picture = options.pictures / f"{contestant}_{mode.replace(' ', '_')}_seed{seed}.png"
        save_image(grid(shown, columns=16), picture)
        measured = scores(images, truths, network)
        found[mode] = {name: round(value, 5) for name, value in measured.items()}
    return {
        "contestant": contestant,
        "seed": seed,
        "steps": options.steps if changes is not None else 0,
        "width": options.width,
        "batch_size": options.batch_size,
        "image_size": options.image_size,
        "pairs": len(sources),
        "cpu_seconds": round(seconds, 1),
        "features": getattr(network, "name", None),
        "scores": found,
    }


def table(
    rows: list[dict], measures=MEASURES, contestants=tuple(CONTESTANTS), of: str = "dropout"
) -> str:
    """Each contestant, in each way that it was measured, with all its seeds, as Markdown.

    Args:
        rows: Of which the scores are `{way: {measure: value}}`.
        measures: The columns.
        contestants: In this order.
        of: What the ways are.
    """
    lines = [f"| contestant | {of} | {' | '.join(measures)} |", "|---" * (len(measures) + 2) + "|"]
    for contestant in contestants:
        own = [row for row in rows if row["contestant"] == contestant]
        own.sort(key=lambda row: row["seed"])
        for way in own[0]["scores"] if own else ():
            cells = (
                ", ".join(
                    f"{row['scores'][way][name]:.3g}" for row in own if name in row["scores"][way]
                )
                for name in measures
            )
            lines.append(f"| {contestant} | {way} | {' | '.join(cell or '-' for cell in cells)} |")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Runs what is asked for and has not been run, and prints the table."""
    parser = benchmark_parser(__doc__, "translation.jsonl", CONTESTANTS, seeds=3)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--image-size", type=int, default=64)
    parser.add_argument(
        "--features", default="classifier", help="of Fréchet's distance; none for none"
    )
    parser.add_argument("--pictures", type=Path, default=Path("translation"))
    parser.set_defaults(batch_size=4, downsamplings=3, limit=None)
    options = parser.parse_args(arguments)
    if options.quick:
        quick = {"steps": 2, "width": 4, "image_size": 16, "downsamplings": 1, "limit": 40}
        vars(options).update(quick, features=None, seeds=options.seeds[:1])
        print(table([run(name, options.seeds[0], options, None) for name in options.only]))
        return
    ledger = Ledger(options.results, ("contestant", "seed"))
    if not options.table:
        shape = (options.image_size, options.image_size, 1)
        network = None if options.features == "none" else find(options.features, shape)
        # By seed, so that a part of the runs is all contestants' first seeds.
        ledger.fill(
            [(name, seed) for seed in options.seeds for name in options.only],
            lambda *name: run(*name, options, network),
            lambda row: row["scores"],
        )
    print(table(ledger.rows))


if __name__ == "__main__":
    main()
