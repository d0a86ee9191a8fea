"""The time of a sample: one incremental pass for each pixel, against a whole forward pass.

    python benchmarks/sampling.py                        # half an hour on two CPU cores
    python benchmarks/sampling.py --only mnist --pairs 6 --json result.json
    python benchmarks/sampling.py --quick                # tiny networks: does it run?

**What is compared.** `model.sample(64)` of a PixelCNN, and the loop that most implementations have:
for each pixel and colour the whole network runs on all images so far, and one number of its output
is used. Both run the same Keras network with the same weights, compiled by the backend in use. The
naive loop is the same work for every pixel, so only its first pixels are timed and the time is
scaled to all of them; `--whole` times all.

**Before anything is timed** both draw from the same uniform numbers (a few rows of a smaller
image), and the images must be equal.

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
from kgen.models import PixelCNN
from kgen.models.autoregressive.raster import FullForward
from kgen.training import seam

BATCH = 64
CASES = {
    "mnist": {"image_shape": (28, 28, 1), "width": 32, "blocks": 7},
    "cifar10": {
        "image_shape": (32, 32, 3),
        "width": 32,
        "blocks": 7,
        "likelihood": "categorical",
    },
}
QUICK = {"quick": {"image_shape": (6, 6, 1), "width": 4, "blocks": 1}}


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


def check(arguments: dict) -> None:
    """The same images from the same numbers, on a smaller image."""
    channels = arguments["image_shape"][-1]
    model = PixelCNN.build_default(**{**arguments, "image_shape": (5, 6, channels)})
    uniforms = np.random.default_rng(0).random((4, 5, 6, channels)).astype("float32")
    cached = model.serve("sample", uniforms=uniforms)
    naive = Naive(model, 30)(uniforms)
    if not np.allclose(cached, naive, atol=1e-6):
        raise SystemExit("the two loops draw different images: nothing is timed")

    def draw(said, pixel, extras, k):
        return model.pixels.draw(said, pixel, extras["u"], k)

    loop = FullForward(model.network)
    whole, _ = loop.run(draw, model.pixels.passes, [], {"u": ops.convert_to_tensor(uniforms)})
    if not np.allclose(cached, ops.convert_to_numpy(whole), atol=1e-6):  # far below a level
        raise SystemExit("kgen's own fallback draws different images: nothing is timed")


def interval(ratios: list[float]) -> tuple[float, float]:
    """The 95 % interval of the median by order statistics; the whole range below six values."""
    ordered, n = sorted(ratios), len(ratios)
    below, k = 0.5**n, 0
    while below + math.comb(n, k + 1) * 0.5**n <= 0.025:
        k += 1
        below += math.comb(n, k) * 0.5**n
    return ordered[k], ordered[n - 1 - k]


def measure(arguments: dict, pairs: int, pixels: int | None) -> dict:
    """Times one case; returns the ratios and the seconds of both."""
    check(arguments)
    model = PixelCNN.build_default(**arguments)
    height, width, _ = model.image_shape
    pixels = min(pixels or height * width, height * width)
    naive = Naive(model, pixels)
    scale = height * width / pixels
    random = np.random.default_rng(0)
    seconds = {"cached": [], "naive": []}
    for pair in range(pairs + 1):
        shape = (BATCH, height, width, model.pixels.uniforms)
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
    return {"ratios": ratios, "seconds": seconds, "pixels_timed": pixels}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=list(CASES))
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--pixels", type=int, default=8, help="how many the naive loop draws")
    parser.add_argument("--whole", action="store_true", help="let it draw all of them")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    cases = QUICK if options.quick else CASES
    if options.only:
        cases = {options.only: cases[options.only]}
    results = {"kgen": kgen.__version__, "batch": BATCH, "pairs": options.pairs, "cases": {}}
    print("| PixelCNN, batch 64 | naive / cached | cached | naive |\n|---|---|---|---|")
    for name, arguments in cases.items():
        result = measure(arguments, options.pairs, None if options.whole else options.pixels)
        results["cases"][name] = result
        low, high = interval(result["ratios"])
        cached, naive = (statistics.median(result["seconds"][who]) for who in ("cached", "naive"))
        shape = " x ".join(map(str, arguments["image_shape"]))
        ratio = f"{statistics.median(result['ratios']):.0f} [{low:.0f}, {high:.0f}]"
        print(f"| {shape} | {ratio} | {cached:.2f} s | {naive:.0f} s |", flush=True)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
