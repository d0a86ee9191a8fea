"""What the models of two directions share: a mixture of Gaussians, rotated and moved, is found."""

import keras
import numpy as np
import pytest

from kgen.datasets.mixture import Mixture
from kgen.losses import GradientPenalty
from kgen.models import CycleGAN, DiscoGAN, DualGAN
from kgen.networks import mlp_discriminator, mlp_generator

MIXTURE = Mixture([[1.5, 0.0], [-0.5, 1.0], [-0.5, -0.6]], 0.15)
STEPS, BATCH = 600, 128


def _sides(n, seed=0):
    """Points of the mixture, and others of it rotated by 90 degrees and moved by (1, -0.5)."""
    rng = np.random.default_rng(seed)
    a, b = MIXTURE.draw(n, rng), MIXTURE.draw(n, rng)
    return a, (b @ [[0, 1], [-1, 0]] + [1, -0.5]).astype("float32")


def _networks():
    keras.utils.set_random_seed(1)
    for name in ("ab", "ba"):
        network = mlp_generator((2,), 2, (64, 64), output_activation=None)
        network.name = f"generator_{name}"
        for layer in network.layers:  # theirs, U(-0.05, 0.05), suit images
            if isinstance(layer, keras.layers.Dense):
                layer.kernel.assign(keras.initializers.GlorotUniform()(layer.kernel.shape))
        yield network
    for name in ("a", "b"):
        network = mlp_discriminator((2,), (64, 64), "relu")
        network.name = f"discriminator_{name}"
        yield network


def _adam(rate=1e-3):
    return keras.optimizers.Adam(rate, beta_1=0.5)


CASES = {
    "cycle": lambda networks: CycleGAN(*networks, identity_weight=0.0, pool_size=256),
    "disco": lambda networks: DiscoGAN(*networks, curriculum_steps=300),
    "dual": lambda networks: DualGAN(
        *networks, cycle_weight=5.0, regularizers=[GradientPenalty(0.1)], discriminator_steps=2
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_rotated_mixture(case):
    """The translations' moments become those of the target, and the way back leads home."""
    model = CASES[case](_networks())
    model.compile(
        jit_compile=False, steps_per_execution=10,
        generator_optimizer=_adam(), discriminator_optimizer=_adam(),
    )  # fmt: skip
    a, b = _sides(2000, seed=7)

    def error():
        there, back = model.translate(a, "b"), model.translate(b, "a")
        again = model.translate(there, "a") - a, model.translate(back, "b") - b
        return float(np.abs(np.concatenate(again)).mean())

    before = error()
    model.fit(*_sides(BATCH * STEPS), batch_size=BATCH, verbose=0)
    assert error() < 0.1 * before
    for made, real in ((model.translate(a, "b"), b), (model.translate(b, "a"), a)):
        np.testing.assert_allclose(made.mean(axis=0), real.mean(axis=0), atol=0.1)
        np.testing.assert_allclose(np.cov(made.T), np.cov(real.T), atol=0.15)
