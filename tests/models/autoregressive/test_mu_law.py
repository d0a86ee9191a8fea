import numpy as np
import pytest

from kgen.models.autoregressive import mu_law


@pytest.mark.parametrize("levels", [2, 4, 16, 256])
def test_every_code_comes_back(levels):
    codes = np.arange(levels)
    np.testing.assert_array_equal(mu_law.encode(mu_law.decode(codes, levels), levels), codes)


def test_the_formula_at_points_computed_by_hand():
    """ln(1 + 255 / 2) / ln(256) = 0.875705, and its inverse."""
    assert float(mu_law.compress(np.float32(0.5))) == pytest.approx(0.875705, abs=1e-5)
    assert float(mu_law.compress(np.float32(-0.5))) == pytest.approx(-0.875705, abs=1e-5)
    assert float(mu_law.expand(np.float32(0.875705))) == pytest.approx(0.5, abs=1e-4)
    x = np.linspace(-1, 1, 1001, dtype="float32")
    np.testing.assert_allclose(mu_law.expand(mu_law.compress(x)), x, atol=2e-6)


def test_the_error_of_a_round_trip_is_bounded_by_the_step():
    """No more than to the far end of the nearest step on either side, and about half of it."""
    x = np.linspace(-1, 1, 20_001, dtype="float32")
    codes = np.asarray(mu_law.encode(x))
    error = np.abs(np.asarray(mu_law.decode(codes)) - x)
    amplitudes = np.asarray(mu_law.decode(np.arange(256)))
    steps = np.diff(amplitudes)
    widest = np.maximum(np.append(steps, 0), np.insert(steps, 0, 0))[codes]
    assert (error <= 0.52 * widest + 1e-7).all()
    assert (error > 0.45 * widest).any()
    # Quiet sounds lose far less than the 1 / 255 of equal levels, loud ones more.
    assert error[np.abs(x) < 0.01].max() < 3.1e-4 and error.max() > 5e-3


def test_codes_are_monotonic_and_clip():
    codes = np.asarray(mu_law.encode(np.linspace(-1.5, 1.5, 999)))
    assert codes.min() == 0 and codes.max() == 255 and (np.diff(codes) >= 0).all()
    assert codes.dtype == np.int32
