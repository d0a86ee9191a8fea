"""The time of a training step: kgen's `fit`, and loops written by hand in TensorFlow and PyTorch.

    python benchmarks/step_time.py                     # everything, about an hour
    python benchmarks/step_time.py --models vae --pairs 6 --json result.json
    python benchmarks/step_time.py --quick             # tiny networks: does it run?
    python benchmarks/step_time.py --quick --check     # only: are the first losses the same?

**What is compared.** Four contestants with equal weights for each model: `fit` of the kgen model;
copies of the same Keras networks in a hand-written `tf.function` loop over the same `tf.data`
pipeline with the same Keras optimizers (`tensorflow_loops.py`, `tensorflow_games.py`), once with
`jit_compile=True` (XLA) and once without, since either can be the faster one on a CPU; and, for
DCGAN, VAE and CycleGAN, the same architecture in `torch.nn`, eager, channels first, with
`torch.optim.Adam` (`torch_loops.py`). All do the same
forward passes, draws, updates and running means of the losses, and have these as Python numbers
after each step, which is what `fit` does for its callbacks. Before anything is timed, the first
losses from equal weights, images and noise must agree to 1e-4, or the benchmark stops. The kgen
model is compiled as by default unless `--xla` says otherwise. Everything runs on the CPU, with as
many threads for PyTorch as for TensorFlow.

**How it is timed.** One `fit(verbose=0)` runs throughout, and each of its epochs is one window.
Between two epochs a callback runs the windows of the others, each an epoch of as many steps. So
fit's window holds all that an epoch costs (resetting metrics, a new iterator, callbacks), as do the
others', but neither compilation nor the start of `fit`. A round is one window of each contestant;
the order changes from round to round so that in every four rounds each is once in each place and
once right after each other (of three contestants: in every six rounds, twice). A pause before each
window lets the threads of the last one fall asleep. The first rounds warm up and are not counted.

**What is reported.** For each round the ratio of kgen's time to the others', for each comparison
the median of these ratios and its 95 % interval by order statistics: with n rounds the median of
the distribution lies between the k-th smallest and k-th largest ratio with a probability of at
least 95 %, whatever the distribution. Milliseconds are for orientation only: they say more of the
machine.
"""

import argparse
import itertools
import json
import math
import os
import platform
import statistics
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
import tensorflow_games
import tensorflow_inference
import tensorflow_loops
import tensorflow_scale
import tensorflow_translation
import torch
import torch_loops
import torch_networks

import kgen
from kgen.training import RecordedNoise

CONTESTANTS = {
    "kgen": "kgen",
    "tensorflow_xla": "TensorFlow, XLA",
    "tensorflow": "TensorFlow",
    "torch": "PyTorch",
}
OTHERS = tuple(CONTESTANTS)[1:]
# For so many contestants, Williams designs: in each cycle each stands equally often in each place
# and after each other.
ORDERS = {
    3: tuple(itertools.permutations(range(3))),
    4: ((0, 1, 3, 2), (1, 2, 0, 3), (2, 3, 1, 0), (3, 0, 2, 1)),
}
WARM_UP_ROUNDS = 2
PAUSE_SECONDS = 0.3
LOSS_TOLERANCE = 1e-4

MODELS = {
    model.__name__.lower(): model
    for model in (
        kgen.models.DCGAN,
        kgen.models.VAE,
        kgen.models.CycleGAN,
        kgen.models.GAN,
        kgen.models.LSGAN,
        kgen.models.WGAN,
        kgen.models.WGANGP,
        kgen.models.GANQP,
        kgen.models.FGAN,
        kgen.models.R3GAN,
        kgen.models.UnrolledGAN,
        kgen.models.SGAN,
        kgen.models.BigGAN,
        kgen.models.BiGANQP,
        kgen.models.Pix2Pix,
        kgen.models.StarGAN,
    )
}


def case(steps: int, batch_size: int, image_size: int, **build) -> dict:
    """Steps in a window, whole rounds of both players; the data; and how the model is built."""
    return {"steps": steps, "batch_size": batch_size, "image_size": image_size, "build": build}


#: Windows of a second or more.
FULL = {
    "dcgan": case(24, 64, 32, width=32),
    "vae": case(250, 100, 28),
    "cyclegan": case(12, 4, 32, width=16, blocks=3, downsamplings=2),
    "gan": case(60, 100, 28),
    "lsgan": case(24, 64, 32, width=32),
    "wgan": case(25, 64, 32, width=32, warmup=False),
    "wgangp": case(25, 64, 32, width=32, architecture="dcgan"),
    "ganqp": case(24, 64, 32, width=32),
    "fgan": case(40, 256, 28),
    "r3gan": case(8, 64, 16, width=32, blocks=1, cardinality=4),
    "unrolledgan": case(100, 128, 16, width=256),
    "sgan": case(50, 100, 28, classes=62),
    "biggan": case(12, 50, 32, classes=62, width=8, shared_dim=32),
    "biganqp": case(30, 32, 32, latent_dim=64, width=32, hidden=256),
    "pix2pix": case(40, 4, 64, width=16),
    "stargan": case(40, 16, 32, domains=4, width=16, blocks=3, downsamplings=4),
}
QUICK = {
    "dcgan": case(2, 8, 16, width=4),
    "vae": case(2, 8, 8),
    "cyclegan": case(2, 2, 16, width=4, blocks=1, downsamplings=2),
    "gan": case(2, 8, 8, width=20),
    "lsgan": case(2, 8, 16, width=4),
    "wgan": case(5, 8, 16, width=4, warmup=False),
    "wgangp": case(5, 8, 16, width=4),
    "ganqp": case(2, 8, 16, width=4),
    "fgan": case(2, 8, 8, width=20),
    "r3gan": case(2, 8, 8, width=4, blocks=1, cardinality=2),
    "unrolledgan": case(2, 8, 8, width=8),
    "sgan": case(2, 8, 8, classes=62, width=8),
    "biggan": case(2, 8, 8, classes=62, latent_dim=4, width=2, shared_dim=2),
    "biganqp": case(2, 8, 16, latent_dim=8, width=4, hidden=16),
    "pix2pix": case(2, 2, 16, width=4, downsamplings=1),
    "stargan": case(5, 4, 16, domains=4, width=4, blocks=1, downsamplings=2),
}
#: How the models that know classes are given them.
LABELLED = {
    "sgan": {"labels_per_class": 2},
    "biggan": {"layout": "labelled"},
    "stargan": {"name": "glyphs/faces", "layout": "labelled"},
}
#: What the models that translate are trained on.
TWO_SIDED = {
    "cyclegan": ("glyphs/sans2serif", "unpaired"),
    "pix2pix": ("glyphs/regular2bold", "paired"),
}


def load(name: str, options: dict) -> tuple:
    """The kgen data set, and the images of each side as uint8, for who reads no `tf.data`."""
    size, batch = options["image_size"], options["batch_size"]
    if name in LABELLED:
        return kgen.datasets.load(
            image_size=size,
            batch_size=batch,
            limit=2048,
            steps_per_epoch=options["steps"],
            **{"name": "glyphs/letters", **LABELLED[name]},
        ), []
    source, layout = TWO_SIDED.get(name, ("glyphs/letters", "images"))
    whole = kgen.datasets.load(source, image_size=size, batch_size=batch, limit=2048, layout=layout)
    sides = zip(*[b if isinstance(b, tuple) else (b,) for b in whole.train], strict=True)
    sides = [np.round((np.concatenate(side) + 1) * 127.5).astype("uint8") for side in sides]
    splits = kgen.datasets.from_arrays(
        tuple(sides) if len(sides) > 1 else sides[0],
        layout=layout,
        batch_size=batch,
        steps_per_epoch=options["steps"],
    )
    return splits, sides


class Contest(keras.callbacks.Callback):
    """Times the epochs of `fit`, and between them those of the others.

    Args:
        others: Runs an epoch, for each other contestant.
        rounds: How many rounds; the first `WARM_UP_ROUNDS` are not kept.
        pause: Seconds before each window.
    """

    def __init__(self, others: dict, rounds: int, pause: float = PAUSE_SECONDS):
        super().__init__()
        self.others, self.pause = others, pause
        names = ("kgen", *others)
        orders = ORDERS[len(names)]
        self.turns = [names[i] for k in range(rounds) for i in orders[k % len(orders)]][::-1]
        self.seconds = {name: [] for name in names}

    def on_train_begin(self, logs=None):
        self._play_until_fit()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds["kgen"].append(time.perf_counter() - self.start)
        self._play_until_fit()

    def _play_until_fit(self):
        while self.turns:
            name = self.turns.pop()
            time.sleep(self.pause)
            start = time.perf_counter()
            if name == "kgen":
                self.start = start
                return
            self.others[name]()
            self.seconds[name].append(time.perf_counter() - start)

    def kept(self) -> dict[str, list[float]]:
        return {name: seconds[WARM_UP_ROUNDS:] for name, seconds in self.seconds.items()}


def first_losses(model, loops, data) -> dict[str, dict[str, float]]:
    """Each contestant's losses from equal weights on the same images and noise.

    Of as many steps as it takes to train every network once.
    """
    batch = next(iter(data))
    steps = [[np.asarray(draw) for draw in draws] for draws in loops["tensorflow"].first_draws()]
    own, losses = model.noise, {}
    for noise in steps:
        model.noise = RecordedNoise(noise)
        losses["kgen"] = model.train_step(batch)
        for who in ("tensorflow_xla", "tensorflow"):
            losses[who] = loops[who].update(batch, [tf.constant(draw) for draw in noise])
        if "torch" in loops:
            losses["torch"] = loops["torch"].update(
                keras.tree.map_structure(torch_networks.to_torch, batch),
                [
                    torch_networks.to_torch(draw) if draw.ndim == 4 else torch.from_numpy(draw)
                    for draw in noise
                ],
            )
    model.noise = own
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


def run(name: str, options: dict, pairs: int, pause: float, xla: bool | str = "auto") -> dict:
    """The benchmark of one model, as it goes into the JSON file."""
    keras.utils.set_random_seed(0)
    splits, sides = load(name, options)
    data = splits.train
    steps, batch_size = options["steps"], options["batch_size"]
    model = MODELS[name].build_default(splits.image_shape, **options["build"])
    model.compile(jit_compile=xla)
    kind = type(model).__name__
    homes = (
        tensorflow_games,
        tensorflow_inference,
        tensorflow_loops,
        tensorflow_scale,
        tensorflow_translation,
    )
    in_tensorflow = next(getattr(home, kind) for home in homes if hasattr(home, kind))
    loops = {
        "tensorflow_xla": in_tensorflow(model, batch_size, xla=True),
        "tensorflow": in_tensorflow(model, batch_size, xla=False),
    }
    if hasattr(torch_loops, kind):
        loops["torch"] = getattr(torch_loops, kind)(model, batch_size)
    losses = first_losses(model, loops, data)
    difference = disagreement(losses)
    if not difference < LOSS_TOLERANCE:
        raise SystemExit(f"{name}: the first losses differ by {difference:.1e}: {losses}")
    checked = {
        "options": options,
        "parameters": model.count_params(),
        "kgen_uses_xla": bool(model.jit_compile),
        "first_losses": losses,
        "first_losses_differ_by": difference,
    }
    if not pairs:
        return checked

    epochs = {
        who: lambda loop=loop: loop.epoch(data) for who, loop in loops.items() if who != "torch"
    }
    if "torch" in loops:
        mirrored = [torch_networks.to_torch(side) for side in sides]
        epochs["torch"] = lambda: loops["torch"].epoch(
            torch_loops.batches(mirrored, batch_size, steps)
        )
    contest = Contest(epochs, WARM_UP_ROUNDS + pairs, pause)
    model.fit(data, epochs=WARM_UP_ROUNDS + pairs, verbose=0, callbacks=[contest])
    seconds = contest.kept()
    ratios = {
        other: [k / o for k, o in zip(seconds["kgen"], seconds[other], strict=True)]
        for other in epochs
    }
    return {
        **checked,
        "milliseconds_a_step": {
            who: [1e3 * s / steps for s in times] for who, times in seconds.items()
        },
        "ratios": ratios,
        "median": {other: statistics.median(r) for other, r in ratios.items()},
        "interval": {other: interval(r) for other, r in ratios.items()},
    }


def head() -> str:
    cells = ["model", *(f"kgen / {CONTESTANTS[other]}" for other in OTHERS)]
    cells += [f"{title} ms" for title in CONTESTANTS.values()]
    cells += ["kgen's XLA", "first losses differ by"]
    return f"| {' | '.join(cells)} |\n{'|---' * len(cells)}|"


def row(name: str, result: dict) -> str:
    cells = [name]
    for other in OTHERS:
        if other in result.get("ratios", {}):
            low, high = result["interval"][other]
            cells.append(f"{result['median'][other]:.3f} [{low:.3f}, {high:.3f}]")
        else:
            cells.append("")
    for who in CONTESTANTS:
        times = result.get("milliseconds_a_step", {}).get(who)
        cells.append(f"{statistics.median(times):.2f}" if times else "")
    cells += ["on" if result["kgen_uses_xla"] else "off"]
    cells += [f"{result['first_losses_differ_by']:.0e}"]
    return f"| {' | '.join(cells)} |"


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", choices=list(FULL), default=list(FULL))
    parser.add_argument("--pairs", type=int, help="counted rounds (24; 6 with --quick)")
    parser.add_argument("--steps", type=int, help="steps in a window")
    parser.add_argument("--xla", choices=["auto", "on", "off"], default="auto", help="kgen's")
    parser.add_argument("--quick", action="store_true", help="tiny networks, few rounds")
    parser.add_argument("--check", action="store_true", help="first losses only, no times")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything here")
    settings = parser.parse_args(arguments)
    pairs = 0 if settings.check else settings.pairs or (6 if settings.quick else 24)
    pause = 0 if settings.quick else PAUSE_SECONDS

    if keras.backend.backend() != "tensorflow":
        raise SystemExit("run this with KERAS_BACKEND=tensorflow: PyTorch is driven by hand.")
    xla = {"auto": "auto", "on": True, "off": False}[settings.xla]

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
    print(
        f"{pairs} rounds; median ratio [95 % interval by order statistics]\n\n{head()}", flush=True
    )
    results = {}
    for name in settings.models:
        options = dict((QUICK if settings.quick else FULL)[name])
        options["steps"] = settings.steps or options["steps"]
        results[name] = run(name, options, pairs, pause, xla)
        print(row(name, results[name]), flush=True)
    if settings.json:
        settings.json.write_text(json.dumps({"machine": machine, "models": results}, indent=1))


if __name__ == "__main__":
    main()
