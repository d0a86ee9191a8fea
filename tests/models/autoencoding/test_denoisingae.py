import keras
import numpy as np
import pytest
from keras import ops

from kgen.models import DenoisingAE
from kgen.training import RecordedNoise
from tests.contract import ModelContract


def images(n=20, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (n, 8, 8, 1)).astype("float32")


class TestDenoisingAE(ModelContract):
    @staticmethod
    def build():
        return DenoisingAE.build_default((8, 8, 1), 10, emphasis=(1.0, 0.5))

    @staticmethod
    def data():
        return images()


def tiny(**kwargs):
    return DenoisingAE.build_default((8, 8, 1), 4, **kwargs)


# ---- the corruptions -----------------------------------------------------------------------------


def test_masking_blackens_its_share_and_leaves_the_rest():
    x = np.full((10, 8, 8, 100), 0.3, "float32")
    seen = tiny(level=0.25).corrupt(x, seed=0)
    assert set(np.unique(seen)) == {-1.0, np.float32(0.3)}
    assert (seen == -1).mean() == pytest.approx(0.25, abs=0.01)


def test_salt_and_pepper_are_half_and_half():
    x = np.zeros((10, 8, 8, 100), "float32")
    seen = tiny(corruption="salt_and_pepper", level=0.4).corrupt(x, seed=0)
    for value, share in ((-1, 0.2), (0, 0.6), (1, 0.2)):
        assert (seen == value).mean() == pytest.approx(share, abs=0.01)


def test_gaussian_noise_has_its_deviation():
    x = np.zeros((10, 8, 8, 100), "float32")
    seen = tiny(corruption="gaussian", level=0.2).corrupt(x, seed=0)
    assert seen.mean() == pytest.approx(0, abs=0.005)
    assert seen.std() == pytest.approx(0.2, abs=0.005)


def test_a_seed_corrupts_in_the_same_way():
    model = tiny(level=0.5)
    one, same, other = (model.corrupt(images(3), seed=s) for s in (1, 1, 2))
    assert np.array_equal(one, same) and not np.array_equal(one, other)


# ---- the loss ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("emphasis", "seed"), [((1.0, 1.0), 0), ((2.0, 0.5), 1), ((1.0, 0.0), 2)])
def test_the_loss_is_of_clean_images_given_corrupted_ones(emphasis, seed):
    """By hand, in NumPy: one layer of sigmoids, tied, cross-entropy in [0, 1]."""
    model = tiny(level=0.5, emphasis=emphasis)
    rng = np.random.default_rng(9)
    model.encoder.get_layer("latents").set_weights([rng.normal(size=s) for s in ((64, 4), (4,))])
    model.decoder.get_layer("to_parameters").set_weights([rng.normal(size=64)])
    x = images(3, seed).reshape(3, 64)
    uniforms = np.random.default_rng(seed).random((3, 8, 8, 1)).astype("float32")
    loss = model.reconstruction_loss(
        ops.reshape(x, (3, 8, 8, 1)), RecordedNoise([uniforms]), training=True
    )
    kernel, bias = model.encoder.get_layer("latents").get_weights()
    (offset,) = model.decoder.get_layer("to_parameters").get_weights()
    chosen = uniforms.reshape(3, 64) < 0.5
    seen = np.where(chosen, 0.0, (x + 1) / 2)
    code = 1 / (1 + np.exp(-(seen @ kernel + bias)))
    p = 1 / (1 + np.exp(-(code @ kernel.T + offset)))
    target = (x + 1) / 2
    errors = -(target * np.log(p) + (1 - target) * np.log(1 - p))
    weights = np.where(chosen, *emphasis)
    assert float(loss) == pytest.approx(np.mean(weights * errors), rel=1e-4)
    of_seen = -(seen * np.log(p) + (1 - seen) * np.log(1 - p))  # what a plain autoencoder learns
    assert float(loss) != pytest.approx(np.mean(weights * of_seen), rel=1e-2)


def test_without_corruption_it_is_the_autoencoder():
    model = tiny(level=0.0)
    x = images(5)
    noise = RecordedNoise([np.random.default_rng(0).random((5, 8, 8, 1)).astype("float32")])
    plain = ops.mean(model.errors(x, model.through(x, False)))
    assert float(model.reconstruction_loss(x, noise, False)) == pytest.approx(float(plain))


def test_it_learns_to_remove_noise():
    """Stripes, of which masking takes half: what comes back is nearer to them than what went in."""
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 2, (200, 8, 1, 1))
    x = np.broadcast_to(2 * rows - 1, (200, 8, 8, 1)).astype("float32")
    model = DenoisingAE.build_default((8, 8, 1), 16, level=0.5)
    model.compile(optimizer=keras.optimizers.Adam(1e-2), jit_compile=False)
    model.fit(x, batch_size=50, epochs=60, verbose=0)
    seen = model.corrupt(x, seed=0)
    before, after = (np.mean((each - x) ** 2) for each in (seen, model.reconstruct(seen)))
    assert after < 0.3 * before


# ---- what is refused, and the default ------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"corruption": "blur"}, "corruption must be one of"),
        ({"level": 1.5}, "a share from 0 to 1, got 1.5"),
        ({"corruption": "gaussian", "level": -1.0}, "a deviation, got -1.0"),
        ({"corruption": "gaussian", "emphasis": (2.0, 1.0)}, "equal ones for Gaussian noise"),
        ({"emphasis": (-1.0, 1.0)}, "weights of at least 0"),
    ],
)
def test_settings_out_of_range_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        tiny(**arguments)


def test_the_default_is_the_papers_network():
    model = DenoisingAE.build_default()
    assert sum(int(np.prod(w.shape)) for w in model.trainable_weights) == 784_000 + 1000 + 784
    assert model.distance == "cross_entropy"
    conv = DenoisingAE.build_default((8, 8, 1), 4, "conv", width=4)
    assert conv.reconstruct(images(2)).shape == (2, 8, 8, 1)
