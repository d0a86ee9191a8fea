import keras
import numpy as np
import pytest
from keras import ops

from kgen.losses import QuadraticPotential
from kgen.models import GAN, GANQP
from tests.contract import ModelContract


class TestGANQP(ModelContract):
    @staticmethod
    def build():
        return GANQP.build_default((8, 8, 1), latent_dim=4, width=4)

    @staticmethod
    def data():
        return np.random.default_rng(0).uniform(-1, 1, (20, 8, 8, 1)).astype("float32")


def test_the_critic_has_no_biases_but_normalisation():
    critic = GANQP.build_default((16, 16, 1), 4, 4).discriminator
    assert not any(v.path.endswith("bias") for v in critic.trainable_variables)
    assert any(v.path.endswith("gamma") for v in critic.trainable_variables)


@pytest.mark.parametrize(("kind", "distance"), [("l1", 0.6), ("l2", np.sqrt(0.52))])
def test_two_point_masses_meet_the_optimum_in_closed_form(kind, distance):
    """(1, 0) and (0, 0.2): d is 1.2 / 2, or sqrt(1.04 / 2). Gap 10 d, loss -5 d."""
    real = np.array([[1.0, 0.0]], "float32").reshape(1, 1, 1, 2).repeat(4, axis=0)
    latents = keras.Input((1,))
    point = ops.reshape(ops.array([0.0, 0.2]), (1, 1, 1, 2))
    generator = keras.Model(
        latents, keras.layers.Lambda(lambda z: 0 * z[:, None, None] + point)(latents)
    )
    images = keras.Input((1, 1, 2))
    scores = keras.layers.Dense(1, use_bias=False)(keras.layers.Flatten()(images))
    model = GAN(
        generator, keras.Model(images, scores), objective=QuadraticPotential(kind, 10.0), seed=0
    )
    model.compile(
        run_eagerly=True,
        generator_optimizer="sgd",
        discriminator_optimizer=keras.optimizers.SGD(1.0),
    )
    model.discriminator.set_weights([np.array([[0.5], [-0.5]], "float32")])
    for _ in range(100):
        loss, report = model.minimize(
            lambda: model.judge(real, generator(ops.zeros((4, 1))), True, model.noise),
            "discriminator",
        )
    assert float(report["critic_gap"]) == pytest.approx(10 * distance, rel=1e-3)
    assert float(loss) == pytest.approx(-10 * distance / 2, rel=1e-3)
