import numpy as np
import pytest

from kgen.errors import DataError
from kgen.latent import LatentSpace, interpolate, invert, rows_of
from kgen.latent.inversion import _slope
from kgen.models import CVAE, ConditionalGAN
from kgen.training import seam
from tests.latent.toys import linear_autoencoder, linear_gan


@pytest.mark.core
def test_a_known_latent_is_found_again():
    space = LatentSpace(linear_gan())
    codes = space.draw(5, seed=7)
    images = space.decode(codes)
    found = invert(space, images, steps=150, restarts=2)
    # An injective linear map: one minimum, at the latents themselves.
    np.testing.assert_allclose(found.codes["latents"], codes["latents"], atol=0.02)
    assert found.errors.max() < 1e-3
    stated = np.sqrt(np.square(found.images.astype("float64") - images).mean(axis=(1, 2, 3)))
    np.testing.assert_allclose(found.errors, stated, rtol=1e-6)
    np.testing.assert_allclose(space.decode(found.codes), found.images, atol=1e-6)
    table = found.table(images)
    assert table.images.shape == (5, 2, 4, 4, 1) and len(table.rows) == 5


@pytest.mark.core
def test_the_slope_is_that_of_the_stated_loss():
    space = LatentSpace(linear_gan())
    model = space.model
    run = seam.compile_inference(model, _slope(space, 0.5, 0.25))
    codes, target = space.draw(2), space.decode(space.draw(2, seed=9))

    def loss(z):
        made = space.decode({"latents": z})
        values = 0.25 * np.square(z.astype("float64")).mean(axis=1)
        values += np.square(made.astype("float64") - target).mean(axis=(1, 2, 3))
        seen, wanted = model.features(made), model.features(target)
        return values + 0.5 * np.square(seen.astype("float64") - wanted).mean(axis=1)

    import keras

    given = {"target": target, **codes}
    given = {name: keras.ops.convert_to_tensor(value) for name, value in given.items()}
    found = {name: keras.ops.convert_to_numpy(value) for name, value in run(**given).items()}
    z = codes["latents"]
    np.testing.assert_allclose(found["loss"], loss(z), rtol=1e-4)
    for coordinate in range(3):
        step = np.zeros_like(z)
        step[:, coordinate] = 1e-2
        slope = (loss(z + step) - loss(z - step)) / 2e-2
        np.testing.assert_allclose(found["latents"][:, coordinate], slope, rtol=0.02, atol=1e-4)


@pytest.mark.core
def test_uniform_latents_stay_in_their_box():
    space = LatentSpace(linear_gan("uniform"))
    beyond = space.decode({"latents": np.array([[3.0, 0.2, -0.4]])})
    found = invert(space, beyond, steps=100, restarts=2)
    latents = found.codes["latents"]
    assert latents[0, 0] == 1 and np.abs(latents).max() <= 1
    assert found.errors[0] > 0.01  # it cannot be reached, and the error says so


def test_more_restarts_are_never_worse_and_the_best_is_kept():
    space = LatentSpace(linear_gan())
    image = space.decode(space.draw(1, seed=3))
    # Few steps at a small rate: how near one comes depends on the start.
    errors = [invert(space, image, steps=3, rate=0.01, restarts=r).errors[0] for r in (1, 30)]
    assert errors[1] < errors[0]


def test_labels_and_real_images_without_an_encoder():
    space = LatentSpace(CVAE.build_default((8, 8, 1), latent_dim=2, classes=3))
    codes = space.draw(2, labels=[2, 1])
    found = invert(space, space.decode(codes), labels=[2, 1], steps=5, restarts=2)
    assert found.codes["labels"].tolist() == [2, 1]
    drawn = invert(space, space.decode(codes), steps=5, restarts=12).codes["labels"]
    assert drawn.tolist() == [2, 1]  # the best of the starts, which have classes of their own
    gan = LatentSpace(linear_gan())
    images = gan.decode(gan.draw(2, seed=1))
    found = invert(gan, images, steps=100)
    first, second = rows_of(found.codes, [0]), rows_of(found.codes, [1])
    table = interpolate(gan, first, second, 3, images=(images[:1], images[1:]))
    np.testing.assert_allclose(table.images[0, 1], table.images[0, 0], atol=0.02)


def test_features_that_need_labels_are_told_those_of_the_codes():
    model = ConditionalGAN.build_default((4, 4, 1), 3, latent_dim=2, width=8)
    space, labels = LatentSpace(model), np.array([2, 0])
    images = model.sample(2, labels=labels, seed=1)
    found = invert(space, images, labels=labels, steps=2, restarts=2, feature_weight=1.0)
    np.testing.assert_array_equal(found.codes["labels"], labels)


def test_refusals():
    space = LatentSpace(linear_gan())
    images = np.zeros((1, 4, 4, 1))
    for wrong in ({"steps": 0}, {"restarts": 0}, {"rate": 0.0}, {"prior_weight": -1.0}):
        with pytest.raises(DataError, match="must be at least"):
            invert(space, images, **wrong)
    with pytest.raises(DataError, match=r"the model makes \(4, 4, 1\)"):
        invert(space, np.zeros((1, 5, 5, 1)))
    bare = LatentSpace(linear_autoencoder())
    with pytest.raises(DataError, match="no prior to start from"):
        invert(bare, np.zeros((1, 2, 2, 1)))
    with pytest.raises(DataError, match="AE has no features"):
        invert(bare, np.zeros((1, 2, 2, 1)), feature_weight=1.0)
