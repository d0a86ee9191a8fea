"""Perceptual path length against integrals that can be done by hand."""

import numpy as np
import pytest

from kgen.errors import MetricError
from kgen.metrics.path_length import path_length


def same(x):
    return x


def test_straight_paths_of_a_linear_generator():
    """d = |W (b - a)|^2, and E (b - a)^2 = 2/3 for each coordinate of U(-1, 1): 4 * 3 * 2/3 = 8."""
    value, details = path_length(
        lambda z: 2 * z, same, (3,), "U(-1, 1)", pairs=4000, trim=(0, 100), seed=1
    )
    assert value == pytest.approx(8, abs=5 * details["standard_error"])
    assert 0.05 < details["standard_error"] < 0.12  # Var d = 16 * 3 * (16/15 - 4/9) / 4000 -> .086
    assert details["pairs"] == 4000


def test_spherical_paths_of_the_identity():
    """At small angles' limit a great circle of radius r is walked at speed r * angle.

    In high dimensions random latents are nearly orthogonal with r^2 near d, so that the speed
    squared is near d (pi/2)^2.
    """
    d = 256
    value, _ = path_length(same, same, (d,), "N(0, 1)", pairs=400)
    assert value == pytest.approx(d * (np.pi / 2) ** 2, rel=0.03)
    # A straight path between the same latents has E |b - a|^2 = 2 d: the difference is seen.
    assert abs(value - 2 * d) > 0.15 * d


def test_on_a_sphere_only_directions_count():
    """A great circle is then walked evenly, at the angle between its ends.

    Angles between random directions in space have the density sin(a) / 2: E a^2 = (pi^2 - 4) / 2.
    """

    def unit(z):
        return (z / np.linalg.norm(z, axis=1, keepdims=True)).reshape(len(z), 1, 1, -1)

    value, _ = path_length(unit, _flat, (3,), "sphere", pairs=2000, trim=(0, 100))
    assert value == pytest.approx((np.pi**2 - 4) / 2, rel=0.05)
    # Latents of the sphere have a mean square of 1, so a radius of the root of their dimension.
    value, _ = path_length(same, same, (3,), "sphere", pairs=2000, trim=(0, 100))
    assert value == pytest.approx(3 * (np.pi**2 - 4) / 2, rel=0.05)


def test_the_step_cancels():
    values = [
        path_length(same, same, (4,), "U(-1, 1)", pairs=500, epsilon=e)[0] for e in (1e-4, 1e-2)
    ]
    assert values[0] == pytest.approx(values[1], rel=1e-3)


def test_trimming_leaves_out_rare_jumps():
    """A generator with a jump at 0: crossing it gives distances of order 1 / epsilon^2."""

    def jump(z):
        return z + 10.0 * (z > 0)

    options = {"pairs": 2000, "epsilon": 1e-3}
    whole, _ = path_length(jump, same, (1,), "U(-1, 1)", trim=(0, 100), **options)
    trimmed, details = path_length(jump, same, (1,), "U(-1, 1)", **options)
    assert trimmed < 1.5 < 50 < whole
    assert details["median"] < 1.5


def test_a_collapsed_generator_has_no_path():
    constant = path_length(lambda z: np.zeros((len(z), 4, 4, 1)), _flat, (2,), "N(0, 1)", pairs=50)
    assert constant[0] == 0


def test_features_that_round_are_refused():
    def rounding(images):
        return _flat(np.round((images + 1) * 127.5))

    def render(z):
        return np.tanh(z).reshape(-1, 4, 4, 1)

    assert path_length(render, _flat, (16,), "N(0, 1)", pairs=50)[0] > 0
    with pytest.raises(MetricError, match="256 levels"):
        path_length(render, rounding, (16,), "N(0, 1)", pairs=50)


@pytest.mark.parametrize("distribution", [None, "N(0, 2)"])
def test_other_latents_are_refused(distribution):
    with pytest.raises(MetricError, match="N\\(0, 1\\)"):
        path_length(same, same, (2,), distribution)


def test_nan_is_refused():
    with pytest.raises(MetricError, match="not finite"):
        path_length(lambda z: z * np.nan, same, (2,), "U(-1, 1)", pairs=10)


def _flat(images):
    return np.asarray(images, np.float64).reshape(len(images), -1)
