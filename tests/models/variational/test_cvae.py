import keras
import numpy as np
import pytest
import tensorflow as tf

from kgen.callbacks import Reconstructions
from kgen.errors import DataError
from kgen.models import CVAE, VAE
from tests.contract import ModelContract


def images(n=20):
    return np.random.default_rng(0).uniform(-1, 1, (n, 8, 8, 1)).astype("float32")


class TestCVAE(ModelContract):
    @staticmethod
    def build():
        return CVAE.build_default((8, 8, 1), latent_dim=3, classes=3)

    @staticmethod
    def data():
        return images(), np.arange(20, dtype="int32") % 3


class TestConvCVAE(ModelContract):
    @staticmethod
    def build():
        return CVAE.build_default((8, 8, 1), 3, 4, architecture="conv", likelihood="gaussian")

    @staticmethod
    def data():
        return images(), np.arange(20, dtype="int32") % 4


@pytest.fixture(scope="module")
def by_class():
    """Trained on four images, one for each class, of which only the label can tell."""
    keras.utils.set_random_seed(0)
    x = -np.ones((4, 4, 4, 1), "float32")
    x[np.arange(4), np.arange(4)] = 1
    model = CVAE.build_default((4, 4, 1), 2, 4, binarization="threshold")
    model.compile(optimizer=keras.optimizers.Adam(1e-2))
    pairs = x, np.arange(4, dtype="int32")
    model.fit(tf.data.Dataset.from_tensors(pairs).repeat(300), verbose=0)
    return model, x


def test_a_sample_is_of_the_class_asked_for(by_class):
    model, x = by_class
    labels = np.array([3, 0, 2, 1, 1])
    np.testing.assert_allclose(model.sample(5, labels=labels, seed=0), x[labels], atol=0.1)
    drawn = model.sample(400, seed=0)  # evenly
    classes = np.abs(drawn[:, None] - x).sum(axis=(2, 3, 4)).argmin(axis=1)
    np.testing.assert_allclose(np.bincount(classes, minlength=4), 100, atol=30)


def test_latents_need_not_say_what_the_label_says(by_class):
    """Images that are a function of their label: the KL goes to 0 and the bound to 0 nats."""
    model, x = by_class
    logs = model.evaluate(x, np.arange(4), verbose=0, return_dict=True)
    assert logs["kl"] < 0.2
    assert -0.5 < model.log_prob(x, np.arange(4), samples=50, seed=0).mean() <= 0
    # Given another label, they are not to be expected.
    assert model.log_prob(x, (np.arange(4) + 1) % 4, samples=50, seed=0).max() < -5


def test_every_draw_sees_the_label_of_its_image(by_class):
    """With k draws an image, the bound is that of each image alone."""
    model, x = by_class
    noise = np.random.default_rng(0).normal(size=(4, 7, 2))
    inputs = {"images": x, "noise": noise, "uniforms": np.zeros_like(x), "labels": np.arange(4)}
    together = model.serve("log_prob", **inputs)
    for i in range(4):
        alone = model.serve("log_prob", **{key: value[i : i + 1] for key, value in inputs.items()})
        np.testing.assert_allclose(together[i], alone[0], rtol=1e-4)


def test_reconstructions_can_change_the_class(by_class, tmp_path):
    model, x = by_class
    np.testing.assert_allclose(model.reconstruct(x, np.arange(4)), x, atol=0.1)
    other = (np.arange(4) + 1) % 4
    np.testing.assert_allclose(model.reconstruct(x, other), x[other], atol=0.3)
    picture = Reconstructions(tmp_path, x, labels=np.arange(4))
    picture.set_model(model)
    assert picture.images().shape == (8, 4, 4, 1)


def test_labels_enter_both_networks():
    model, plain = CVAE.build_default((8, 8, 1), 3, 5), VAE.build_default((8, 8, 1), 3)
    for name in ("encoder", "decoder"):
        more = getattr(model, name).count_params() - getattr(plain, name).count_params()
        assert more == 5 * 200
    assert model.capabilities["sample"] == ("n", "labels", "seed")


@pytest.mark.parametrize("labels", [[0, 1], [0, 1, 5], [0, 1, -1]])
def test_labels_that_do_not_fit_are_refused(labels):
    model = CVAE.build_default((8, 8, 1), 3, 5)
    for call in (
        lambda: model.sample(3, labels=labels),
        lambda: model.reconstruct(images(3), labels),
        lambda: model.log_prob(images(3), labels),
    ):
        with pytest.raises(DataError, match="3 whole numbers from 0 to 4"):
            call()


def test_data_and_networks_without_labels_are_refused():
    plain = VAE.build_default((8, 8, 1), 3)
    with pytest.raises(ValueError, match="both networks must have two inputs"):
        CVAE(plain.encoder, plain.decoder, classes=3)
    model = CVAE.build_default((8, 8, 1), 3, 5)
    model.compile()
    with pytest.raises(DataError, match="learns from"):
        model.fit(images(), verbose=0)
