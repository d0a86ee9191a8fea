import tracemalloc

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from kgen.errors import MetricError
from kgen.metrics import pairwise
from kgen.metrics.manifold import density_coverage, precision_recall
from kgen.metrics.pairwise import Points
from tests.metrics.goldens.inputs import CASES, NEIGHBOURS, features
from tests.metrics.goldens.references import REFERENCES


def _from_whole_matrices(real, fake, k):
    """All four by their definitions, from full matrices of squared distances."""
    across = cdist(fake, real, "sqeuclidean")
    of_real, of_fake = (np.sort(cdist(x, x, "sqeuclidean"))[:, k] for x in (real, fake))
    return (
        (across <= of_real).any(axis=1).mean(),
        (across <= of_fake[:, None]).any(axis=0).mean(),
        (across < of_real).sum() / (k * len(fake)),
        (across < of_real).any(axis=0).mean(),
    )


def _all(real, fake, k):
    return (*precision_recall(real, fake, k), *density_coverage(real, fake, k))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("k", NEIGHBOURS)
def test_equals_the_references(case, k):
    real, fake = features(case)
    precision, recall = precision_recall(real, fake, k)
    expected = REFERENCES["torch_fidelity_prc"][f"{case} {k}"]
    # torch-fidelity's means are float32; how many points they count is what must be equal.
    assert precision == round(expected[0] * len(fake)) / len(fake)
    assert recall == round(expected[1] * len(real)) / len(real)
    assert expected == pytest.approx([precision, recall], abs=1e-6)
    density, coverage = density_coverage(real, fake, k)
    assert [density, coverage] == pytest.approx(REFERENCES["prdc"][f"{case} {k}"], abs=1e-12)


def test_the_surface_belongs_to_the_ball_of_one_metric_only():
    """In the cases are enough ties that either rule in the other's place would show."""
    real, fake = features("lattice")
    across = cdist(fake, real, "sqeuclidean")
    radii = np.sort(cdist(real, real, "sqeuclidean"))[:, 3]
    opened, closed = (across < radii).any(axis=1).mean(), (across <= radii).any(axis=1).mean()
    assert precision_recall(real, fake)[0] == closed and closed - opened > 0.05
    full = (across <= radii).sum() / (3 * len(fake))
    assert full - density_coverage(real, fake, k=3)[0] > 0.05


def test_by_hand():
    real = np.array([[0.0], [1.0], [2.0], [4.0], [8.0]])
    fake = np.array([[0.5], [5.0], [6.5], [20.0]])
    # k = 2: the real radii are 2, 1, 2, 3, 6 and the balls [-2, 2], [0, 2], [0, 4], [1, 7],
    # [2, 14]; the samples' radii are 6, 4.5, 6, 15 and the balls [-5.5, 6.5], [.5, 9.5],
    # [.5, 12.5], [5, 35].
    assert precision_recall(real, fake, k=2) == (3 / 4, 1.0)
    # 0.5 lies in three balls, 5 and 6.5 in two each, 20 in none; every ball holds one.
    assert density_coverage(real, fake, k=2) == (7 / 8, 1.0)
    assert density_coverage(real, fake[-1:], k=2) == (0, 0)


@pytest.mark.parametrize("numbers", [8, 1000, 2**22])
@pytest.mark.parametrize("dim", [1, 7])
def test_blocks_of_any_size_give_the_same(monkeypatch, numbers, dim):
    monkeypatch.setattr(pairwise, "_NUMBERS", numbers)
    rng = np.random.default_rng(dim)
    real, fake = rng.normal(size=(60, dim)), rng.normal(size=(45, dim)) + 0.5
    fake[:5] = real[:5]
    assert _all(real, fake, 3) == pytest.approx(_from_whole_matrices(real, fake, 3), rel=1e-14)


@pytest.mark.parametrize("shift", [0, 1e3, 1e9])
def test_copies_and_ties_stay_such_far_from_the_origin(shift):
    """The fast formula alone loses all digits there; these numbers are exact in float64."""
    rng = np.random.default_rng(0)
    real, fake = rng.integers(8, size=(300, 2)) * 0.5, rng.integers(8, size=(200, 2)) * 0.5
    expected = _from_whole_matrices(real, fake, 3)
    assert _all(real + shift, fake + shift, 3) == pytest.approx(expected, rel=1e-14)


def test_two_tight_clusters_far_apart():
    """Distances within a cluster lie far below the rounding error of those between them."""
    rng = np.random.default_rng(0)
    real, fake = (
        np.where(rng.random((n, 1)) < 0.5, 0, 2.0**30) + rng.integers(256, size=(n, 3)) / 256
        for n in (120, 100)
    )
    assert _all(real, fake, 3) == pytest.approx(_from_whole_matrices(real, fake, 3), rel=1e-14)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_set_against_itself(dtype):
    """Each open ball holds its own centre and all nearer neighbours but the k-th: exactly k."""
    points = np.random.default_rng(0).normal(size=(300, 24)).astype(dtype) + 100
    assert precision_recall(points, points.copy()) == (1, 1)
    assert density_coverage(points, points[::-1]) == (1, 1)


def test_samples_that_are_all_the_same(monkeypatch):
    """The one image of a collapsed generator, and no time lost on its million pairs of copies."""
    real = np.random.default_rng(0).normal(size=(1000, 64)).astype("float32")
    collapsed = np.repeat(real[:1], 1000, axis=0)
    direct = []
    monkeypatch.setattr(pairwise.np, "square", lambda x, f=np.square: direct.append(x.size) or f(x))
    assert precision_recall(real, collapsed) == (1, 1 / 1000)
    assert sum(direct) < 2**20
    density, coverage = density_coverage(real, collapsed)
    inside = cdist(real, real[:1])[:, 0] < np.sort(cdist(real, real))[:, 5]
    assert density == pytest.approx(inside.sum() / 5, rel=1e-14)
    assert coverage == inside.mean()


def test_constant_features_on_both_sides():
    """Closed balls of radius 0 hold their copies, open ones hold nothing."""
    same = np.full((10, 3), 0.1)
    assert precision_recall(same, same) == (1, 1)
    assert density_coverage(same, same) == (0, 0)


def _modes(rng, n, kept=8):
    centres = np.random.default_rng(9).normal(size=(8, 6)) * 5
    return centres[rng.integers(kept, size=n)] + rng.normal(size=(n, 6))


def test_recall_and_coverage_fall_when_modes_are_dropped():
    rng = np.random.default_rng(0)
    real = _modes(rng, 500)
    rows = np.array([_all(real, _modes(rng, 500, kept), 3) for kept in (8, 4, 2, 1)])
    precision, recall, density, coverage = rows.T
    assert np.all(np.diff(recall) < -0.05) and np.all(np.diff(coverage) < -0.05)
    np.testing.assert_allclose(precision, precision[0], atol=0.1)
    np.testing.assert_allclose(density, 1, atol=0.1)


def test_precision_and_density_fall_when_noise_is_added():
    rng = np.random.default_rng(0)
    real, fake = _modes(rng, 500), _modes(rng, 500)
    noise = rng.normal(size=fake.shape)
    rows = np.array([_all(real, fake + level * noise, 3) for level in (0, 1, 2, 4)])
    assert np.all(np.diff(rows[:, 0]) < -0.05) and np.all(np.diff(rows[:, 2]) < -0.05)


def test_a_second_real_set_has_a_density_and_a_coverage_near_1():
    rng = np.random.default_rng(0)
    density, coverage = density_coverage(*rng.normal(size=(2, 2000, 8)))
    assert density == pytest.approx(1, abs=0.05)
    # Naeem et al., eq. 6: 1 - (n - 1) ... (n - k) / ((2n - 1) ... (2n - k)), about 1 - 2^-5
    assert coverage == pytest.approx(1 - 2**-5, abs=0.02)


@pytest.mark.parametrize(
    ("n", "dim", "mebibytes"),
    [(1200, 4, 2), (400, 1024, 2)],  # all distances take 11 MiB, a set in float64 3 MiB
)
def test_memory_is_bounded(monkeypatch, n, dim, mebibytes):
    monkeypatch.setattr(pairwise, "_NUMBERS", 2**15)
    real, fake = np.random.default_rng(0).normal(size=(2, n, dim)).astype("float32")
    tracemalloc.start()
    _all(real, fake, 3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < mebibytes * 2**20


def test_points_tell_their_copies():
    points = Points(np.array([[0.0], [0.0], [2.0], [2.0 + 2**-40]]))
    np.testing.assert_array_equal(points.radii(1), [0, 0, 2**-80, 2**-80])


@pytest.mark.parametrize(
    ("n_real", "n_fake", "k", "message"),
    [
        (3, 9, 3, "k=3 needs at least 4 real images, and there are 3"),
        (9, 3, 3, "k=3 needs at least 4 generated images, and there are 3"),
        (9, 9, 0, "k must be at least 1"),
    ],
)
def test_sets_too_small_are_refused(n_real, n_fake, k, message):
    with pytest.raises(MetricError, match=message):
        precision_recall(np.zeros((n_real, 2)), np.zeros((n_fake, 2)), k)


def test_density_needs_one_sample_only():
    real = np.arange(6.0)[:, None]
    assert density_coverage(real, [[2.0]], k=1) == (1, 1 / 6)
    with pytest.raises(MetricError, match="at least 2 real images, and there are 1"):
        density_coverage(real[:1], [[2.0]], k=1)
    with pytest.raises(MetricError, match="fake features: 1 of 1 rows hold NaN"):
        density_coverage(real, [[np.nan]], k=1)
