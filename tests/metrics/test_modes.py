"""Modes of mixtures and of classifiers, counted by hand."""

import numpy as np
import pytest

from kgen.datasets.mixture import Mixture
from kgen.errors import DataError, MetricError
from kgen.metrics.modes import class_modes, modes_covered


def ring(std=0.02):
    angles = 2 * np.pi * np.arange(8) / 8
    return Mixture(2 * np.stack([np.cos(angles), np.sin(angles)], axis=1), std)


def test_the_mixture_itself_covers_its_modes():
    """Of a plane's normal 1 - exp(-4^2 / 2) = 0.99966 lies within 4 std."""
    mixture = ring()
    rng = np.random.default_rng(0)
    rows = rng.integers(8, size=2500)
    points = mixture.centres[rows] + rng.normal(0, mixture.std, (2500, 2))
    modes, quality = modes_covered(points, mixture)
    assert modes == 8
    assert quality == pytest.approx(0.99966, abs=0.0015)


@pytest.mark.parametrize(("there", "modes"), [(19, 1), (20, 2), (21, 2)])
def test_a_mode_needs_20_of_2500(there, modes):
    mixture = Mixture([[0.0, 0.0], [1.0, 0.0]], std=0.01)
    points = np.zeros((2500, 2))
    points[:there, 0] = 1.0
    assert modes_covered(points, mixture) == (modes, 1.0)


@pytest.mark.parametrize(("distance", "quality"), [(0.0399, 1.0), (0.0401, 0.0)])
def test_high_quality_ends_at_4_std(distance, quality):
    mixture = Mixture([[0.0, 0.0]], std=0.01)
    # At 45 degrees: the radius is Euclidean, not per coordinate.
    points = np.full((100, 2), distance / np.sqrt(2))
    modes, share = modes_covered(points, mixture)
    assert share == quality
    assert modes == int(quality)


def test_few_samples_still_need_one_each():
    """A hundredth of a sample is no sample: an empty mode is never covered."""
    mixture = Mixture([[0.0, 0.0], [1.0, 1.0]], std=0.1)
    assert modes_covered(np.zeros((10, 2)), mixture) == (1, 1.0)


def test_more_points_than_a_block():
    mixture = Mixture([[0.0, 0.0], [1.0, 1.0]], std=0.1)
    points = np.repeat([[0.0, 0.0], [1.0, 1.0], [9.0, 9.0]], 2000, axis=0)
    modes, quality = modes_covered(points, mixture)
    assert (modes, quality) == (2, pytest.approx(2 / 3))


def test_a_closed_linspace_is_refused():
    angles = np.linspace(0, 2 * np.pi, 8)  # the first and the last are one: 7 modes, not 8
    with pytest.raises(DataError, match="there twice"):
        Mixture(np.stack([np.cos(angles), np.sin(angles)], axis=1), 0.02)


@pytest.mark.parametrize(
    ("points", "says"),
    [
        (np.zeros((3, 3)), r"\(n, 2\)"),
        (np.full((3, 2), np.nan), "NaN"),
        (np.zeros((0, 2)), "shape"),
    ],
)
def test_bad_points_are_refused(points, says):
    with pytest.raises(MetricError, match=says):
        modes_covered(points, ring())


@pytest.mark.parametrize(("centres", "std"), [([0.0, 1.0], 1.0), ([[0.0]], 0.0), ([], 1.0)])
def test_bad_mixtures_are_refused(centres, std):
    with pytest.raises(DataError):
        Mixture(centres, std)


class TestClasses:
    @pytest.mark.parametrize(
        ("classes", "modes", "divergence"),
        [
            ([0, 1, 2, 3], 4, 0.0),
            ([0, 0, 1, 1], 2, np.log(2)),
            ([2, 2, 2, 2], 1, np.log(4)),
            # .75 log(.75 * 4) + .25 log(.25 * 4)
            ([0, 0, 0, 1], 2, 0.75 * np.log(3)),
        ],
    )
    def test_shares_against_uniform(self, classes, modes, divergence):
        assert class_modes(classes, 4) == (modes, pytest.approx(divergence, abs=1e-12))

    @pytest.mark.parametrize("classes", [[0, 4], [-1, 0], [], [[0]]])
    def test_bad_classes_are_refused(self, classes):
        with pytest.raises(MetricError):
            class_modes(np.array(classes, int), 4)
