import numpy as np
import pytest

from kgen import losses


def test_distances_by_hand():
    """Differences (3, -1, 0, 0): mean of moduli 1; root of mean square sqrt(10 / 4)."""
    real = np.array([[[3.0], [0.0]], [[1.0], [1.0]]], "float32").reshape(1, 2, 2, 1)
    fake = np.array([0.0, 1.0, 1.0, 1.0], "float32").reshape(1, 2, 2, 1)
    assert float(losses.qp_distance(real, fake, "l1")[0]) == pytest.approx(1.0)
    assert float(losses.qp_distance(real, fake, "l2")[0]) == pytest.approx(np.sqrt(2.5))
    with pytest.raises(ValueError, match="one of l1, l2, got 'cosine'"):
        losses.qp_distance(real, fake, "cosine")


def test_the_optimum_is_minus_half_of_lambda_d():
    """-D + D^2 / (2 lambda d) is least at D = lambda d."""
    distance, weight = 0.3, 10.0
    gaps = np.linspace(0, 6, 601).astype("float32")
    values = [
        float(losses.qp_discriminator(np.array([[g]]), np.zeros((1, 1)), np.array([distance])))
        for g in gaps
    ]
    assert gaps[np.argmin(values)] == pytest.approx(weight * distance, abs=0.011)
    assert min(values) == pytest.approx(-weight * distance / 2, rel=1e-4)


def test_scores_are_paired_with_their_own_distances():
    """Gaps 1 and 2 at distances 1 and 4, lambda 2: (-1 + 1/4 - 2 + 4/16) / 2."""
    real, fake = np.array([[2.0], [3.0]], "float32"), np.array([[1.0], [1.0]], "float32")
    value = losses.qp_discriminator(real, fake, np.array([1.0, 4.0], "float32"), weight=2.0)
    assert float(value) == pytest.approx(-1.25)
    assert float(losses.qp_generator(fake, real)) == pytest.approx(1.5)  # no quadratic term


def test_two_equal_images_do_no_harm():
    same = np.full((2, 1), 0.7, "float32")
    assert float(losses.qp_discriminator(same, same, np.zeros(2, "float32"))) == 0.0
