import keras
import numpy as np
import pytest
import tensorflow as tf

from kgen.models import VAE, BetaVAE
from tests.contract import ModelContract


def images(n=20):
    return np.random.default_rng(0).uniform(-1, 1, (n, 8, 8, 1)).astype("float32")


class TestBetaVAE(ModelContract):
    @staticmethod
    def build():
        return BetaVAE.build_default((8, 8, 1), latent_dim=3, beta=3.0)

    @staticmethod
    def data():
        return images()


class TestCapacityVAE(ModelContract):
    @staticmethod
    def build():
        return BetaVAE.build_default(
            (8, 8, 1), 3, architecture="dense", gamma=50.0, capacity=4.0, capacity_steps=4
        )

    @staticmethod
    def data():
        return images()


def test_beta_one_is_the_vae_bit_for_bit():
    histories = []
    for cls, arguments in ((VAE, {}), (BetaVAE, {"beta": 1.0})):
        keras.utils.set_random_seed(0)
        model = cls.build_default((8, 8, 1), 3, architecture="dense", seed=1, **arguments)
        model.compile(optimizer=keras.optimizers.Adam(1e-3), jit_compile=False)
        histories.append(model.fit(images(), batch_size=8, shuffle=False, epochs=2, verbose=0))
    assert histories[0].history == histories[1].history


@pytest.mark.parametrize("beta", [0.0, 1.0, 4.0])
def test_the_loss_weighs_the_kl(beta):
    model = BetaVAE.build_default((8, 8, 1), 3, architecture="dense", beta=beta)
    model.compile()
    logs = model.evaluate(images(), verbose=0, return_dict=True)
    assert logs["kl"] > 0.01
    assert logs["loss"] == pytest.approx(logs["reconstruction"] + beta * logs["kl"], rel=1e-5)
    nats = logs["reconstruction"] + logs["kl"]
    assert logs["bits_per_dim"] == pytest.approx(nats / 64 / np.log(2), rel=1e-5)


def test_the_capacity_rises_in_a_line_and_the_kl_is_held_to_it():
    model = BetaVAE.build_default(
        (8, 8, 1), 3, architecture="dense", gamma=10.0, capacity=8.0, capacity_steps=4
    )
    model.compile()
    for step, capacity in ((0, 0.0), (1, 2.0), (4, 8.0), (99, 8.0)):
        model.step.assign(step)
        assert float(model.present_capacity()) == pytest.approx(capacity)
        logs = model.evaluate(images(), batch_size=20, verbose=0, return_dict=True)
        expected = logs["reconstruction"] + 10 * abs(logs["kl"] - capacity)
        assert logs["loss"] == pytest.approx(expected, rel=1e-5)


def test_a_larger_beta_gives_less_kl_and_worse_reconstructions():
    """Down to the collapse, at the entropy of independent pixels."""
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 2, (100, 4, 1, 1))
    x = np.broadcast_to(2 * rows - 1, (100, 4, 4, 1)).astype("float32")
    data = tf.data.Dataset.from_tensors(x).repeat(400)
    kl, reconstruction = [], []
    for beta in (0.5, 1.0, 4.0, 16.0):
        keras.utils.set_random_seed(1)
        model = BetaVAE.build_default(
            (4, 4, 1), 4, architecture="dense", beta=beta, binarization="threshold", seed=1
        )
        model.compile(optimizer=keras.optimizers.Adam(5e-3), jit_compile=False)
        model.fit(data, verbose=0)
        logs = model.evaluate(x, batch_size=100, verbose=0, return_dict=True)
        kl.append(logs["kl"])
        reconstruction.append(logs["reconstruction"])
    assert (np.diff(kl) < 0).all() and (np.diff(reconstruction) > 0).all()
    p = (x.reshape(100, 16) + 1).mean(axis=0) / 2
    collapsed = -np.sum(p * np.log(p) + (1 - p) * np.log(1 - p))
    assert kl[-1] == pytest.approx(0, abs=0.3)
    assert reconstruction[-1] == pytest.approx(collapsed, rel=0.05)


def test_the_default_has_the_papers_widths():
    """64 x 64: 32-32-64-64 maps of 4x4 kernels, 256 units, 10 latents; and in reverse."""
    model = BetaVAE.build_default()
    convolutions = 16 * (1 * 32 + 32 * 32 + 32 * 64 + 64 * 64) + 32 + 32 + 64 + 64
    encoder = convolutions + (4 * 4 * 64 * 256 + 256) + 2 * (256 * 10 + 10)
    assert model.encoder.count_params() == encoder
    back = 16 * (64 * 64 + 64 * 32 + 32 * 32 + 32 * 1) + 64 + 32 + 32 + 1
    assert model.decoder.count_params() == (10 * 256 + 256) + (256 * 1024 + 1024) + back
    assert float(model.default_optimizers()["model"].learning_rate) == pytest.approx(1e-4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"beta": 2.0, "gamma": 2.0}, "two forms of the loss: pass one"),
        ({"beta": -1.0}, "must be at least 0"),
        ({"gamma": 1.0, "capacity_steps": 0}, "capacity_steps at least 1"),
    ],
)
def test_settings_out_of_range_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        BetaVAE.build_default((8, 8, 1), 2, **arguments)
