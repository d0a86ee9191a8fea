"""The Fréchet distance: its time beside `scipy.linalg.sqrtm`, and the memory that scores take.

    python benchmarks/frechet_speed.py                   # about 10 minutes
    python benchmarks/frechet_speed.py --pairs 6 --json result.json
    python benchmarks/frechet_speed.py --quick           # small numbers: does it run?

**Time.** From the moments of 10,000 feature vectors of 2,048 dimensions each, kgen's
`frechet_distance` and the formula with `scipy.linalg.sqrtm` of the covariances' product, which most
implementations use, take turns in one process; the order changes from pair to pair, and the first
pair is not counted. The values must agree to 1e-6, or the benchmark stops. Reported is the median
of the paired ratios (scipy's time over kgen's, so above 1 means kgen is faster) and its 95 %
interval by order statistics. Gathering the moments takes either the same time and is not counted.

**Memory.** In a process of its own, 50,000 real and as many generated features of 2,048 dimensions
come in batches of 500, are gathered in `RunningMoments` and kept as float32, and the Fréchet and
the kernel distance are computed. Reported is the largest resident memory of that process, all
libraries included (TensorFlow among them, which kgen imports). Needs Linux.
"""

import argparse
import json
import multiprocessing
import os
import platform
import statistics
import time
from pathlib import Path

import numpy as np
import scipy.linalg
import scipy.stats

from kgen.metrics.frechet import frechet_distance
from kgen.metrics.kernel import kernel_distance
from kgen.metrics.moments import Moments, RunningMoments

TOLERANCE = 1e-6

FULL = {"n": 10_000, "dim": 2048, "pairs": 20, "n_memory": 50_000, "subsets": 10}
QUICK = {"n": 500, "dim": 64, "pairs": 6, "n_memory": 2_000, "subsets": 2}


def network_like(n: int, dim: int, seed: int) -> np.ndarray:
    """Features as a network's last layer gives them: positive, sparse, correlated; float32."""
    rng = np.random.default_rng(seed)
    mix = np.random.default_rng(99).standard_normal((dim, dim), dtype="float32") / dim**0.5
    return np.maximum(rng.standard_normal((n, dim), dtype="float32") @ mix - 0.5, 0)


def by_sqrtm(a: Moments, b: Moments) -> float:
    root = scipy.linalg.sqrtm(a.cov @ b.cov)
    difference = a.mean - b.mean
    return float(difference @ difference + np.trace(a.cov) + np.trace(b.cov)) - 2 * float(
        np.trace(root).real
    )


def speed(n: int, dim: int, pairs: int) -> dict:
    a = Moments.of(network_like(n, dim, seed=0))
    b = Moments.of(network_like(n, dim, seed=1) * np.float32(1.1))
    contestants = {"kgen": frechet_distance, "scipy": by_sqrtm}
    seconds, values = {name: [] for name in contestants}, {}
    for pair in range(pairs + 1):
        for name in sorted(contestants, reverse=pair % 2 == 1):
            start = time.perf_counter()
            values[name] = contestants[name](a, b)
            seconds[name].append(time.perf_counter() - start)
    difference = abs(values["kgen"] - values["scipy"]) / values["scipy"]
    if not difference < TOLERANCE:
        raise SystemExit(f"the values differ by {difference:.1e}: {values}")
    seconds = {name: times[1:] for name, times in seconds.items()}
    ratios = [s / k for s, k in zip(seconds["scipy"], seconds["kgen"], strict=True)]
    sign_test = scipy.stats.quantile_test(ratios, q=1, p=0.5)
    interval = sign_test.confidence_interval(confidence_level=0.95)
    return {
        "n": n,
        "dim": dim,
        "values": values,
        "values_differ_by": difference,
        "seconds": seconds,
        "ratios": ratios,
        "median": statistics.median(ratios),
        "interval": [float(interval.low), float(interval.high)],
    }


def memory(n: int, dim: int, subsets: int) -> dict:
    """`_measure_memory` in a fresh process, whose peak is its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measure_memory, (n, dim, subsets))


def _measure_memory(n: int, dim: int, subsets: int) -> dict:
    at_start = _mib("VmRSS")
    kept = [np.empty((n, dim), dtype="float32") for _ in range(2)]
    gathered = [RunningMoments(dim) for _ in range(2)]
    rng = np.random.default_rng(0)
    for start in range(0, n, 500):
        for features, moments in zip(kept, gathered, strict=True):
            batch = rng.standard_normal((min(500, n - start), dim), dtype="float32")
            features[start : start + len(batch)] = batch
            moments.update(batch)
    real, fake = (moments.result() for moments in gathered)
    distance = frechet_distance(real, fake)
    kernel, _ = kernel_distance(*kept, subsets=subsets, subset_size=min(1000, n))
    return {
        "n": n,
        "dim": dim,
        "frechet_distance": distance,
        "kernel_distance": kernel,
        "at_start_mib": at_start,
        "peak_mib": _mib("VmHWM"),
    }


def _mib(field: str) -> float:
    """A line of Linux's account of this process: `VmRSS`, resident now, or `VmHWM`, its peak.

    `resource.getrusage` would not do: a process starts with the peak of the one it was forked from.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith(f"{field}:"))
    return int(line.split()[1]) / 2**10


def main(arguments: list[str] | None = None) -> dict:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--pairs", type=int, help="counted pairs (20; 6 with --quick, and at least)"
    )
    parser.add_argument("--quick", action="store_true", help="small numbers")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything here")
    settings = parser.parse_args(arguments)
    if settings.pairs is not None and settings.pairs < 6:
        parser.error("fewer than 6 pairs have no 95 % interval")
    size = QUICK if settings.quick else FULL

    machine = {
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "load_before": os.getloadavg()[0],
        "numpy": np.__version__,
        "scipy": scipy.__version__,
    }
    print(", ".join(f"{key} {value}" for key, value in machine.items()), flush=True)
    of_speed = speed(size["n"], size["dim"], settings.pairs or size["pairs"])
    kgen, other = (statistics.median(of_speed["seconds"][who]) for who in ("kgen", "scipy"))
    low, high = of_speed["interval"]
    print(
        f"{size['n']:,} x {size['dim']:,}: scipy / kgen, median of {len(of_speed['ratios'])} pairs "
        f"{of_speed['median']:.2f} [{low:.2f}, {high:.2f}]; kgen {kgen:.3f} s, "
        f"scipy {other:.3f} s; values differ by {of_speed['values_differ_by']:.0e}",
        flush=True,
    )
    of_memory = memory(size["n_memory"], size["dim"], size["subsets"])
    print(
        f"{size['n_memory']:,} + {size['n_memory']:,} x {size['dim']:,}: peak "
        f"{of_memory['peak_mib']:,.0f} MiB, of which {of_memory['at_start_mib']:,.0f} MiB before "
        "any feature"
    )
    result = {"machine": machine, "speed": of_speed, "memory": of_memory}
    if settings.json:
        settings.json.write_text(json.dumps(result, indent=1))
    return result


if __name__ == "__main__":
    main()
