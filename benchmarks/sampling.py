"""The time of a sample: one incremental pass for each element, against a whole forward pass.

    python benchmarks/sampling.py                        # an hour on two CPU cores
    python benchmarks/sampling.py --only mnist --pairs 6 --json result.json
    python benchmarks/sampling.py --quick                # tiny networks: does it run?
    python benchmarks/sampling.py --peer                 # beside wavenet_vocoder of PyPI

**What is compared.** `model.sample(64)` of a PixelCNN or a WaveNet, and the loop that most
implementations have: for each pixel and colour, or each sample of the sound, the whole network runs
on all that was drawn so far, and one number of its output is used. A WaveNet's naive loop is given
its best form: no more than the receptive field goes through the network. Both run the same Keras
network with the same weights, compiled by the backend in use. The naive loop is the same work for
every element, so only a few are timed and the time is scaled to all of them; `--whole` times all.
(A WaveNet's differs until the receptive field is full: there they are spread over the sound.)

**Before anything is timed** both draw from the same uniform numbers (a smaller image, a short
sound), and what they draw must be equal.

**The peer.** `pip install wavenet_vocoder` brings a WaveNet in PyTorch (0.1.1, of 2018) that caches
as well, and draws one sound at a time. `--peer` times 1 and 64 sounds of kgen, and one of the peer,
of the same layers and widths; the two networks scale their sums differently, so that only the time
can be compared.

**How it is timed.** Pairs, one of each, in an order that alternates; the first pair warms up and
does not count. Reported is the median of the paired ratios and its 95 % interval by order
statistics. Seconds are for orientation only: they say more of the machine.
"""

import argparse
import json
import math
import statistics
import time
from pathlib import Path

import numpy as np
from keras import ops

import kgen
from kgen.models import PixelCNN, WaveNet
from kgen.models.autoregressive import mu_law
from kgen.models.autoregressive.raster import FullForward
from kgen.training import seam

BATCH = 64
CASES = {
    "mnist": (PixelCNN, {"image_shape": (28, 28, 1), "width": 32, "blocks": 7}),
    "cifar10": (
        PixelCNN,
        {"image_shape": (32, 32, 3), "width": 32, "blocks": 7, "likelihood": "categorical"},
    ),
    # Half a second at 8 kHz, of which 3,071 samples are heard.
    "sound": (WaveNet, {"length": 4096, "stacks": 3, "layers": 10, "width": 32, "skip_width": 128}),
}
QUICK = {
    "quick": (PixelCNN, {"image_shape": (6, 6, 1), "width": 4, "blocks": 1}),
    "quick_sound": (WaveNet, {"length": 64, "stacks": 1, "layers": 4, "width": 4, "skip_width": 4}),
}


class Naive:
    """Draws by whole forward passes, the loop in Python and the pass compiled.

    Args:
        model: The model to draw from.
        pixels: How many pixels to draw before stopping.
    """

    def __init__(self, model: PixelCNN, pixels: int):
        self.model = model
        self.pixels = pixels
        self.forward = seam.compile_inference(model, lambda images: {"said": model.network(images)})
        self.draw = seam.compile_inference(
            model, lambda said, pixel, uniforms: {"x": self._draw(said, pixel, uniforms)}
        )

    def _draw(self, said, pixel, uniforms):
        # Every colour is drawn; the loop takes the one whose turn it is.
        for colour in range(self.model.pixels.passes):
            pixel = self.model.pixels.draw(said, pixel, uniforms, colour)
        return pixel

    def __call__(self, uniforms: np.ndarray) -> np.ndarray:
        height, width, channels = self.model.image_shape
        images = np.zeros((len(uniforms), height, width, channels), "float32")
        for i in range(self.pixels):
            at = (slice(None), i // width, i % width)
            for colour in range(channels):
                said = self.forward(images=ops.convert_to_tensor(images))["said"][at]
                here = ops.convert_to_tensor(images[at]), ops.convert_to_tensor(uniforms[at])
                drawn = self.draw(said=said, pixel=here[0], uniforms=here[1])["x"]
                images[(*at, colour)] = ops.convert_to_numpy(drawn)[:, colour]
        return images


class NaiveSound:
    """Draws sounds by forward passes over the receptive field, the pass compiled.

    Args:
        model: The model to draw from.
        samples: How many samples to draw, spread over the sound.
    """

    def __init__(self, model: WaveNet, samples: int):
        self.model = model
        self.samples = samples
        self.forward = seam.compile_inference(
            model, lambda waves: {"said": model.network(waves)[:, -1]}
        )
        self.draw = seam.compile_inference(
            model, lambda said, x, u: {"x": model.pixels.draw(said, x, u, 0)}
        )

    def __call__(self, uniforms: np.ndarray) -> np.ndarray:
        length = uniforms.shape[1]
        waves = np.zeros((len(uniforms), length, 1), "float32")
        for t in np.linspace(0, length - 1, self.samples).astype(int):
            heard = waves[:, max(0, t - self.model.receptive_field) : t + 1]
            said = self.forward(waves=ops.convert_to_tensor(heard))["said"]
            here = ops.convert_to_tensor(waves[:, t]), ops.convert_to_tensor(uniforms[:, t])
            waves[:, t] = ops.convert_to_numpy(self.draw(said=said, x=here[0], u=here[1])["x"])
        return ops.convert_to_numpy(mu_law.expand(waves, self.model.levels))


def measure_peer(arguments: dict, pairs: int) -> dict:
    """Seconds a sound, of kgen's and of the peer's cached loops."""
    import torch
    from wavenet_vocoder import WaveNet as Peer

    model = WaveNet.build_default(**arguments)
    peer = Peer(
        out_channels=model.levels,
        layers=arguments["stacks"] * arguments["layers"],
        stacks=arguments["stacks"],
        residual_channels=arguments["width"],
        gate_channels=2 * arguments["width"],
        skip_out_channels=arguments["skip_width"],
        kernel_size=2,
        dropout=0.0,
        weight_normalization=False,
    ).eval()

    def peers_sound():
        with torch.no_grad():
            peer.incremental_forward(T=model.length)

    runs = {
        "kgen_1": (lambda: model.sample(1), 1),
        "kgen_64": (lambda: model.sample(BATCH), BATCH),
        "wavenet_vocoder_1": (peers_sound, 1),
    }
    seconds = {who: [] for who in runs}
    for pair in range(pairs + 1):
        for who in list(runs) if pair % 2 else list(reversed(runs)):
            run, sounds = runs[who]
            start = time.perf_counter()
            run()
            if pair:
                seconds[who].append((time.perf_counter() - start) / sounds)
    return seconds


def check(kind: type, arguments: dict) -> None:
    """The same drawings from the same numbers, on a smaller image or a shorter sound."""
    if kind is WaveNet:
        model = WaveNet.build_default(**{**arguments, "length": 40, "stacks": 1, "layers": 3})
        uniforms = np.random.default_rng(0).random((4, 40, 1)).astype("float32")
        naive = NaiveSound(model, 40)(uniforms)
    else:
        channels = arguments["image_shape"][-1]
        model = PixelCNN.build_default(**{**arguments, "image_shape": (5, 6, channels)})
        uniforms = np.random.default_rng(0).random((4, 5, 6, channels)).astype("float32")
        naive = Naive(model, 30)(uniforms)
    cached = model.serve("sample", uniforms=uniforms)
    if not np.allclose(cached, naive, atol=1e-6):
        raise SystemExit("the two loops draw different data: nothing is timed")

    def draw(said, pixel, extras, k):
        return model.pixels.draw(said, pixel, extras["u"], k)

    loop = FullForward(model.network)
    whole, _ = loop.run(draw, model.pixels.passes, [], {"u": ops.convert_to_tensor(uniforms)})
    whole = ops.convert_to_numpy(model.pixels.shown(whole))
    if not np.allclose(cached, whole, atol=1e-6):  # far below a level
        raise SystemExit("kgen's own fallback draws different data: nothing is timed")


def interval(ratios: list[float]) -> tuple[float, float]:
    """The 95 % interval of the median by order statistics; the whole range below six values."""
    ordered, n = sorted(ratios), len(ratios)
    below, k = 0.5**n, 0
    while below + math.comb(n, k + 1) * 0.5**n <= 0.025:
        k += 1
        below += math.comb(n, k) * 0.5**n
    return ordered[k], ordered[n - 1 - k]


def measure(kind: type, arguments: dict, pairs: int, elements: int | None) -> dict:
    """Times one case; returns the ratios and the seconds of both."""
    check(kind, arguments)
    model = kind.build_default(**arguments)
    *size, _ = model.image_shape
    elements = min(elements or math.prod(size), math.prod(size))
    naive = (NaiveSound if kind is WaveNet else Naive)(model, elements)
    scale = math.prod(size) / elements
    random = np.random.default_rng(0)
    seconds = {"cached": [], "naive": []}
    for pair in range(pairs + 1):
        shape = (BATCH, *size, model.pixels.uniforms)
        uniforms = random.random(shape).astype("float32")
        runs = {"cached": lambda u: model.serve("sample", uniforms=u), "naive": naive}
        order = list(runs) if pair % 2 else list(reversed(runs))
        for who in order:
            start = time.perf_counter()
            runs[who](uniforms)
            spent = time.perf_counter() - start
            if pair:
                seconds[who].append(spent * (scale if who == "naive" else 1))
    ratios = [n / c for n, c in zip(seconds["naive"], seconds["cached"], strict=True)]
    return {"ratios": ratios, "seconds": seconds, "elements_timed": elements}


def main(arguments: list[str] | None = None) -> None:
    """Measures, and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=list(CASES))
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument(
        "--elements", type=int, default=8, help="how many pixels or samples the naive loop draws"
    )
    parser.add_argument("--whole", action="store_true", help="let it draw all of them")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--peer", action="store_true", help="WaveNet beside wavenet_vocoder")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    cases = QUICK if options.quick else CASES
    if options.only:
        cases = {options.only: cases[options.only]}
    if options.peer:
        arguments = (QUICK["quick_sound"] if options.quick else CASES["sound"])[1]
        seconds = measure_peer(arguments, options.pairs)
        print(f"| WaveNet, {arguments['length']} samples | seconds a sound |\n|---|---|")
        for who, values in seconds.items():
            print(f"| {who} | {statistics.median(values):.3f} |")
        if options.json:
            options.json.write_text(json.dumps({"peer": seconds, **arguments}, indent=1))
        return
    results = {"kgen": kgen.__version__, "batch": BATCH, "pairs": options.pairs, "cases": {}}
    print("| batch 64 | naive / cached | cached | naive |\n|---|---|---|---|")
    for name, (kind, arguments) in cases.items():
        elements = None if options.whole else options.elements
        result = measure(kind, arguments, options.pairs, elements)
        results["cases"][name] = result
        low, high = interval(result["ratios"])
        cached, naive = (statistics.median(result["seconds"][who]) for who in ("cached", "naive"))
        shape = arguments.get("image_shape") or (arguments["length"],)
        what = f"{kind.__name__}, {' x '.join(map(str, shape))}"
        ratio = f"{statistics.median(result['ratios']):.0f} [{low:.0f}, {high:.0f}]"
        print(f"| {what} | {ratio} | {cached:.2f} s | {naive:.0f} s |", flush=True)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
