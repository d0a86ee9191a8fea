import numpy as np
import pytest

from kgen.errors import DataError
from kgen.latent import LatentSpace, rows_of
from kgen.latent.priors import draw
from kgen.latent.space import count
from kgen.models import CVAE, DCGAN, PixelCNN
from kgen.models.signature import TensorSpec
from tests.latent.toys import CODES, LABELS, NOISE, Toy, linear_autoencoder


def test_draws_follow_the_prior():
    n, d = 4000, 6
    rng = np.random.default_rng(0)
    uniform, normal, sphere = (draw(rng, (n, d), k) for k in ("U(-1, 1)", "N(0, 1)", "sphere"))
    assert np.abs(uniform).max() <= 1
    assert abs(uniform.var() - 1 / 3) < 0.01
    assert abs(normal.var() - 1) < 0.03
    cut = draw(rng, (n, d), "N(0, 1) in [-0.5, 0.5]")
    assert 0.49 < np.abs(cut).max() <= 0.5 and abs(cut.var() - 0.0806) < 0.002
    np.testing.assert_allclose(np.linalg.norm(sphere, axis=1), np.sqrt(d), rtol=1e-6)
    assert abs(sphere.mean()) < 0.02
    with pytest.raises(DataError, match="Laplace"):
        draw(rng, (n, d), "Laplace")


def test_codes_of_samples():
    space = LatentSpace(Toy(labels=LABELS, noise=NOISE, codes=CODES))
    assert space.latents == ("latents", "codes") and space.distribution("codes") == "U(-1, 1)"
    codes = space.draw(50, seed=3)
    assert list(codes) == ["latents", "labels", "noise", "codes"]
    assert codes["labels"].dtype == "int32" and set(codes["labels"]) == {0, 1, 2}
    assert (codes["noise"] == codes["noise"][0]).all()
    assert np.abs(codes["codes"]).max() <= 1 < np.abs(codes["latents"]).max()
    for name, values in space.draw(50, seed=3).items():
        np.testing.assert_array_equal(values, codes[name])
    assert (space.draw(50, seed=4)["latents"] != codes["latents"]).all()
    assert set(space.draw(5, labels=1)["labels"]) == {1}
    assert space.draw(2, labels=[2, 0])["labels"].tolist() == [2, 0]
    space = LatentSpace(Toy(labels=LABELS, category=LABELS))
    codes = space.draw(90, labels=1)
    assert set(codes["labels"]) == {1} and set(codes["category"]) == {0, 1, 2}


def test_a_live_model_s_samples_are_of_its_drawn_codes():
    model = DCGAN.build_default((8, 8, 1), latent_dim=4, width=4)
    space = LatentSpace(model)
    assert space.distribution() == "U(-1, 1)" and not space.can_encode
    assert space.image_shape == (8, 8, 1)
    codes = space.draw(3)
    np.testing.assert_array_equal(space.decode(codes), model.serve("sample", **codes))
    with pytest.raises(DataError, match=r"no encoder: find latents with kgen.latent.invert"):
        space.encode(space.decode(codes))


def test_real_images_of_a_conditional_model():
    model = CVAE.build_default((8, 8, 1), latent_dim=3, classes=4)
    space = LatentSpace(model)
    images = np.random.default_rng(0).uniform(-1, 1, (5, 8, 8, 1)).astype("float32")
    codes = space.encode(images, [0, 1, 2, 3, 0])
    assert codes["labels"].tolist() == [0, 1, 2, 3, 0]
    expected = model.reconstruct(images, [0, 1, 2, 3, 0])
    np.testing.assert_allclose(space.decode(codes), expected, atol=1e-5)
    with pytest.raises(DataError, match="needs the label"):
        space.encode(images)
    with pytest.raises(DataError, match="from 0 to 3"):
        space.draw(2, labels=4)


def test_latents_without_a_prior():
    model = linear_autoencoder()
    space = LatentSpace(model)
    assert space.distribution() is None and space.signature == "decode"
    with pytest.raises(DataError, match="no prior to draw latents from: encode images"):
        space.draw(3)
    model.fit_prior(np.random.default_rng(0).uniform(-1, 1, (30, 2, 2, 1)), components=2)
    space = LatentSpace(model)
    assert space.distribution() is None
    expected = model.encode(model.sample(3, seed=5))
    np.testing.assert_allclose(space.draw(3, seed=5)["latents"], expected, atol=1e-6)


def test_what_is_no_latent_space_is_refused():
    with pytest.raises(DataError, match="PixelCNN makes no images from latents: it can sample"):
        LatentSpace(PixelCNN.build_default((8, 8, 1), width=4, blocks=1))
    masks = Toy(mask=TensorSpec((None, 2), role="mask"))
    with pytest.raises(DataError, match=r"of mask \(mask\) as well"):
        LatentSpace(masks).draw(2)
    with pytest.raises(DataError, match="makes no classes of the data"):
        LatentSpace(Toy()).draw(2, labels=1)
    part = Toy(codes=CODES)
    with pytest.raises(DataError, match="Toy encodes only latents: find"):
        LatentSpace(part).encode(np.zeros((2, 1, 4, 1)))


def test_rows():
    codes = {"latents": np.arange(6.0).reshape(3, 2), "labels": np.array([7, 8, 9])}
    assert rows_of(codes, [2, 0])["labels"].tolist() == [9, 7]
    assert rows_of(codes, 1)["latents"].tolist() == [[2.0, 3.0]]
    assert count(codes) == 3
    with pytest.raises(DataError, match="one row an image"):
        count({**codes, "labels": np.array([1])})
