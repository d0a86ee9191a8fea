"""The toys: their modes are where the papers have them, and their splits hold what was promised."""

import numpy as np
import pytest

import kgen
from kgen.datasets.mixture import MIXTURES, grid, ring
from kgen.errors import DataError


def test_the_ring_has_eight_modes_and_not_seven():
    """An endpoint in the angles would make the last mode the first."""
    centres = ring()
    distances = np.linalg.norm(centres[:, None] - centres[None], axis=-1) + 9 * np.eye(8)
    np.testing.assert_allclose(np.linalg.norm(centres, axis=1), 2.0, rtol=1e-6)
    np.testing.assert_allclose(distances.min(axis=1), 2 * 2.0 * np.sin(np.pi / 8), rtol=1e-5)


def test_the_grid_reaches_from_minus_four_to_four():
    centres = grid()
    assert len(centres) == 25
    assert sorted(set(centres.ravel().tolist())) == [-4.0, -2.0, 0.0, 2.0, 4.0]


@pytest.mark.parametrize("name", MIXTURES)
def test_points_lie_around_their_modes_in_equal_shares(name):
    mixture = MIXTURES[name]
    data = kgen.datasets.load(name, batch_size=1000)
    points = np.concatenate(list(data.test.as_numpy_iterator()))
    assert points.shape == (10_000, 2) and points.dtype == np.float32
    offsets = points[:, None] - mixture.centres[None]
    nearest = np.linalg.norm(offsets, axis=-1).argmin(axis=1)
    shares = np.bincount(nearest, minlength=len(mixture.centres)) / len(points)
    expected = 1 / len(mixture.centres)
    np.testing.assert_allclose(shares, expected, atol=5 * np.sqrt(expected / 10_000))
    residuals = offsets[np.arange(len(points)), nearest]
    np.testing.assert_allclose(residuals.std(axis=0), mixture.std, rtol=0.03)


def test_splits_are_fixed_disjoint_and_described():
    one, other = (kgen.datasets.load("ring", batch_size=500, seed=s) for s in (0, 1))
    assert one.layout == "points" and one.image_shape == (2,)
    assert dict(one.sizes) == {"train": 100_000, "validation": 10_000, "test": 10_000}
    first, again = (next(iter(d.test)).numpy() for d in (one, other))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, next(iter(one.validation)).numpy())
    assert not np.array_equal(next(iter(one.train)).numpy(), next(iter(other.train)).numpy())


def test_a_limit_takes_the_first_points():
    data = kgen.datasets.load("ring", batch_size=10, limit=40)
    assert dict(data.sizes) == {"train": 40, "validation": 40, "test": 40}


@pytest.mark.parametrize(
    "wrong", [{"image_size": 32}, {"channels": 1}, {"flip": True}, {"layout": "images"}]
)
def test_what_only_images_have_is_refused(wrong):
    with pytest.raises(DataError, match=next(iter(wrong)) + "|loaded as"):
        kgen.datasets.load("ring", **wrong)
