import importlib
import json
from pathlib import Path

import numpy as np
import pytest
import scipy.linalg

from kgen.errors import MetricError
from kgen.metrics.frechet import frechet_distance, frechet_infinity
from kgen.metrics.moments import Moments
from tests.metrics.goldens.inputs import CASES, features
from tests.metrics.goldens.references import REFERENCES

ROOT = Path(__file__).parents[2]


def _gaussian(mean, cov):
    return Moments(1000, np.asarray(mean, "float64"), np.asarray(cov, "float64"))


def _distance(a, b):
    return frechet_distance(Moments.of(a), Moments.of(b))


def _by_sqrtm(a, b):
    root = scipy.linalg.sqrtm(a.cov @ b.cov).real
    return np.sum((a.mean - b.mean) ** 2) + np.trace(a.cov + b.cov - 2 * root)


def _by_eigenvalues_apart(a, b):
    """A broken variant: right only where the covariances commute."""
    roots = [np.sqrt(np.linalg.eigvalsh(m.cov)) for m in (a, b)]
    return np.sum((a.mean - b.mean) ** 2) + np.sum((roots[0] - roots[1]) ** 2)


def test_gaussians_by_hand():
    a = _gaussian([0, 0], np.diag([1.0, 9.0]))
    b = _gaussian([3, 4], np.diag([4.0, 4.0]))
    assert frechet_distance(a, b) == pytest.approx(25 + (1 - 2) ** 2 + (3 - 2) ** 2, rel=1e-14)


def test_gaussians_that_do_not_commute():
    # For 2 x 2: Tr (AB)^1/2 = (Tr AB + 2 (det AB)^1/2)^1/2 = (8 + 2 * 3)^1/2.
    a, b = _gaussian([0, 0], [[2, 1], [1, 2]]), _gaussian([0, 0], [[3, 0], [0, 1]])
    assert frechet_distance(a, b) == pytest.approx(8 - 2 * 14**0.5, rel=1e-12)
    assert _by_eigenvalues_apart(a, b) == pytest.approx(0, abs=1e-12)


def test_samples_of_gaussians_come_near_the_closed_form():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 200_000, 2))
    a, b = a @ np.linalg.cholesky([[2, 1], [1, 2]]).T, b * [3**0.5, 1] + [0.5, 0]
    assert _distance(a, b) == pytest.approx(8 - 2 * 14**0.5 + 0.25, rel=0.02)


@pytest.mark.parametrize("case", CASES)
def test_agrees_with_the_references(case):
    value = _distance(*features(case))
    for reference in ("torch_fidelity_fid", "scipy_fid"):
        assert value == pytest.approx(REFERENCES[reference][case], rel=1e-3, abs=1e-6)
    # Where no covariance is singular and no reference computes in float32, they agree far better.
    if case in ("normal", "lattice", "dropped"):
        assert value == pytest.approx(REFERENCES["torch_fidelity_fid"][case], rel=1e-10)


def test_the_references_measured_these_inputs():
    assert set(REFERENCES["inputs"]) == set(CASES)
    for case, sums in REFERENCES["inputs"].items():
        assert [a.sum() for a in features(case)] == pytest.approx(sums, rel=1e-6), case
    assert REFERENCES["versions"]["torch-fidelity"] == "0.4.0"


def test_agrees_with_sqrtm():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 300, 40)) @ rng.normal(size=(2, 40, 40))
    a, b = Moments.of(a), Moments.of(b)
    assert frechet_distance(a, b) == pytest.approx(_by_sqrtm(a, b), rel=1e-10)
    assert _by_eigenvalues_apart(a, b) < 0.9 * _by_sqrtm(a, b)


def _sets_of_every_rank():
    rng = np.random.default_rng(0)
    full = rng.normal(size=(300, 100))
    yield "full rank", full
    yield "fewer than dimensions", full[:50]
    yield "constant", np.full((10, 5), 0.1)
    yield "a constant feature", full * (np.arange(100) > 0)
    yield (
        "over ten orders of magnitude",
        full * np.logspace(1, -9, 100) @ rng.normal(size=(100,) * 2),
    )
    yield "Inception-like", np.maximum(full @ rng.normal(size=(100, 256)) / 10 - 0.5, 0)


@pytest.mark.parametrize(
    "features", [pytest.param(f, id=name) for name, f in _sets_of_every_rank()]
)
def test_a_set_is_at_0_from_itself(features):
    assert 0 <= _distance(features, features) < 1e-6
    assert 0 <= _distance(features, features[::-1]) < 1e-6


def test_is_symmetric_and_blind_to_rotation_and_shift():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(200, 20)), rng.normal(size=(150, 20)) * np.linspace(0.1, 3, 20) + 1
    value = _distance(a, b)
    assert value > 10
    rotation = np.linalg.qr(rng.normal(size=(20, 20)))[0]
    assert _distance(b, a) == pytest.approx(value, rel=1e-12)
    assert _distance(a @ rotation, b @ rotation) == pytest.approx(value, rel=1e-11)
    assert _distance(a + 5, b + 5) == pytest.approx(value, rel=1e-11)
    assert _distance(3 * a, 3 * b) == pytest.approx(9 * value, rel=1e-12)


def test_singular_covariances_have_their_exact_distance():
    """Features in a three-dimensional subspace of twenty are at the distance they have in it."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(40, 3)) * [1, 2, 3], rng.normal(size=(30, 3)) + np.eye(3)[0]
    axes = np.linalg.qr(rng.normal(size=(20, 3)))[0].T
    assert _distance(a @ axes, b @ axes) == pytest.approx(_distance(a, b), rel=1e-9)


def test_sets_in_subspaces_at_right_angles_share_nothing():
    """The trace of the root is 0; rounding taken for a spread would add its square root, 1e-8."""
    rng = np.random.default_rng(0)
    axes = np.linalg.qr(rng.normal(size=(40, 40)))[0]
    a, b = rng.normal(size=(60, 20)) @ axes[:20], rng.normal(size=(50, 20)) @ axes[20:] + 1
    a, b = Moments.of(a), Moments.of(b)
    expected = np.sum((a.mean - b.mean) ** 2) + np.trace(a.cov) + np.trace(b.cov)
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-12)


def test_constant_samples():
    """A generator that makes one image: the distance of the means, and all of the real spread."""
    real = np.random.default_rng(0).normal(size=(500, 6))
    fake = np.full((100, 6), 2.0)
    expected = np.sum((real.mean(axis=0) - 2) ** 2) + np.trace(np.cov(real, rowvar=False))
    assert _distance(real, fake) == pytest.approx(expected, rel=1e-12)


def test_rises_with_noise_and_with_dropped_classes():
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(10, 16)) * 3
    classes = rng.integers(10, size=4000)
    features = centres[classes] + rng.normal(size=(4000, 16))
    real, fake, kinds = features[:2000], features[2000:], classes[2000:]
    noise = rng.normal(size=fake.shape)
    noisy = [_distance(real, fake + level * noise) for level in (0, 0.25, 0.5, 1, 2)]
    assert np.all(np.diff(noisy) > 0.01)
    dropped = [_distance(real, fake[kinds < kept]) for kept in (10, 8, 5, 2, 1)]
    assert np.all(np.diff(dropped) > 1)


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(MetricError, match="features of 2 and of 3 dimensions"):
        frechet_distance(_gaussian([0, 0], np.eye(2)), _gaussian([0] * 3, np.eye(3)))
    huge = Moments(10, np.zeros(1), np.full((1, 1), np.inf))
    for pair in ((huge, _gaussian([0], [[1]])), (_gaussian([0], [[1]]), huge)):
        with pytest.raises(MetricError, match="not finite"):
            frechet_distance(*pair)


def test_the_extrapolation_is_the_line_through_its_own_points():
    rng = np.random.default_rng(0)
    real, fake = _gaussian(np.zeros(5), np.eye(5)), rng.normal(size=(600, 5)) * 1.1
    value, details = frechet_infinity(real, fake, points=6, smallest=100, seed=3)
    slope = details.pop("slope")
    assert list(details) == [f"at_{n}" for n in (100, 200, 300, 400, 500, 600)]
    assert details["at_600"] == pytest.approx(frechet_distance(real, Moments.of(fake)), rel=1e-9)
    x, y = 1 / np.arange(100, 601, 100), np.array(list(details.values()))
    by_hand = np.sum((x - x.mean()) * (y - y.mean())) / np.sum((x - x.mean()) ** 2)
    assert slope == pytest.approx(by_hand, rel=1e-9)
    assert value == pytest.approx(y.mean() - by_hand * x.mean(), rel=1e-9)
    again = frechet_infinity(real, fake, points=6, smallest=100, seed=3)
    assert again == (value, {"slope": slope, **details})
    assert frechet_infinity(real, fake, points=6, smallest=100, seed=4)[0] != value


def test_the_extrapolation_takes_most_of_the_bias_away():
    """Samples of the very distribution: true distance 0, every estimate from n of them above it."""
    rng = np.random.default_rng(0)
    real = _gaussian(np.zeros(8), np.eye(8))
    pairs = [frechet_infinity(real, rng.normal(size=(400, 8)), seed=i) for i in range(12)]
    limits = [limit for limit, _ in pairs]
    finite = np.mean([details["at_400"] for _, details in pairs])
    assert finite > 0.03 and abs(np.mean(limits)) < finite / 4
    assert all(details["slope"] > 0 for _, details in pairs)
    # A line in n instead of 1 / n reads off something else entirely.
    sizes = np.array([int(name[3:]) for name in pairs[0][1] if name != "slope"])
    wrong = [np.polyfit(sizes, [d[f"at_{n}"] for n in sizes], 1)[1] for _, d in pairs]
    assert np.mean(wrong) > 3 * finite


@pytest.mark.parametrize(
    ("n", "dim", "smallest"),
    [(1000, 4, 100), (1000, 100, 200), (300, 400, 150)],  # n / 10, 2 dim, n / 2
)
def test_the_smallest_subset(n, dim, smallest):
    fake = np.random.default_rng(0).normal(size=(n, dim))
    details = frechet_infinity(_gaussian(np.zeros(dim), np.eye(dim)), fake, points=2)[1]
    assert list(details) == ["slope", f"at_{smallest}", f"at_{n}"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"smallest": 20}, "choose smallest from 2 to 19"),
        ({"smallest": 1}, "it is 1"),
        ({"points": 1}, "points of at least 2"),
    ],
)
def test_a_line_needs_two_sizes(options, message):
    fake = np.random.default_rng(0).normal(size=(20, 2))
    with pytest.raises(MetricError, match=message):
        frechet_infinity(_gaussian([0, 0], np.eye(2)), fake, **options)
    with pytest.raises(MetricError, match="fake features: 3 rows are too few"):
        frechet_infinity(_gaussian([0, 0], np.eye(2)), fake[:3])


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_the_benchmark_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    file = tmp_path / "result.json"
    importlib.import_module("frechet_speed").main(["--quick", "--json", str(file)])
    result = json.loads(file.read_text())
    speed = result["speed"]
    assert len(speed["ratios"]) == 6 and speed["values_differ_by"] < 1e-6
    assert speed["interval"] == [min(speed["ratios"]), max(speed["ratios"])]  # all that six can say
    assert result["memory"]["at_start_mib"] < result["memory"]["peak_mib"] < 2048
    assert f"median of 6 pairs {speed['median']:.2f} [" in capsys.readouterr().out
