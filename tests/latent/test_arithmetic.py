import numpy as np
import pytest

from kgen.errors import DataError
from kgen.latent import LatentSpace, attribute_direction, direction, moved
from tests.latent.toys import Toy, linear_autoencoder


def images(*rows):
    return np.array(rows, "float32").reshape(-1, 2, 2, 1)


def test_glasses_by_hand():
    """A linear autoencoder of the first two pixels; 'glasses' brighten the first one by 0.4."""
    space = LatentSpace(linear_autoencoder())
    with_it = space.encode(images([0.5, 0.2, 0, 0], [0.3, -0.2, 0, 0]))["latents"]
    without = space.encode(images([0.1, 0.1, 0, 0], [-0.1, -0.1, 0, 0]))["latents"]
    vector = direction(with_it, without)
    np.testing.assert_allclose(vector, [0.2, 0.0], atol=1e-7)  # latents are halves of pixels
    face = images([-0.3, 0.6, 0.9, 0.9])
    table = moved(space, space.encode(face), vector, (-1, 0, 1, 2), face)
    assert table.images.shape == (1, 5, 2, 2, 1)
    assert table.columns == ("image", "-1", "0", "+1", "+2")
    expected = [[-0.7, 0.6], [-0.3, 0.6], [0.1, 0.6], [0.5, 0.6]]
    np.testing.assert_allclose(table.images[0, 1:, 0, :, 0], expected, atol=1e-6)
    np.testing.assert_allclose(table.images[0, 1:, 1], -0.5, atol=1e-6)  # what is not encoded
    np.testing.assert_array_equal(table.images[0, 0], face[0])


def test_a_direction_from_labels():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 300)
    latents = 0.1 * rng.normal(size=(300, 4))
    latents[labels == 2] += [0, 5, 0, 0]
    np.testing.assert_allclose(attribute_direction(latents, labels, 2), [0, 5, 0, 0], atol=0.1)
    both = attribute_direction(latents, labels, [0, 1])
    np.testing.assert_allclose(both, [0, -5, 0, 0], atol=0.1)
    for attribute in (7, [0, 1, 2]):
        with pytest.raises(DataError, match="some with and some without"):
            attribute_direction(latents, labels, attribute)


def test_the_normal_leaves_out_what_only_occurs_together():
    """Of two coordinates that go together only the first one makes the attribute."""
    rng = np.random.default_rng(0)
    latents = rng.normal(size=(4000, 2))
    latents[:, 1] = 0.8 * latents[:, 0] + 0.6 * latents[:, 1]
    labels = (latents[:, 0] > 0).astype(int)
    mean = attribute_direction(latents, labels, 1)
    normal = attribute_direction(latents, labels, 1, "linear")
    # Means of half normals: 2 sqrt(2 / pi) apart, and 0.8 of that.
    np.testing.assert_allclose(mean, [1.596, 1.277], atol=0.06)
    assert abs(normal[1]) < 0.05 * normal[0]
    np.testing.assert_allclose(normal[0], mean[0], rtol=0.06)


def test_the_length_of_a_normal_is_the_distance_of_the_means_along_it():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 80, 5)) + np.array([[[3.0]], [[0.0]]])
    vector = direction(a, b, "linear").astype("float64")
    unit = vector / np.linalg.norm(vector)
    gap = unit @ (a.mean(0) - b.mean(0))
    np.testing.assert_allclose(np.linalg.norm(vector), gap, rtol=1e-6)
    np.testing.assert_allclose(direction(b, a, "linear"), -vector, rtol=1e-4, atol=1e-6)


def test_refusals():
    a = np.zeros((3, 2))
    with pytest.raises(DataError, match="needs two groups"):
        direction(a, np.zeros((0, 2)))
    with pytest.raises(DataError, match="needs two groups"):
        direction(a, np.zeros((3, 4)))
    with pytest.raises(DataError, match="mean or linear"):
        direction(a, a, "median")
    with pytest.raises(DataError, match="the same latents"):
        direction(a, a, "linear")
    with pytest.raises(DataError, match="one for each"):
        attribute_direction(a, [1, 0], 1)
    space = LatentSpace(Toy())
    with pytest.raises(DataError, match=r"a direction of shape \(3,\)"):
        moved(space, space.draw(1), np.ones(3))
    with pytest.raises(DataError, match="at least one strength"):
        moved(space, space.draw(1), np.ones(4), ())
