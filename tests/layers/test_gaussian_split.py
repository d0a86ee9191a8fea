import numpy as np
import pytest
from keras import ops

from kgen.layers import GaussianPrior, GaussianSplit
from kgen.losses import normal_log_prob
from kgen.networks.glow import zero_network
from tests.layers.flow_laws import assert_is_bijection, normal, numbers, randomise


def test_a_split_is_a_bijection():
    layer = randomise(GaussianSplit(zero_network((2, 2, 2), 4)))

    def forward(x):
        kept, latents, log_det = layer(x)
        return ops.concatenate([kept, latents], axis=-1), log_det

    x = normal(2, 2, 2, 4)
    assert_is_bijection(forward, lambda y: layer.inverse(y[..., :2], y[..., 2:]), x)
    # Untrained, what is split off is taken as it is.
    kept, latents, log_det = GaussianSplit(zero_network((2, 2, 2), 4))(x)
    np.testing.assert_array_equal(np.concatenate([numbers(kept), numbers(latents)], -1), x)
    np.testing.assert_array_equal(numbers(log_det), 0)


def test_latents_and_log_det_are_the_gaussian_density():
    """log N(x; m, s) = log N((x - m) / s; 0, 1) - log s, for each class's m and s."""
    prior = GaussianPrior(classes=2)
    prior.build((None, 2, 1, 1))
    prior.mean.assign([[0.0], [3.0]])
    prior.log_deviation.assign(np.log([[1.0], [2.0]]))
    x = normal(4, 2, 1, 1)
    labels = np.array([0, 1, 1, 0])
    latents, log_det = prior(x, labels)
    found = numbers(ops.sum(normal_log_prob(latents), axis=(1, 2, 3)) + log_det)
    mean, variance = (np.array(v)[labels].reshape(-1, 1, 1, 1) for v in ([0, 3], [1, 4]))
    expected = -0.5 * (np.log(2 * np.pi * variance) + (x - mean) ** 2 / variance)
    np.testing.assert_allclose(found, expected.sum((1, 2, 3)), rtol=1e-5)
    np.testing.assert_allclose(numbers(prior.inverse(latents, labels)), x, atol=1e-5)


@pytest.mark.parametrize("shape", [(2, 2, 3), (3,)])
def test_one_prior_for_all(shape):
    prior = GaussianPrior()
    prior.build((None, *shape))
    assert_is_bijection(randomise(prior), prior.inverse, normal(2, *shape))
    fixed = GaussianPrior(learned=False)
    fixed.build((None, *shape))
    assert not fixed.weights
    assert_is_bijection(fixed, fixed.inverse, normal(2, *shape))


def test_classes_of_a_fixed_prior_are_refused():
    with pytest.raises(ValueError, match="3 classes differ only by Gaussians that are learned"):
        GaussianPrior(learned=False, classes=3)
