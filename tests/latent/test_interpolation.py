import numpy as np
import pytest

from kgen.errors import DataError
from kgen.latent import LatentSpace, interpolate, lerp, path, slerp
from tests.latent.toys import LABELS, Toy


class TestSlerp:
    def test_keeps_the_length_between_equal_lengths(self):
        rng = np.random.default_rng(0)
        a, b = rng.normal(size=(2, 5, 8))
        a, b = (3 * x / np.linalg.norm(x, axis=1, keepdims=True) for x in (a, b))
        for t in (0.0, 0.3, 1.0):
            middle = slerp(a, b, np.full((5, 1), t))
            np.testing.assert_allclose(np.linalg.norm(middle, axis=1), 3, rtol=1e-12)
        # A straight path cuts through the ball.
        assert (np.linalg.norm(lerp(a, b, 0.5), axis=1) < 2.9).all()

    def test_equal_angles(self):
        a, b = np.array([[1.0, 0.0]]), np.array([[0.0, 2.0]])
        # A third of a right angle: sin 60 of the first and sin 30 of the second.
        third = slerp(a, b, np.full((1, 1), 1 / 3))
        np.testing.assert_allclose(third, [[np.sqrt(3) / 2, 1.0]], rtol=1e-12)

    def test_parallel_and_opposite_latents_and_the_origin(self):
        a = np.array([[1.0, 1.0]])
        half = np.full((1, 1), 0.5)
        np.testing.assert_allclose(slerp(a, 3 * a, half), 2 * a, rtol=1e-6)
        np.testing.assert_allclose(slerp(a, -a, half), 0 * a, atol=1e-12)
        np.testing.assert_allclose(slerp(a, 0 * a, half), a / 2, rtol=1e-12)


@pytest.mark.parametrize("way", [lerp, slerp])
def test_paths_hit_their_ends_exactly(way):
    a, b = np.random.default_rng(1).normal(size=(2, 50, 7))
    for t, end in ((0.0, a), (1.0, b)):
        np.testing.assert_array_equal(way(a, b, np.full((50, 1), t)), end)


def test_the_middle_of_a_straight_path():
    assert lerp(np.array([1.0, -2.0]), np.array([3.0, 0.0]), 0.5).tolist() == [2.0, -1.0]


@pytest.mark.parametrize(
    ("distribution", "method", "kept"),
    [
        ("N(0, 1)", "prior", True),
        ("sphere", "prior", True),
        ("U(-1, 1)", "prior", False),
        ("U(-1, 1)", "spherical", True),
        ("N(0, 1)", "linear", False),
    ],
)
def test_the_path_is_the_prior_s(distribution, method, kept):
    space = LatentSpace(Toy(distribution, size=2, labels=LABELS))
    first = {"latents": np.array([[0.6, 0.8]]), "labels": np.array([2])}
    second = {"latents": np.array([[0.8, -0.6]]), "labels": np.array([0])}
    codes = path(space, first, second, steps=3, method=method)
    middle = codes["latents"][1]
    # Half of a right angle on the unit circle, or the middle of its chord.
    expected = np.array([1.4, 0.2]) / (np.sqrt(2) if kept else 2)
    np.testing.assert_allclose(middle, expected, rtol=1e-6)
    assert codes["labels"].tolist() == [2, 2, 2]  # a class has no middle


def test_without_a_prior_the_path_is_straight():
    space = LatentSpace(Toy("N(0, 1)", size=2, sampled=False))
    a, b = {"latents": np.array([[0.6, 0.8]])}, {"latents": np.array([[0.8, -0.6]])}
    np.testing.assert_allclose(path(space, a, b, 3)["latents"][1], [0.7, 0.1], rtol=1e-6)


def test_a_table_of_paths_between_real_images():
    space = LatentSpace(Toy())
    rng = np.random.default_rng(0)
    left, right = rng.uniform(-1, 1, (2, 3, 1, 4, 1)).astype("float32")
    table = interpolate(space, space.encode(left), space.encode(right), 5, images=(left, right))
    assert table.images.shape == (3, 7, 1, 4, 1)
    assert table.columns == ("image", "0", "0.25", "0.5", "0.75", "1", "image")
    # This model's images are its latents, so both ends are reached twice.
    for column, images in ((0, left), (1, left), (5, right), (6, right)):
        np.testing.assert_array_equal(table.images[:, column], images)
    assert table.picture().size[0] > 300


def test_refusals():
    space = LatentSpace(Toy())
    codes = space.draw(2)
    with pytest.raises(DataError, match="from 2 images to 3"):
        path(space, codes, space.draw(3))
    with pytest.raises(DataError, match="at least two points"):
        path(space, codes, codes, steps=1)
    with pytest.raises(DataError, match="method must be prior, linear or spherical"):
        path(space, codes, codes, method="curved")
