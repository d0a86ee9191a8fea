"""Is it the reward? SeqGAN's rounds, beside rewards that say nothing and a lower temperature.

    python benchmarks/rewards.py                                   # built-in oracle, three seeds
    python benchmarks/rewards.py --data oracle/published --data-dir DIR --seeds 0 --keep FOLDER
    python benchmarks/rewards.py --quick                           # seconds: does it run?
    python benchmarks/rewards.py --table                           # what has been run so far

**Why.** `oracle_nll`, the number of the paper, is how likely the oracle finds what a model draws.
It falls for any model that becomes surer of itself, whatever it was rewarded for.

**Protocol.** One model a seed goes through maximum likelihood and the discriminator's own phase, as
its recipe has them (`SETTINGS` shortens the published one). From there on, every contestant has the
same rounds, noise and optimizers, and another reward: `discriminator` is SeqGAN; in `anothers` each
sequence has the reward of the one beside it in the batch, so that rewards are distributed alike and
say nothing; in `constant` it is 1/2 for all. Each with the paper's REINFORCE, without a baseline,
and with the moving average at each position (`_baseline`); there a constant reward moves nothing
after its first step, and is left out. `likelihood` is the model before the rounds, and `at_0.9` ...
the same, drawn from at such a temperature. Nothing is chosen by what is reported.

Reported are, in nats a token and by 10,000 samples at seed 1: `oracle_nll`; `nll`, of the test
split's sequences under the model; `entropy`, of the model's own samples under itself. A model that
comes nearer to the oracle lowers the first and the second; one that is surer lowers the first and
the third.

Every run is appended to `results/rewards.jsonl`; what is there is not run again. `--keep` is where
the models before the rounds stay, for the next call.
"""

import os
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import keras
import numpy as np
from keras import ops
from ledger import Ledger, benchmark_parser

import kgen
from kgen.metrics import Evaluator
from kgen.models import SeqGAN

SAMPLES = 10_000
SEED = 1
CHUNK = 250
# Of each data: the recipe, its options here, and how many epochs of rounds follow.
SETTINGS = {
    "oracle": ("seqgan_oracle", {}, 30),
    "oracle/published": (
        "seqgan_published",
        # 31 steps a round, so five rounds an epoch.
        {"generator_epochs": 60, "discriminator_epochs": 10, "round_discriminator_steps": 30},
        20,
    ),
}
TEMPERATURES = {f"at_{temperature}": temperature for temperature in (0.9, 0.8, 0.7)}


class Anothers(SeqGAN):
    """Each sequence has the reward of the one beside it."""

    def reward(self, tokens):
        """`D` of the sequence before, (n,)."""
        return ops.roll(super().reward(tokens), 1)


class Constant(SeqGAN):
    """Each sequence has the same reward."""

    def reward(self, tokens):
        """1/2, (n,)."""
        return ops.full((ops.shape(tokens)[0],), 0.5)


# What plays the rounds, and with which baseline.
ROUNDS = {
    "discriminator": (SeqGAN, None),
    "anothers": (Anothers, None),
    "constant": (Constant, None),
    "discriminator_baseline": (SeqGAN, "position"),
    "anothers_baseline": (Anothers, "position"),
}
CONTESTANTS = ("likelihood", *TEMPERATURES, *ROUNDS)


def log_prob(model: SeqGAN, tokens: np.ndarray, temperature: float) -> float:
    """The mean log-probability of tokens under the generator, in nats a token."""

    def heated(tokens, training):
        return model.generator(tokens, training=training) / temperature

    parts = [
        ops.convert_to_numpy(model.token_log_prob(heated, tokens[start : start + CHUNK], False))
        for start in range(0, len(tokens), CHUNK)
    ]
    return float(np.concatenate(parts).mean(dtype=np.float64))


class Bench:
    """The data of one benchmark, and its models before the rounds.

    Args:
        recipe: Its name.
        options: Of the recipe.
        epochs: Passes over the data that the rounds last.
        keep: Where the models before the rounds lie.
        samples: How many to draw for a measure.
    """

    def __init__(self, recipe: str, options: dict, epochs: int, keep: Path, samples: int = SAMPLES):
        self.recipe, self.options, self.epochs = recipe, options, epochs
        self.keep, self.samples = keep, samples

    def before(self, seed: int):
        """The recipe's run, and the file of its model before the rounds, made if need be."""
        keras.utils.set_random_seed(seed)
        options = {**self.options, "seed": seed, "metrics": ()}
        built = kgen.recipe.find(self.recipe).build(options)
        path = self.keep / f"{self.recipe}_{seed}.keras"
        if not path.exists():
            steps = built.model.generator_steps + built.model.discriminator_steps
            epochs = steps // int(built.data.train.cardinality())
            built.model.fit(built.data.train, epochs=epochs, verbose=0)
            built.model.save(path)
        return built, path

    def run(self, data: str, contestant: str, seed: int) -> dict:
        """Plays one contestant's rounds, and measures what comes of them."""
        built, path = self.before(seed)
        kind, baseline = ROUNDS.get(contestant, (SeqGAN, None))
        with keras.saving.custom_object_scope({"kgen>SeqGAN": kind}):
            model = keras.saving.load_model(path)
        seconds = time.process_time()
        if contestant in ROUNDS:
            model.baseline = baseline
            model.fit(built.data.train, epochs=self.epochs, verbose=0)
        seconds = time.process_time() - seconds
        temperature = TEMPERATURES.get(contestant, 1.0)
        drawn = model.sample(self.samples, temperature=temperature, seed=SEED)
        (score,) = Evaluator(built.data, "oracle_nll", n=self.samples, seed=SEED)(drawn)
        test = np.concatenate([np.asarray(batch) for batch in built.data.test])
        return {
            "data": data,
            "contestant": contestant,
            "seed": seed,
            "steps": model.steps_trained,
            "samples": self.samples,
            "oracle_nll": round(score.value, 4),
            "oracle_nll_of_data": round(score.details["real"], 4),
            "nll": round(-log_prob(model, test, temperature), 4),
            "entropy": round(-log_prob(model, drawn, temperature), 4),
            "cpu_seconds": round(seconds, 1),
        }


def table(rows: Iterable[dict]) -> str:
    """All seeds of each contestant, as Markdown."""
    rows = list(rows)
    columns = ("oracle_nll", "nll", "entropy")
    lines = [f"| data | contestant | {' | '.join(columns)} |", "|---" * 5 + "|"]
    for data in dict.fromkeys(row["data"] for row in rows):
        for name in CONTESTANTS:
            seeds = sorted(
                (row for row in rows if (row["data"], row["contestant"]) == (data, name)),
                key=lambda row: row["seed"],
            )
            if seeds:
                cells = [", ".join(f"{row[column]:.3f}" for row in seeds) for column in columns]
                lines.append(f"| {data} | {name} | {' | '.join(cells)} |")
        own = {row["oracle_nll_of_data"] for row in rows if row["data"] == data}
        shown = ", ".join(f"{value:.3f}" for value in sorted(own))
        lines.append(f"| {data} | the test data | {shown} | | |")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Runs what is asked for and has not been run, and prints the table."""
    parser = benchmark_parser(__doc__, "rewards.jsonl", CONTESTANTS, seeds=3)
    parser.add_argument("--data", choices=list(SETTINGS), default="oracle")
    parser.add_argument("--data-dir", help="where the published oracle lies")
    parser.add_argument("--keep", type=Path, help="a folder for the models before the rounds")
    options = parser.parse_args(arguments)
    recipe, settings, epochs = SETTINGS[options.data]
    settings = {**settings, "data_dir": options.data_dir}
    with tempfile.TemporaryDirectory() as folder:
        keep = options.keep or Path(folder)
        keep.mkdir(parents=True, exist_ok=True)
        if options.quick:
            bench = Bench(recipe, kgen.recipe.find(recipe).smoke, 1, keep, samples=16)
            print(table([bench.run(options.data, name, 0) for name in options.only]))
            return
        bench = Bench(recipe, settings, epochs, keep)
        ledger = Ledger(options.results, ("data", "contestant", "seed"))
        if not options.table:
            ledger.fill(
                [(options.data, name, seed) for seed in options.seeds for name in options.only],
                bench.run,
                lambda row: row["oracle_nll"],
            )
        print(table(ledger.rows))


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
