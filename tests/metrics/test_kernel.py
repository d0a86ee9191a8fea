import numpy as np
import pytest

from kgen.errors import MetricError
from kgen.metrics.kernel import kernel_distance, unbiased_mmd2
from tests.metrics.goldens.inputs import CASES, SUBSETS, features
from tests.metrics.goldens.references import REFERENCES


def _k(x, y):
    return (np.dot(x, y) / len(x) + 1) ** 3


def test_the_estimate_by_its_definition():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(5, 3)), rng.normal(size=(4, 3)) + 1
    within_x = np.mean([_k(x[i], x[j]) for i in range(5) for j in range(5) if i != j])
    within_y = np.mean([_k(y[i], y[j]) for i in range(4) for j in range(4) if i != j])
    across = np.mean([_k(a, b) for a in x for b in y])
    assert unbiased_mmd2(x, y) == pytest.approx(within_x + within_y - 2 * across, rel=1e-12)


def test_the_estimate_by_hand():
    # k = (xy + 1)^3: within x 3^3 = 27 (of 1 and 2), within y 1 (of 0 and 5), across 1 and
    # (6^3 + 11^3) / 2 = 773.5, so on average (1 + 773.5) / 2.
    x, y = np.array([[1.0], [2.0]]), np.array([[0.0], [5.0]])
    assert unbiased_mmd2(x, y) == pytest.approx(27 + 1 - 774.5, rel=1e-14)


def test_is_unbiased():
    """In one dimension (1 + xy)^3 compares moments: 3 d1^2 + 3 d2^2 + d3^2 of their differences."""
    shift = 0.5
    truth = 3 * shift**2 + 3 * (shift**2) ** 2 + (shift**3 + 3 * shift) ** 2
    assert truth == 3.578125
    rng = np.random.default_rng(0)
    sets = rng.normal(size=(6000, 2, 8, 1)) + np.array([0, shift]).reshape(2, 1, 1)
    estimates = np.array([unbiased_mmd2(x, y) for x, y in sets])
    error = estimates.std() / len(estimates) ** 0.5
    assert error < 0.2
    assert abs(estimates.mean() - truth) < 3 * error
    # The biased estimate, which pairs each feature with itself, does not pass.
    biased = np.array([_biased(x, y) for x, y in sets])
    assert biased.mean() - truth > 10 * error


def _biased(x, y):
    return (
        np.mean((x @ x.T + 1) ** 3) + np.mean((y @ y.T + 1) ** 3) - 2 * np.mean((x @ y.T + 1) ** 3)
    )


def test_equal_distributions_come_out_below_0_as_often_as_above():
    rng = np.random.default_rng(0)
    signs = [unbiased_mmd2(*rng.normal(size=(2, 20, 4))) < 0 for _ in range(400)]
    assert 0.4 < np.mean(signs) < 0.75  # skewed: its mean is 0, not its median


@pytest.mark.parametrize("case", CASES)
def test_agrees_with_torch_fidelity_on_the_same_subsets(case):
    real, fake = features(case)
    expected = REFERENCES["torch_fidelity_kid"][case]
    assert kernel_distance(real, fake, **SUBSETS) == pytest.approx(expected, rel=1e-9, abs=1e-6)
    other = kernel_distance(real, fake, **{**SUBSETS, "seed": 8})
    swapped = kernel_distance(fake, real, **SUBSETS)
    if case != "same":
        assert abs(swapped[0] - expected[0]) > 1e-5  # its first input is the samples
    assert abs(other[0] - expected[0]) > 1e-5


def test_one_subset_of_all_is_the_estimate_itself():
    real, fake = np.random.default_rng(0).normal(loc=[[[0.0]], [[1.0]]], size=(2, 30, 6))
    mean, deviation = kernel_distance(real, fake, subsets=3, subset_size=30)
    assert mean == pytest.approx(unbiased_mmd2(real, fake), rel=1e-12)
    assert deviation == pytest.approx(0, abs=1e-12)


def test_rises_with_noise_and_with_dropped_classes():
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(10, 16))
    classes = rng.integers(10, size=2000)
    features = centres[classes] + 0.3 * rng.normal(size=(2000, 16))
    real, fake, kinds = features[:1000], features[1000:], classes[1000:]
    noise = rng.normal(size=fake.shape)
    options = {"subset_size": 80}
    noisy = [kernel_distance(real, fake + s * noise, **options)[0] for s in (0, 1, 2)]
    assert np.all(np.diff(noisy) > 0.05)
    value, deviation = kernel_distance(real, fake, **options)
    assert abs(value) < deviation < 0.5
    dropped = [kernel_distance(real, fake[kinds < kept], **options)[0] for kept in (10, 5, 2, 1)]
    assert np.all(np.diff(dropped) > 0.05)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "subsets of 1000 need as many .* 30 real and 20 generated: .* subset_size=20"),
        ({"subset_size": 1}, "at least 2 features"),
        ({"subsets": 0, "subset_size": 5}, "at least 1 subset "),
    ],
)
def test_sets_too_small_are_refused(options, message):
    with pytest.raises(MetricError, match=message):
        kernel_distance(np.zeros((30, 2)), np.zeros((20, 2)), **options)


def test_a_single_feature_is_offered_no_subset_of_one():
    with pytest.raises(MetricError, match=r"30 real and 1 generated: give more\.$"):
        kernel_distance(np.zeros((30, 2)), np.zeros((1, 2)), subset_size=2)


def test_what_is_no_number_is_refused():
    bad = np.zeros((5, 2))
    bad[1, 1] = np.nan
    with pytest.raises(MetricError, match="fake features: 1 of 5 rows hold NaN"):
        kernel_distance(np.zeros((5, 2)), bad, subset_size=2)
    with pytest.raises(MetricError, match="features of 2 and of 3 dimensions"):
        kernel_distance(np.zeros((5, 2)), np.zeros((5, 3)), subset_size=2)
