import numpy as np
import pytest

from kgen.losses import LeastSquares
from kgen.models import LSGAN
from tests.contract import ModelContract


class TestLSGAN(ModelContract):
    @staticmethod
    def build():
        return LSGAN.build_default((8, 8, 1), latent_dim=4, width=4)

    @staticmethod
    def data():
        return np.random.default_rng(0).uniform(-1, 1, (20, 8, 8, 1)).astype("float32")


def test_losses_start_at_one_half():
    """Small random weights give D near 0: 1/2 (0 - 1)^2 + 0, and 1/2 (0 - 1)^2."""
    model = LSGAN.build_default((16, 16, 1), latent_dim=16, width=8)
    model.compile()
    images = np.random.default_rng(0).uniform(-1, 1, (16, 16, 16, 1)).astype("float32")
    logs = model.evaluate(images, verbose=0, return_dict=True)
    assert logs["discriminator_loss"] == pytest.approx(0.5, abs=0.02)
    assert logs["generator_loss"] == pytest.approx(0.5, abs=0.02)
    assert logs["critic_gap"] == pytest.approx(0.0, abs=0.02)


def test_the_pearson_form_is_an_argument():
    """Eq. 8 at D = 0: 1/2 + 1/2 for the discriminator, 0 for the generator."""
    model = LSGAN.build_default((8, 8, 1), 4, 4, objective=LeastSquares(-1.0, 1.0, 0.0))
    zero = np.zeros((3, 1), "float32")
    assert float(model.discriminator_loss(zero, zero)) == 1.0
    assert float(model.generator_loss(zero)) == 0.0


def test_the_default_size_has_the_papers_maps():
    """112 x 112 pixels, and in the discriminator 64, 128, 256 and 512 maps of half the side."""
    model = LSGAN.build_default()
    maps = [x.output.shape[1:] for x in model.discriminator.layers if "conv" in x.name]
    assert maps == [(56, 56, 64), (28, 28, 128), (14, 14, 256), (7, 7, 512)]
    assert model.image_shape == (112, 112, 3)
