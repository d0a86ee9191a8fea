import keras
import numpy as np
import pytest

from kgen.losses import WeightClipping
from kgen.models import GAN, WGAN
from tests.contract import ModelContract


def images(n=20):
    return np.random.default_rng(0).uniform(-1, 1, (n, 8, 8, 1)).astype("float32")


class TestWGAN(ModelContract):
    @staticmethod
    def build():
        # Two batches would not reach the first update of the generator with the authors' schedule.
        return WGAN.build_default((8, 8, 1), 4, 4, discriminator_steps=2, warmup=False)

    @staticmethod
    def data():
        return images()


def _weights(network):
    return [keras.ops.convert_to_numpy(v.value) for v in network.trainable_variables]


@pytest.mark.core
def test_every_weight_of_the_critic_stays_within_the_bound():
    model = WGAN.build_default((8, 8, 1), 4, 4)
    assert max(np.abs(w).max() for w in _weights(model.discriminator)) <= 0.01
    model.compile(
        discriminator_optimizer=keras.optimizers.SGD(1.0),
        generator_optimizer=keras.optimizers.SGD(0.0),
    )
    model.fit(images(), batch_size=4, verbose=0)
    clipped = np.concatenate([w.ravel() for w in _weights(model.discriminator)])
    assert np.abs(clipped).max() == pytest.approx(0.01)
    assert np.mean(np.abs(clipped) > 0.00999) > 0.2
    assert max(np.abs(w).max() for w in _weights(model.generator)) > 0.02  # not the generator's


def _updates(model, steps):
    """After which steps the generator had moved."""
    moved, before = [], _weights(model.generator)
    for step in range(1, steps + 1):
        model.fit(images(2), batch_size=2, verbose=0)
        now = _weights(model.generator)
        if not all(np.array_equal(a, b) for a, b in zip(before, now, strict=True)):
            moved.append(step)
        before = now
    return moved


@pytest.mark.core
def test_the_generator_waits_for_the_critic():
    """25 updates after 100 steps each, then 5 each, and 100 again before the 501st."""
    model = WGAN.build_default((8, 8, 1), 4, 4)
    model.compile()
    model.critic_steps.assign(98)
    assert _updates(model, 3) == [2]
    model.generator_updates.assign(24)
    model.critic_steps.assign(99)
    assert _updates(model, 7) == [1, 6]  # the 25th after its 100, the 26th after 5
    assert int(model.generator_updates) == 26
    model.generator_updates.assign(499)
    model.critic_steps.assign(4)
    assert _updates(model, 6) == [1]
    assert int(model.critic_steps) == 5  # the 501st is still waiting
    assert int(model.optimizer["generator"].iterations) == 4
    assert int(model.optimizer["discriminator"].iterations) == 16


def test_without_warmup_every_fifth_step_trains_the_generator():
    model = WGAN.build_default((8, 8, 1), 4, 4, warmup=False)
    model.compile()
    assert _updates(model, 11) == [5, 10]


def test_the_estimate_grows_with_the_shift():
    """Two point masses and a clipped linear critic, w = 0.01: the estimate is w times the shift."""
    gaps = []
    for shift in (1.0, 3.0):
        generator = keras.Sequential(
            [keras.Input((1,)), keras.layers.Rescaling(0.0), keras.layers.Reshape((1, 1, 1))]
        )
        critic = keras.Sequential(
            [
                keras.Input((1, 1, 1)),
                keras.layers.Flatten(),
                keras.layers.Dense(1, use_bias=False),
            ]
        )
        model = GAN(generator, critic, objective="wasserstein", regularizers=[WeightClipping(0.01)])
        model.compile(generator_optimizer="sgd", discriminator_optimizer="sgd")
        real = np.full((4, 1, 1, 1), shift / 3, "float32")
        for _ in range(4):
            history = model.fit(real, batch_size=4, verbose=0).history
        gaps.append(history["critic_gap"][0])
        assert history["discriminator_loss"][0] == pytest.approx(-gaps[-1])
    assert gaps == pytest.approx([0.01 / 3, 0.01], rel=1e-4)


def test_default_optimizers_are_the_papers():
    for optimizer in WGAN.build_default((8, 8, 1), 4, 4).default_optimizers().values():
        assert isinstance(optimizer, keras.optimizers.RMSprop)
        assert float(optimizer.learning_rate.numpy()) == pytest.approx(5e-5)
        assert (optimizer.rho, optimizer.epsilon) == (0.99, 1e-8)
