import tracemalloc

import numpy as np
import pytest

from kgen.errors import MetricError
from kgen.metrics.moments import Moments, RunningMoments


def _running(batches, dim):
    running = RunningMoments(dim)
    for batch in batches:
        running.update(batch)
    return running.result()


def test_batches_of_any_size_give_the_moments_of_the_whole():
    features = np.random.default_rng(0).normal(size=(3000, 5)) * [1, 2, 3, 0.1, 0] + 7
    batches = np.split(features, [1, 1, 40, 1500])  # one feature, none, many
    assert [len(batch) for batch in batches] == [1, 0, 39, 1460, 1500]
    moments = _running(batches, 5)
    assert moments.n == 3000
    np.testing.assert_allclose(moments.mean, features.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(moments.cov, np.cov(features, rowvar=False), rtol=1e-11, atol=1e-13)
    whole = Moments.of(features)
    np.testing.assert_allclose(moments.cov, whole.cov, rtol=1e-11, atol=1e-13)


def test_moments_by_hand():
    moments = _running([[[1, 2]], [[3, 2], [5, 8]]], 2)
    np.testing.assert_allclose(moments.mean, [3, 4], rtol=1e-15)
    # deviations (-2, 0, 2) and (-2, -2, 4), over n - 1 = 2
    np.testing.assert_allclose(moments.cov, [[4, 6], [6, 12]], rtol=1e-15)


def test_a_large_mean_costs_no_digits():
    spread = np.random.default_rng(0).normal(size=(1000, 3))
    far = spread + 1e8
    exact = np.cov(far, rowvar=False)  # of the rounded numbers
    np.testing.assert_allclose(_running(np.split(far, 10), 3).cov, exact, rtol=1e-6, atol=1e-7)
    naive = (far.T @ far - 1000 * np.outer(far.mean(axis=0), far.mean(axis=0))) / 999
    assert np.abs(naive - exact).max() > 0.1  # sums of squares lose them all


def test_float32_features_are_gathered_in_float64():
    features = np.random.default_rng(0).normal(size=(2000, 4)).astype("float32") + 100
    moments = _running(np.split(features, 8), 4)
    assert moments.mean.dtype == moments.cov.dtype == np.float64
    exact = np.cov(features.astype("float64"), rowvar=False)
    np.testing.assert_allclose(moments.cov, exact, rtol=1e-9, atol=1e-9)
    assert np.abs(np.cov(features, rowvar=False, dtype="float32") - exact).max() > 1e-7


def test_constant_features_have_no_spread():
    moments = Moments.of(np.full((10, 3), 0.1))
    np.testing.assert_allclose(moments.cov, np.zeros((3, 3)), atol=1e-30)


def test_memory_does_not_grow_with_the_number_of_features():
    def peak(gather):
        rng = np.random.default_rng(0)
        tracemalloc.start()
        gather(rng.random((500, 64), dtype="float32") for _ in range(60))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak / 2**20

    assert peak(lambda batches: _running(batches, 64)) < 2
    assert peak(lambda batches: np.cov(np.concatenate(list(batches)), rowvar=False)) > 7


def test_the_result_is_a_snapshot():
    running = RunningMoments(1)
    running.update([[0.0], [2.0]])
    before = running.result()
    running.update([[100.0]])
    assert before.n == 2 and before.mean == [1.0] and before.cov == [[2.0]]


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ([[1.0, np.nan], [np.inf, 1.0], [0.0, 0.0]], "2 of 3 rows hold NaN or infinity"),
        ([1.0, 2.0], r"shape \(n, dim\), not \(2,\)"),
        (np.zeros((3, 0)), r"shape \(n, dim\), not \(3, 0\)"),
        ([["a", "b"]], "must be real numbers"),
        (np.zeros((2, 2), complex), "must be real numbers, not complex128"),
        (np.zeros((4, 3)), "features of 2 and of 3 dimensions"),
    ],
)
def test_what_is_no_set_of_features_is_refused_and_not_counted(features, message):
    running = RunningMoments(2)
    with pytest.raises(MetricError, match=message):
        running.update(features)
    assert running.n == 0


def test_one_image_has_no_covariance():
    with pytest.raises(MetricError, match="1 features have no covariance: give at least 2"):
        Moments.of([[1.0, 2.0]])
    with pytest.raises(MetricError, match="0 features"):
        RunningMoments(2).result()
    with pytest.raises(MetricError, match="0 rows are too few"):
        Moments.of(np.zeros((0, 2)))
