"""Nearest training images: exact distances, and a score that copies cannot win."""

import tracemalloc

import numpy as np
import pytest

from kgen.errors import MetricError
from kgen.metrics.nearest import nearest_distances, nearest_ratio, pixels


def test_distances_are_exact():
    rng = np.random.default_rng(0)
    queries, references = rng.normal(size=(30, 7)), rng.normal(size=(50, 7))
    by_hand = np.linalg.norm(queries[:, None] - references, axis=-1).min(axis=1)
    np.testing.assert_allclose(nearest_distances(queries, references), by_hand, rtol=1e-12)
    np.testing.assert_allclose(nearest_distances(queries, references, block=8), by_hand, rtol=1e-12)
    parts = iter([references[:20], references[20:]])
    np.testing.assert_allclose(nearest_distances(queries, parts), by_hand, rtol=1e-12)


def test_memory_is_bounded_by_the_block():
    """In one piece the 4,000 queries would be 16 MB in float64, and as much again a step."""
    rng = np.random.default_rng(0)
    queries, references = rng.normal(size=(2, 4000, 512)).astype("float32")
    tracemalloc.start()
    blockwise = nearest_distances(queries, references, block=256)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * 2**20
    assert blockwise[:5] == pytest.approx(nearest_distances(queries[:5], references), rel=1e-12)


def test_a_copy_has_distance_zero_even_far_from_the_origin():
    """The expanded square of the distance alone would leave some 1e-4 here."""
    references = np.random.default_rng(1).normal(1e4, 1, (40, 16)).astype("float32")
    np.testing.assert_array_equal(nearest_distances(references[:5], references), 0)


def test_pixel_distance_is_a_root_mean_square():
    rng = np.random.default_rng(2)
    a, b = rng.uniform(-1, 1, (2, 1, 20, 28, 3))
    by_hand = np.sqrt(np.mean((a - b) ** 2))
    assert nearest_distances(pixels(a), pixels(b))[0] == pytest.approx(by_hand, rel=1e-6)


def test_large_images_are_averaged_down():
    images = np.zeros((1, 70, 64, 1))
    images[:, :, ::2] = 1.0  # stripes of one pixel average to a half everywhere
    small = pixels(images)
    assert small.shape == (1, 32 * 32)
    np.testing.assert_allclose(small * 32, 0.5, rtol=1e-6)
    rows = np.arange(70.0)[None, :, None, None] * np.ones((1, 1, 4, 1))
    # 70 rows into 32 groups of two or three; the first holds rows 0 and 1, the last 67 to 69.
    groups = pixels(rows).reshape(32, 4)[:, 0] * np.sqrt(128)
    assert groups[[0, -1]] == pytest.approx([0.5, 68.0], rel=1e-5)


def test_the_ratio_by_hand():
    value, details = nearest_ratio(np.array([1.0, 2.0, 9.0]), np.array([3.0, 4.0, 5.0]))
    assert value == pytest.approx(0.5)
    # The 1 % quantile of 3, 4, 5 is 3.02: two of three samples are nearer.
    assert details == {
        "median_distance": 2.0,
        "median_distance_real": 4.0,
        "share_closer": pytest.approx(2 / 3),
    }


def test_copies_score_near_zero_and_fresh_data_near_one():
    rng = np.random.default_rng(3)
    train, held_out, fresh = (rng.normal(size=(300, 8)) for _ in range(3))
    real = nearest_distances(held_out, train)
    copies, _ = nearest_ratio(nearest_distances(train[:100], train), real)
    jittered = train[:100] + rng.normal(0, 0.01, (100, 8))
    near, details = nearest_ratio(nearest_distances(jittered, train), real)
    unseen, quiet = nearest_ratio(nearest_distances(fresh, train), real)
    assert copies == 0
    assert 0 < near < 0.05
    assert details["share_closer"] == 1.0
    assert unseen == pytest.approx(1, abs=0.1)
    assert quiet["share_closer"] < 0.05


@pytest.mark.parametrize(
    ("queries", "references"),
    [
        (np.zeros((2, 3)), np.zeros((2, 4))),
        (np.full((2, 3), np.nan), np.zeros((2, 3))),
        (np.zeros((2, 3)), np.zeros((0, 3))),
        (np.zeros((0, 3)), np.zeros((2, 3))),
        (np.zeros(3), np.zeros((2, 3))),
    ],
)
def test_bad_vectors_are_refused(queries, references):
    with pytest.raises(MetricError):
        nearest_distances(queries, references)


def test_a_split_of_training_images_says_nothing():
    with pytest.raises(MetricError, match="training images"):
        nearest_ratio(np.ones(3), np.array([0.0, 0.0, 1.0]))
