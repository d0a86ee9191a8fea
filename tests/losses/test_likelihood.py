import numpy as np
import pytest

from kgen import losses


def test_bernoulli_by_hand():
    p = 0.3
    logit = np.log(p / (1 - p)).astype("float32")
    assert float(losses.bernoulli_log_prob(1.0, logit)) == pytest.approx(np.log(p), rel=1e-5)
    assert float(losses.bernoulli_log_prob(0.0, logit)) == pytest.approx(np.log(1 - p), rel=1e-5)


def test_normal_by_hand():
    value = losses.normal_log_prob(1.5, 0.5, np.log(4.0))
    assert float(value) == pytest.approx(-0.5 * np.log(2 * np.pi * 4) - 1 / 8, rel=1e-5)


def test_uniform_binary_mnist_is_543_nats_and_one_bit():
    nats = -784 * float(losses.bernoulli_log_prob(1.0, 0.0))
    assert nats == pytest.approx(543.4, abs=0.05)
    assert losses.bits_per_dim(nats, 784) == pytest.approx(1.0, rel=1e-5)


@pytest.mark.parametrize(
    ("mean", "log_variance", "kl"),
    [(0, 0, 0), (1, 0, 0.5), (0, 1, (np.e - 2) / 2), (2, -1, 0.5 * (4 + np.exp(-1)))],
)
def test_kl_by_hand(mean, log_variance, kl):
    value = losses.standard_normal_kl(np.array([mean]), np.array([log_variance]))
    assert float(value) == pytest.approx(kl, rel=1e-5, abs=1e-6)


def test_mean_absolute_error_by_hand():
    x = np.array([1.0, -2.0, 0.5])
    assert float(losses.mean_absolute_error(x, np.zeros(3))) == pytest.approx(3.5 / 3)
