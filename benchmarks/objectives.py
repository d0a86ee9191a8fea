"""All adversarial objectives with one network and one budget of steps, on Fashion-MNIST.

    python benchmarks/objectives.py --data-dir DIR      # all; 70 minutes of a core, resumable
    python benchmarks/objectives.py --only hinge wgan_gp --seeds 0 1 2
    python benchmarks/objectives.py --quick             # half a minute: does it run?
    python benchmarks/objectives.py --table             # the table of what has been run so far

**Protocol.** DCGAN's generator and discriminator at width 16, the discriminator with biases in
place of batch normalisation, because the penalties are a matter of each image alone; latents
N(0, 1)^100; batches of 64 of the 54,000 training images; 10,000 steps of the discriminator. A bare
objective is played with DCGAN's Adam (rate 2e-4, beta_1 0.5), one step of each player in turn. The
methods that are more than an objective are played as their papers say, which for some means fewer
steps of the generator: `wgan` (weights clipped to 0.01, RMSprop, five steps of the critic for one
of the generator, no warm-up), `wgan_gp` (penalty 10, five steps), `gan_qp_l1` and `gan_qp_l2` (two
steps), `r3gan` (relativistic with R1 and R2, gamma 0.05, its schedules over all steps).
Nothing was tuned here, and no moving average is taken.

The distance is Fréchet's between 10,000 samples and the 10,000 test images in the features of a
classifier of Fashion-MNIST; precision and recall are in the same features. The time of a step is
of the processor, the median over ten windows, the generator's steps included, as a ratio to that of
the non-saturating game. A run whose samples are no numbers any
more, or cannot be measured, is in the table as such. Pictures show the same 64 latents for all.

Every run is appended to `results/objectives.jsonl`; what is there is not run again. `--pictures` is
where one grid a run goes, and a sheet of all.
"""

import argparse
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path

import keras
from ledger import Ledger, benchmark_parser
from PIL import Image, ImageDraw

import kgen
from kgen.metrics import Evaluator
from kgen.metrics.features import find
from kgen.networks import dcgan_discriminator, dcgan_generator
from kgen.plotting import grid, save_image

STEPS = 10_000  # of the discriminator
WINDOWS = 10
LATENT_DIM = 100
MEASURES = ("fd", "precision", "recall")

METHODS = {
    "wgan": partial(kgen.models.WGAN, warmup=False),
    "wgan_gp": kgen.models.WGANGP,
    "gan_qp_l1": kgen.models.GANQP,
    "gan_qp_l2": partial(kgen.models.GANQP, objective="gan_qp_l2"),
    "r3gan": kgen.models.R3GAN,
}
#: From a generator, a discriminator and a seed to a model.
CONTESTANTS = {
    **{
        name: partial(kgen.models.DCGAN, objective=name)
        for name in kgen.losses.OBJECTIVES
        if name not in ("wasserstein", *METHODS)
    },
    **METHODS,
}


def run(contestant: str, seed: int, options: argparse.Namespace) -> dict:
    """Trains one contestant, measures its samples and draws some."""
    keras.utils.set_random_seed(seed)
    windows = min(WINDOWS, options.steps)
    data = kgen.datasets.load(
        options.data,
        data_dir=options.data_dir,
        image_size=options.image_size,
        batch_size=options.batch_size,
        layout="images",
        seed=seed,
        limit=options.limit,
        steps_per_epoch=options.steps // windows,
    )
    network = options.features and find(
        options.features, data.image_shape, data_dir=options.data_dir
    )
    evaluator = Evaluator(data, options.measures, n=options.samples, features=network)
    schedule = {"schedule_steps": options.steps} if contestant == "r3gan" else {}
    model = CONTESTANTS[contestant](
        dcgan_generator(data.image_shape, LATENT_DIM, options.width),
        dcgan_discriminator(data.image_shape, options.width, batch_norm=False),
        seed=seed,
        **schedule,
    )
    model.compile()
    clock = Windows()
    model.fit(data.train, epochs=windows, verbose=0, callbacks=[clock])
    images = model.sample(64, seed=0)
    save_image(grid(images, columns=8, scale=2), picture_of(contestant, seed, options))
    try:
        scores = [score.to_json() for score in evaluator(model)]
    except kgen.errors.MetricError as error:
        scores, reason = [], str(error)
    return {
        "contestant": contestant,
        "seed": seed,
        "steps": model.steps_trained,
        "width": options.width,
        "batch_size": options.batch_size,
        "cpu_milliseconds_a_step": round(
            1e3 * statistics.median(clock.seconds) * model.epochs_trained / model.steps_trained, 2
        ),
        "cpu_seconds": round(sum(clock.seconds), 1),
        "scores": scores,
        **({} if scores else {"not_measured": reason}),
    }


class Windows(keras.callbacks.Callback):
    """The processor's seconds in each epoch but the first, which compiles, if there are others."""

    def on_train_begin(self, logs=None):
        self.seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.process_time()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.process_time() - self.start)

    def on_train_end(self, logs=None):
        self.seconds = self.seconds[1:] or self.seconds


def picture_of(contestant: str, seed: int, options: argparse.Namespace) -> Path:
    return options.pictures / f"{contestant}_seed{seed}.png"


def table(rows: list[dict]) -> str:
    """Each contestant with all its seeds, nearest first, as Markdown, and the protocol below."""
    groups: dict[str, list[dict]] = {}
    for row in rows:
        groups.setdefault(row["contestant"], []).append(row)
    measured = [score for row in rows for score in row["scores"]]
    names = list(dict.fromkeys(score["metric"] for score in measured))
    lines = [
        f"| objective | {' | '.join(f'{name}, each seed' for name in names)} | time of a step |",
        "|---" * (len(names) + 2) + "|",
    ]

    def values(group, name):
        return [
            next((s["value"] for s in row["scores"] if s["metric"] == name), None) for row in group
        ]

    def first(item):
        known = [v for v in values(item[1], names[0]) if v is not None] if names else []
        return statistics.median(known) if known else float("inf")

    def pace(group):
        return statistics.median(row["cpu_milliseconds_a_step"] for row in group)

    usual = pace(groups["non_saturating"]) if "non_saturating" in groups else None
    for contestant, group in sorted(groups.items(), key=first):
        group.sort(key=lambda row: row["seed"])
        cells = [
            ", ".join("not measured" if v is None else f"{v:.3g}" for v in values(group, name))
            for name in names
        ]
        ratio = f"{pace(group) / usual:.2f}" if usual else "-"
        lines.append(f"| {contestant} | {' | '.join(cells)} | {ratio} |")
    for row in rows:
        if "not_measured" in row:
            lines.append(f"\n{row['contestant']}, seed {row['seed']}: {row['not_measured']}")
    protocols = {str(_score(score)).partition(" | ")[2] for score in measured}
    lines += [f"\n{protocol}" for protocol in sorted(protocols)]
    return "\n".join(lines)


def _score(record: dict) -> kgen.metrics.Score:
    return kgen.metrics.Score.from_json({**record, "deviation": None})


def sheet(options: argparse.Namespace, columns: int = 5) -> Path | None:
    """All pictures of the first seed asked for side by side, each under its contestant's name."""
    seed = options.seeds[0]
    found = [
        (name, picture_of(name, seed, options))
        for name in CONTESTANTS
        if picture_of(name, seed, options).exists()
    ]
    if not found:
        return None
    tiles = []
    for name, path in found:
        with Image.open(path) as opened:
            tiles.append((name, opened.convert("L").reduce(2)))
    caption, gap = 14, 6
    width, height = tiles[0][1].width + gap, tiles[0][1].height + caption + gap
    rows = -(-len(tiles) // columns)
    whole = Image.new("L", (min(columns, len(tiles)) * width + gap, rows * height + gap), 255)
    draw = ImageDraw.Draw(whole)
    for i, (name, tile) in enumerate(tiles):
        left, top = gap + i % columns * width, gap + i // columns * height
        draw.text((left + 1, top), name, fill=0)
        whole.paste(tile, (left, top + caption))
    return save_image(whole, options.pictures / f"objectives_seed{seed}.png")


def main(arguments: list[str] | None = None) -> None:
    """Runs what is asked for and has not been run, and prints the table."""
    parser = benchmark_parser(__doc__, "objectives.jsonl", CONTESTANTS, seeds=1)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--data-dir", help="where TensorFlow Datasets finds its files")
    parser.add_argument("--pictures", type=Path, default=Path("objectives"))
    parser.set_defaults(
        data="fashion_mnist",
        image_size=28,
        batch_size=64,
        limit=None,
        samples=10_000,
        measures=MEASURES,
        features="classifier:fashion_mnist",
    )
    options = parser.parse_args(arguments)
    if options.quick:
        quick(options)
        return
    ledger = Ledger(options.results, ("contestant", "seed", "steps", "width"))
    budget = (options.steps, options.width)
    if not options.table:
        options.pictures.mkdir(parents=True, exist_ok=True)
        ledger.fill(
            [(name, seed, *budget) for seed in options.seeds for name in options.only],
            lambda name, seed, *_: run(name, seed, options),
            lambda row: row["scores"] or row["not_measured"],
        )
    print(table([row for row in ledger.rows if (row["steps"], row["width"]) == budget]))
    if not options.table:
        sheet(options)


def quick(options: argparse.Namespace) -> None:
    """Two steps of each on built-in letters, in a folder that is thrown away."""
    options.steps, options.width, options.samples, options.limit = 2, 4, 32, 64
    options.data, options.image_size, options.batch_size = "glyphs/letters", 14, 8
    options.measures, options.features = ("sliced_wasserstein",), None
    with tempfile.TemporaryDirectory() as folder:
        options.pictures = Path(folder)
        print(table([run(name, 0, options) for name in options.only]))
        print(sheet(options).name)


if __name__ == "__main__":
    main()
