"""Which objectives keep all modes: the ring of 8 Gaussians and the grid of 25, five seeds each.

    python benchmarks/modes.py                          # all; hours on two cores, resumable
    python benchmarks/modes.py --data ring --only wgan_gp_01 r3gan --seeds 0 1
    python benchmarks/modes.py --quick                  # seconds: does it run?
    python benchmarks/modes.py --table                  # the table of what has been run so far

**Protocol.** Generator and discriminator have three hidden layers of 128 ReLU units with Keras's
default weights; latents N(0, 1)^2; batches of 256; data as `kgen.datasets.load` gives them, not
rescaled. A contestant is an objective with its regularizers and the optimizers of its paper, or of
its authors' toy experiment where they have one; none was tuned here. All have the same budget of
discriminator steps; those that train the discriminator more often per generator step train the
generator less. 2,500 samples are judged: a mode is covered if at least 20 of them lie within four
standard deviations of it, and the share of all samples that lie so is the quality. Both are taken
at the end and at eleven points before, because some of these games circle.

Every run is appended to `results/modes.jsonl`; what is there is not run again. All seeds are
printed, median and range; none is left out.
"""

import os
import statistics
import time
from collections.abc import Callable, Iterable

import keras
from keras import layers
from ledger import Ledger, benchmark_parser

import kgen
from kgen.metrics import Evaluator

SAMPLES = 2500
LOOKS = 12
STEPS = 12_000  # of the discriminator


def network(inputs: int, outputs: int, name: str) -> keras.Model:
    """Three hidden layers of 128 ReLU units."""
    x = first = keras.Input((inputs,))
    for _ in range(3):
        x = layers.Dense(128, activation="relu")(x)
    return keras.Model(first, layers.Dense(outputs)(x), name=name)


def adam(rate: float, beta_1: float = 0.5, beta_2: float = 0.999) -> dict:
    """The same Adam for both players."""
    return {
        f"{player}_optimizer": keras.optimizers.Adam(rate, beta_1=beta_1, beta_2=beta_2)
        for player in ("generator", "discriminator")
    }


def gan(optimizers: Callable[[], dict], **arguments) -> Callable[[int], keras.Model]:
    """A contestant: from a seed to a compiled `GAN` of points."""

    def build(seed: int) -> keras.Model:
        model = kgen.models.GAN(
            network(2, 2, "generator"), network(2, 1, "discriminator"), seed=seed, **arguments
        )
        model.compile(**optimizers(), jit_compile=True, steps_per_execution=10)
        return model

    return build


def unrolled(steps: int) -> Callable[[int], keras.Model]:
    """Unrolled GAN, with the rates of the authors' notebook."""

    def build(seed: int) -> keras.Model:
        model = kgen.models.UnrolledGAN(
            network(2, 2, "generator"),
            network(2, 1, "discriminator"),
            unroll_steps=steps,
            seed=seed,
        )
        model.compile(
            generator_optimizer=keras.optimizers.Adam(1e-3, beta_1=0.5),
            discriminator_optimizer=keras.optimizers.Adam(1e-4, beta_1=0.5),
            jit_compile=True,
            steps_per_execution=10,
        )
        return model

    return build


def plain() -> dict:
    """Adam as in most of the papers."""
    return adam(1e-4)


def penalised() -> dict:
    """Adam as WGAN-GP's toys have it."""
    return adam(1e-4, 0.5, 0.9)


def root_mean_square() -> dict:
    """RMSprop as WGAN has it."""
    return {
        f"{player}_optimizer": keras.optimizers.RMSprop(5e-5, rho=0.9, epsilon=1e-10)
        for player in ("generator", "discriminator")
    }


def penalty(weight: float) -> list:
    """WGAN-GP's."""
    return [kgen.losses.GradientPenalty(weight)]


CONTESTANTS = {
    **{
        name: gan(plain, objective=name)
        for name in kgen.losses.OBJECTIVES
        if name not in ("wasserstein", "gan_qp_l1", "gan_qp_l2")
    },
    "wgan": gan(
        root_mean_square,
        objective="wasserstein",
        regularizers=["weight_clipping"],
        discriminator_steps=5,
    ),
    "wgan_gp_01": gan(
        penalised, objective="wasserstein", regularizers=penalty(0.1), discriminator_steps=5
    ),
    "wgan_gp_10": gan(
        penalised, objective="wasserstein", regularizers=penalty(10.0), discriminator_steps=5
    ),
    "gan_qp_l1": gan(lambda: adam(2e-4), objective="gan_qp_l1", discriminator_steps=2),
    "gan_qp_l2": gan(lambda: adam(2e-4), objective="gan_qp_l2", discriminator_steps=2),
    "r3gan": gan(
        lambda: adam(2e-4, 0.0, 0.99),
        objective="relativistic",
        regularizers=[kgen.losses.R1(0.1), kgen.losses.R2(0.1)],
    ),
    "unrolled_5": unrolled(5),
}
ON_GRID = ("non_saturating", "wgan_gp_01", "gan_qp_l1", "r3gan", "unrolled_5")


def run(data_name: str, contestant: str, seed: int, steps: int) -> dict:
    """Trains one contestant, and looks at its samples twelve times."""
    keras.utils.set_random_seed(seed)
    looks = min(LOOKS, steps)
    data = kgen.datasets.load(
        data_name, batch_size=256, seed=seed, steps_per_epoch=max(1, steps // looks)
    )
    model = CONTESTANTS[contestant](seed)
    evaluator = Evaluator(data, ["modes", "quality"], n=SAMPLES, seed=seed)
    seen = []
    start = time.process_time()
    for _ in range(looks):
        model.fit(data.train, epochs=1, verbose=0)
        try:
            modes, quality = (score.value for score in evaluator(model))
        except kgen.errors.MetricError:  # its samples are no numbers any more
            modes, quality = 0, 0.0
        seen.append([int(modes), round(quality, 4)])
    return {
        "data": data_name,
        "contestant": contestant,
        "seed": seed,
        "steps": model.steps_trained,
        "modes": seen[-1][0],
        "quality": seen[-1][1],
        "course": seen,
        "cpu_seconds": round(time.process_time() - start, 1),
    }


def table(rows: Iterable[dict]) -> str:
    """All seeds of each contestant, median and range, as Markdown."""
    groups: dict[tuple[str, str], list[dict]] = {}
    for row in rows:
        groups.setdefault((row["data"], row["contestant"]), []).append(row)
    lines = [
        "| data | contestant | modes, each seed | median | quality, median [range] "
        "| best of the course, median | CPU seconds, median |",
        "|---|---|---|---|---|---|---|",
    ]
    order = {name: place for place, name in enumerate(CONTESTANTS)}
    for (data, name), group in sorted(
        groups.items(), key=lambda item: (item[0][0] != "ring", order.get(item[0][1], 99))
    ):
        group.sort(key=lambda row: row["seed"])
        modes = [row["modes"] for row in group]
        quality = [row["quality"] for row in group]
        best = [max(look[0] for look in row["course"]) for row in group]
        lines.append(
            f"| {data} | {name} | {', '.join(map(str, modes))} | {statistics.median(modes):g} "
            f"| {statistics.median(quality):.2f} [{min(quality):.2f}, {max(quality):.2f}] "
            f"| {statistics.median(best):g} "
            f"| {statistics.median(row['cpu_seconds'] for row in group):.0f} |"
        )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Runs what is asked for and has not been run, and prints the table."""
    parser = benchmark_parser(__doc__, "modes.jsonl", CONTESTANTS)
    parser.add_argument("--data", nargs="+", choices=["ring", "grid"], default=["ring", "grid"])
    parser.add_argument("--steps", type=int, default=STEPS)
    options = parser.parse_args(arguments)
    if options.quick:
        print(table(run("ring", name, 0, 2) for name in options.only))
        return
    ledger = Ledger(options.results, ("data", "contestant", "seed"))
    names = [
        (data, name, seed)
        for seed in options.seeds  # so that a part of the runs is all contestants' first seeds
        for data in options.data
        for name in options.only
        if data == "ring" or name in ON_GRID
    ]
    if not options.table:
        ledger.fill(
            names,
            lambda *name: run(*name, options.steps),
            lambda row: f"{row['modes']} modes, {row['quality']}",
        )
    print(table(ledger.rows))


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
