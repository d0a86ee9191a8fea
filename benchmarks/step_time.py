"""The time of a training step: kgen's `fit`, and loops written by hand in TensorFlow and PyTorch.

    python benchmarks/step_time.py                     # everything, about a quarter of an hour
    python benchmarks/step_time.py --models vae --pairs 6 --json result.json
    python benchmarks/step_time.py --quick             # tiny networks: does it run?

**What is compared.** For each model three contestants with equal weights: `fit` of the kgen model;
copies of the same Keras networks in a hand-written `tf.function(jit_compile=True)` loop over the same
`tf.data` pipeline with the same Keras optimizers (`tensorflow_loops.py`); and the same
architecture in `torch.nn`, eager, channels first, with `torch.optim.Adam` (`torch_loops.py`). All do
the same forward passes, draws, updates and running means of the losses, and have these as Python
numbers after each step, which is what `fit` does for its callbacks. Before anything is timed, the
first losses from equal weights, images and noise must agree to 1e-4, or the benchmark stops.
It runs on the CPU, with as many threads for PyTorch as for TensorFlow.

**How it is timed.** One `fit(verbose=0)` runs throughout, and each of its epochs is one window. Between
two epochs a callback runs the windows of the others, each an epoch of as many steps. So fit's window
holds all that an epoch costs (resetting metrics, a new iterator, callbacks), as do the others', but
neither compilation nor the start of `fit`. A round is a window of each contestant, one after the
other; the order goes through all six permutations, so that none is always first, or always after
the same neighbour. A pause before each window lets the threads of the last one fall asleep. The first
rounds warm up and are not counted.

**What is reported.** For each round the ratio of kgen's time to the others', for each comparison the
median of these ratios and its 95 % interval by order statistics: with n rounds the median of the
distribution lies between the k-th smallest and k-th largest ratio with a probability of at least 95 %,
whatever the distribution. Milliseconds are for orientation only: they say more of the machine.
"""

import argparse
import itertools
import json
import math
import os
import platform
import statistics
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"
sys.path[:0] = [str(Path(__file__).parents[1])]

import keras
import numpy as np
import tensorflow as tf
import tensorflow_loops
import torch
import torch_loops
import torch_networks

import kgen
from kgen.training import RecordedNoise

CONTESTANTS = ("kgen", "tensorflow", "torch")
WARM_UP_ROUNDS = 2
PAUSE_SECONDS = 0.3
LOSS_TOLERANCE = 1e-4

#: Steps in a window (a second or more), and how the model is built.
FULL = {
    "dcgan": {"steps": 20, "batch_size": 64, "image_size": 32, "width": 32},
    "vae": {"steps": 250, "batch_size": 100, "image_size": 28},
    "cyclegan": {"steps": 10, "batch_size": 4, "image_size": 32, "width": 16, "blocks": 3},
}
QUICK = {
    "dcgan": {"steps": 2, "batch_size": 8, "image_size": 16, "width": 4},
    "vae": {"steps": 2, "batch_size": 8, "image_size": 8},
    "cyclegan": {"steps": 2, "batch_size": 2, "image_size": 16, "width": 4, "blocks": 1},
}


def build(name: str, image_shape: tuple, options: dict) -> kgen.models.GenerativeModel:
    if name == "dcgan":
        return kgen.models.DCGAN.build_default(image_shape, width=options["width"])
    if name == "vae":
        return kgen.models.VAE.build_default(image_shape)
    return kgen.models.CycleGAN.build_default(
        image_shape, blocks=options["blocks"], width=options["width"], downsamplings=2
    )


def load(name: str, options: dict) -> tuple:
    """The kgen data set, and the images of each side as uint8."""
    source = "glyphs/sans2serif" if name == "cyclegan" else "glyphs/letters"
    layout = "unpaired" if name == "cyclegan" else "images"
    size, batch = options["image_size"], options["batch_size"]
    whole = kgen.datasets.load(source, image_size=size, batch_size=batch, limit=2048, layout=layout)
    sides = zip(*[b if isinstance(b, tuple) else (b,) for b in whole.train], strict=True)
    sides = [np.round((np.concatenate(side) + 1) * 127.5).astype("uint8") for side in sides]
    splits = kgen.datasets.from_arrays(
        tuple(sides) if len(sides) > 1 else sides[0],
        layout=layout,
        batch_size=batch,
        steps_per_epoch=options["steps"],
    )
    return splits.train, sides


class Hand:
    """A hand-written loop with its data: an epoch at a call."""

    def __init__(self, loop, data):
        self.loop, self.data = loop, data

    def __call__(self):
        return self.loop.epoch(self.data())


class Contest(keras.callbacks.Callback):
    """Times the epochs of `fit`, and between them those of the others.

    Args:
        others: Each other contestant by name, to be called for an epoch.
        rounds: How many rounds; the first `WARM_UP_ROUNDS` are not kept.
    """

    def __init__(self, others: dict, rounds: int):
        super().__init__()
        self.others = others
        orders = itertools.cycle(itertools.permutations(["kgen", *others]))
        self.turns = [turn for _, order in zip(range(rounds), orders, strict=False) for turn in order]
        self.turns.reverse()
        self.seconds = {name: [] for name in ["kgen", *others]}

    def on_train_begin(self, logs=None):
        self._play_until_fit()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds["kgen"].append(time.perf_counter() - self.start)
        self._play_until_fit()

    def _play_until_fit(self):
        while self.turns:
            name = self.turns.pop()
            time.sleep(PAUSE_SECONDS)
            start = time.perf_counter()
            if name == "kgen":
                self.start = start
                return
            self.others[name]()
            self.seconds[name].append(time.perf_counter() - start)

    def kept(self) -> dict[str, list[float]]:
        return {name: seconds[WARM_UP_ROUNDS:] for name, seconds in self.seconds.items()}


def first_losses(name, model, loops, sides, batch_size) -> dict[str, dict[str, float]]:
    """Each contestant's losses of one step from equal weights on the same images and noise."""
    batch = [side[:batch_size].astype("float32") / 127.5 - 1 for side in sides]
    rng = np.random.default_rng(0)
    noise = {
        "dcgan": lambda: [rng.random((batch_size, model.latent_dim)) for _ in range(2)],
        "vae": lambda: [
            rng.standard_normal((batch_size, model.latent_dim)),
            rng.random((batch_size, *model.image_shape)),
        ],
        "cyclegan": lambda: [rng.random((n,)) for n in 2 * (model.pool_size, batch_size)],
    }[name]()
    noise = [array.astype("float32") for array in noise]

    own, model.noise = model.noise, RecordedNoise(noise)
    images = [tf.constant(b) for b in batch]
    logs = model.train_step(images[0] if len(images) == 1 else tuple(images))
    losses = {"kgen": logs}
    model.noise = own
    model.reset_metrics()
    losses["tensorflow"] = loops["tensorflow"].update(
        images[0] if len(images) == 1 else images, [tf.constant(array) for array in noise]
    )
    mirrored = [torch_networks.to_torch(b) for b in batch]
    drawn = [
        torch_networks.to_torch(array) if array.ndim == 4 else torch.from_numpy(array)
        for array in noise
    ]
    losses["torch"] = loops["torch"].update(
        mirrored[0] if len(mirrored) == 1 else mirrored, drawn
    )
    return {who: {k: float(v) for k, v in logs.items()} for who, logs in losses.items()}


def disagreement(losses: dict[str, dict[str, float]]) -> float:
    """The largest relative difference of any loss to kgen's (absolute for losses below 1)."""
    return max(
        abs(logs[key] - value) / max(1.0, abs(value))
        for logs in losses.values()
        for key, value in losses["kgen"].items()
    )


def interval(ratios: list[float]) -> tuple[float, float]:
    """The 95 % interval of the median by order statistics; the whole range below six values.

    >>> interval([float(i) for i in range(1, 21)])  # the 6th and the 15th of twenty
    (6.0, 15.0)
    """
    ordered, n = sorted(ratios), len(ratios)
    below, k = 0.5**n, 0
    while below + math.comb(n, k + 1) * 0.5**n <= 0.025:
        k += 1
        below += math.comb(n, k) * 0.5**n
    return ordered[k], ordered[n - 1 - k]


def run(name: str, options: dict, pairs: int) -> dict:
    """The benchmark of one model, as it goes into the JSON file."""
    keras.utils.set_random_seed(0)
    torch.manual_seed(0)
    data, sides = load(name, options)
    steps, batch_size = options["steps"], options["batch_size"]
    model = build(name, tuple(sides[0].shape[1:]), options)
    model.compile()
    loops = {
        library: {c.__name__.lower(): c for c in module.Loop.__subclasses__()}[name](
            model, batch_size
        )
        for library, module in (("tensorflow", tensorflow_loops), ("torch", torch_loops))
    }
    losses = first_losses(name, model, loops, sides, batch_size)
    difference = disagreement(losses)
    if not difference < LOSS_TOLERANCE:
        raise SystemExit(f"{name}: the first losses differ by {difference:.1e}: {losses}")

    pictures = [torch_networks.to_torch(side) for side in sides]
    contest = Contest(
        {
            "tensorflow": Hand(loops["tensorflow"], lambda: data),
            "torch": Hand(
                loops["torch"], lambda: torch_loops.batches(pictures, batch_size, steps)
            ),
        },
        WARM_UP_ROUNDS + pairs,
    )
    model.fit(data, epochs=WARM_UP_ROUNDS + pairs, verbose=0, callbacks=[contest])
    seconds = contest.kept()
    ratios = {
        other: [k / o for k, o in zip(seconds["kgen"], seconds[other], strict=True)]
        for other in CONTESTANTS[1:]
    }
    return {
        "options": options,
        "parameters": model.count_params(),
        "first_losses": losses,
        "first_losses_differ_by": difference,
        "milliseconds_a_step": {
            who: [1e3 * s / steps for s in times] for who, times in seconds.items()
        },
        "ratios": ratios,
        "median": {other: statistics.median(r) for other, r in ratios.items()},
        "interval": {other: interval(r) for other, r in ratios.items()},
    }


def row(name: str, result: dict) -> str:
    cells = [
        f"{result['median'][o]:.3f} [{result['interval'][o][0]:.3f}, {result['interval'][o][1]:.3f}]"
        for o in CONTESTANTS[1:]
    ]
    cells += [f"{statistics.median(result['milliseconds_a_step'][c]):.2f}" for c in CONTESTANTS]
    cells += [f"{result['first_losses_differ_by']:.0e}"]
    return f"| {name} | " + " | ".join(cells) + " |"


HEAD = """\
| model | kgen / TensorFlow | kgen / PyTorch | kgen ms | TensorFlow ms | PyTorch ms | first losses |
|---|---|---|---|---|---|---|"""


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", choices=list(FULL), default=list(FULL))
    parser.add_argument("--pairs", type=int, help="counted rounds (24; 6 with --quick)")
    parser.add_argument("--steps", type=int, help="steps in a window")
    parser.add_argument("--quick", action="store_true", help="tiny networks, few rounds")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything here")
    settings = parser.parse_args(arguments)
    pairs = settings.pairs or (6 if settings.quick else 24)

    threads = os.cpu_count() or 1
    tf.config.set_visible_devices([], "GPU")
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    torch.set_num_threads(threads)
    machine = {
        "processor": platform.processor() or platform.machine(),
        "threads": threads,
        "load_before": os.getloadavg()[0],
        **{m.__name__: m.__version__ for m in (keras, tf, torch)},
    }
    print(", ".join(f"{key} {value}" for key, value in machine.items()))
    print(f"{pairs} rounds; median ratio [95 % interval by order statistics]\n\n{HEAD}", flush=True)
    results = {}
    for name in settings.models:
        options = dict((QUICK if settings.quick else FULL)[name])
        options["steps"] = settings.steps or options["steps"]
        results[name] = run(name, options, pairs)
        print(row(name, results[name]), flush=True)
    if settings.json:
        settings.json.write_text(json.dumps({"machine": machine, "models": results}, indent=1))


if __name__ == "__main__":
    main()
