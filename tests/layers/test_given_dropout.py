import numpy as np
import pytest

from kgen.layers import GivenDropout


def test_what_is_kept_is_scaled_and_what_is_dropped_is_said_by_the_noise():
    """0.25 of the numbers fall below the rate, and the rest counts 4/3: the mean stays."""
    noise = (np.arange(4000, dtype="float32").reshape(1, 4000)) / 4000
    x = np.ones((1, 20, 20, 10), "float32")
    result = np.asarray(GivenDropout(0.25)(x, noise, training=True)).ravel()
    assert set(np.round(result, 5)) == {0, np.float32(1.33333)}
    np.testing.assert_array_equal(result == 0, noise[0] < 0.25)
    assert result.mean() == pytest.approx(1, abs=1e-5)


def test_noise_of_an_example_is_its_own():
    noise = np.array([[0.0, 0.9], [0.9, 0.0]], "float32")
    result = GivenDropout(0.5)(np.ones((2, 2), "float32"), noise, training=True)
    assert np.asarray(result).tolist() == [[0, 2], [2, 0]]


def test_short_noise_and_impossible_rates_are_refused():
    with pytest.raises(ValueError, match="the noise has 5 numbers, 6 are needed"):
        GivenDropout(0.5, start=2)(np.ones((1, 4), "float32"), np.ones((1, 5), "float32"))
    with pytest.raises(ValueError, match="rate must lie in"):
        GivenDropout(1.0)
