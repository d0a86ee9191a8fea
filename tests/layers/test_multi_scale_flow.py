import numpy as np
import pytest
from keras import ops

from kgen.layers import ActNorm, initialize_from_data
from kgen.networks import glow
from kgen.training import averages
from tests.layers.flow_laws import assert_is_bijection, normal, numbers, randomise


@pytest.mark.parametrize("coupling", ["affine", "additive"])
def test_the_whole_flow_is_a_bijection(coupling):
    flow = glow((4, 4, 2), steps=2, levels=2, width=4, coupling=coupling)
    assert flow.latent_shapes == [(2, 2, 4), (1, 1, 16)]
    x = 0.5 * normal(2, 4, 4, 2)
    initialize_from_data(flow, normal(50, 4, 4, 2))
    assert_is_bijection(randomise(flow, 0.02), flow.inverse, x)


def test_a_flow_of_points_is_a_bijection():
    flow = glow((3,), steps=3, width=8)
    initialize_from_data(flow, normal(50, 3))
    assert_is_bijection(randomise(flow, 0.02), flow.inverse, normal(3, 3))


def test_every_class_has_its_bijection():
    flow = randomise(glow((4, 4, 1), steps=1, levels=1, width=4, classes=2), 0.02)
    x = normal(2, 4, 4, 1)
    for label in (0, 1):
        labels = np.full(16, label)
        assert_is_bijection(
            lambda x, labels=labels: flow([x, labels[: len(x)]]),
            lambda z, labels=labels: flow.inverse(z, labels[: len(z)]),
            x,
        )
    one, other = (numbers(flow([x, np.full(2, label)])[0]) for label in (0, 1))
    assert np.abs(one - other).max() > 0.01


def test_a_forgotten_log_det_breaks_the_law(monkeypatch):
    flow = randomise(glow((2,), steps=1, width=4), 0.1)
    forgetful = lambda self, x: ((x + self.bias) * ops.exp(3 * self.log_scale), ops.zeros(()))  # noqa: E731
    monkeypatch.setattr(ActNorm, "call", forgetful)
    with pytest.raises(AssertionError):
        assert_is_bijection(flow, flow.inverse, normal(1, 2))


def test_latents_that_were_split_off_first_come_first():
    flow = glow((4, 4, 1), steps=1, levels=2, width=4)
    x = normal(1, 4, 4, 1)
    changed = numbers(flow(x)[0])
    flow.prior.mean.assign(flow.prior.mean.value + 1.0)
    moved = numbers(flow(x)[0]) - changed
    np.testing.assert_allclose(moved, [[0.0] * 8 + [-1.0] * 8], atol=1e-5)


def test_through_a_file_and_as_a_frozen_copy(through_a_file):
    flow = randomise(glow((4, 4, 1), steps=1, levels=2, width=4), 0.1)
    x = normal(2, 4, 4, 1)
    expected = numbers(flow(x)[0])
    np.testing.assert_array_equal(numbers(through_a_file(flow)(x)[0]), expected)
    copy = averages.frozen_copy(flow)
    assert not copy.trainable_variables
    np.testing.assert_allclose(numbers(copy(x)[0]), expected, rtol=1e-6)


def test_sizes_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="28x28 cannot be halved 3 times"):
        glow((28, 28, 1), steps=1, levels=3, width=4)
    with pytest.raises(ValueError, match="points of 2 dimensions: they need 2, and have one level"):
        glow((2,), levels=2, width=4)


def test_parameters_of_the_authors_cifar_flow():
    """K 32, L 3, width 512, by hand: 44 million, as is published of it."""

    def step(c):
        coupling = 9 * (c // 2 + 1) * 512 + 512 * 512 + 9 * 513 * c
        return 2 * c + (3 * c * c + 2 * c) + coupling + 2 * 512 * 2 + 2 * c

    def split(c):
        return 9 * (c // 2 + 1) * c + 2 * c

    def flow(k):
        return k * (step(12) + step(24) + step(48)) + split(12) + split(24) + 2 * 48

    assert glow(steps=2).count_params() == flow(2)
    assert flow(32) == pytest.approx(44e6, rel=0.02)
