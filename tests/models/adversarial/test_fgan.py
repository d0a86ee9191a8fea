import numpy as np
import pytest

from kgen import losses
from kgen.models import FGAN
from kgen.networks import mlp_discriminator, mlp_generator
from tests.contract import ModelContract


class TestFGAN(ModelContract):
    @staticmethod
    def build():
        return FGAN.build_default((8, 8, 1), latent_dim=4, width=20, divergence="jensen_shannon")

    @staticmethod
    def data():
        return np.random.default_rng(0).uniform(-1, 1, (20, 8, 8, 1)).astype("float32")


def test_paper_size_has_the_hand_derived_counts():
    """MNIST: 100-1200-1200-784 with batch normalisation for biases, and 784-240-240-1."""
    generator = 100 * 1200 + 1200 * 1200 + 2 * 4 * 1200 + (1200 + 1) * 784
    assert mlp_generator((28, 28, 1), 100, batch_norm=True).count_params() == generator
    discriminator = (784 + 1) * 240 + (240 + 1) * 240 + 240 + 1
    assert mlp_discriminator((28, 28, 1)).count_params() == discriminator
    assert FGAN.build_default().count_params() == generator + discriminator + 2  # step and epoch


@pytest.mark.parametrize("divergence", losses.F_DIVERGENCES)
def test_the_losses_are_those_of_the_divergence(divergence):
    model = FGAN.build_default((8, 8, 1), 4, 10, divergence=divergence)
    real, fake = np.array([[0.3], [1.0]], "float32"), np.array([[-0.5], [0.2]], "float32")
    assert float(model.discriminator_loss(real, fake)) == float(
        losses.f_discriminator(real, fake, divergence)
    )
    assert float(model.generator_loss(fake)) == float(losses.f_generator(fake, divergence))


def test_the_default_is_kl_and_an_objective_is_taken_as_well():
    assert FGAN.build_default((8, 8, 1), 4, 10).objective == losses.FDivergence("kl")
    saturating = losses.FDivergence("gan", saturating=True)
    assert FGAN.build_default((8, 8, 1), 4, 10, objective=saturating).objective == saturating


def test_what_it_cannot_be_is_refused():
    with pytest.raises(ValueError, match="a divergence or an objective, not both"):
        FGAN.build_default((8, 8, 1), 4, 10, divergence="kl", objective="f_gan")
    with pytest.raises(ValueError, match=r"one of kl, reverse_kl, .* got 'jeffrey'"):
        FGAN.build_default((8, 8, 1), 4, 10, divergence="jeffrey")
    with pytest.raises(ValueError, match="width must be at least 5"):
        FGAN.build_default((8, 8, 1), 4, 4)
