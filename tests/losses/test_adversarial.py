import numpy as np
import pytest

from kgen import losses


def test_non_saturating_at_equal_and_extreme_logits():
    zero, ten = np.zeros((4, 1), "float32"), np.full((4, 1), 10.0, "float32")
    assert float(losses.non_saturating_discriminator(zero, zero)) == pytest.approx(2 * np.log(2))
    assert float(losses.non_saturating_generator(zero)) == pytest.approx(np.log(2))
    # D certain and right: almost no loss; certain and wrong: 10 nats each.
    assert float(losses.non_saturating_discriminator(ten, -ten)) == pytest.approx(9.08e-5, rel=1e-2)
    assert float(losses.non_saturating_discriminator(-ten, ten)) == pytest.approx(20, rel=1e-4)


def test_non_saturating_is_the_binary_cross_entropy_of_its_probabilities():
    real = np.array([[0.3], [-1.7]], "float32")
    fake = np.array([[2.1], [0.4]], "float32")
    p, q = 1 / (1 + np.exp(-real)), 1 / (1 + np.exp(-fake))
    by_hand = -np.mean(np.log(p)) - np.mean(np.log(1 - q))
    assert float(losses.non_saturating_discriminator(real, fake)) == pytest.approx(
        by_hand, rel=1e-5
    )
    assert float(losses.non_saturating_generator(fake)) == pytest.approx(
        -np.mean(np.log(q)), rel=1e-5
    )


def test_least_squares_by_hand():
    real, fake = np.array([[0.5], [1.0]], "float32"), np.array([[0.0], [-2.0]], "float32")
    assert float(losses.least_squares_discriminator(real, fake)) == pytest.approx(
        0.5 * (0.25 / 2 + 4 / 2)
    )
    assert float(losses.least_squares_generator(fake)) == pytest.approx((1 + 9) / 2)


def test_extreme_logits_stay_finite():
    huge = np.array([[1e4], [-1e4]], "float32")
    assert np.isfinite(float(losses.non_saturating_discriminator(huge, huge)))
