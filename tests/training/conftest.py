"""Models of a few numbers, to see every step of their training by hand."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from kgen.models import GenerativeModel


def dense(inputs, *stack):
    """A network from vectors."""
    return keras.Sequential([keras.Input((inputs,)), *stack])


class Linear(GenerativeModel):
    """Two players, each a linear map of two numbers to one, without bias: `x @ w`."""

    players = {"left": ("left_map",), "right": ("right_map",)}

    def __init__(self, left=(1.0, 2.0), right=(3.0, -1.0), **kwargs):
        networks = {
            name: dense(2, layers.Dense(1, use_bias=False)) for name in ("left_map", "right_map")
        }
        super().__init__(networks, **kwargs)
        self.left_map.set_weights([np.array(left, "float32")[:, None]])
        self.right_map.set_weights([np.array(right, "float32")[:, None]])

    def default_optimizers(self):
        return {player: keras.optimizers.SGD(0.1) for player in self.players}

    def weights_of(self, player):
        return np.concatenate(
            [ops.convert_to_numpy(v).ravel() for v in self.player_variables(player)]
        )


@keras.saving.register_keras_serializable("kgen-tests")
class Duel(GenerativeModel):
    """A generator of points against a critic whose gradient is pulled to length one."""

    players = {"generator": ("generator",), "critic": ("critic",)}
    loss_names = ("critic_loss", "generator_loss", "penalty")
    averaged = ("generator",)

    @classmethod
    def small(cls, *critic, **kwargs):
        """Two numbers in, two out; `critic` goes into the middle of the critic.

        As in kgen's own networks, outputs are float32 under every policy. The critic's last layer
        has no bias, which its loss would not depend on.
        """
        scores = layers.Dense(1, use_bias=False, dtype="float32")
        return cls(
            dense(
                2,
                layers.Dense(4, "relu"),
                layers.BatchNormalization(),
                layers.Dense(2, dtype="float32"),
            ),
            dense(2, layers.Dense(4, "tanh"), *critic, layers.Dense(3, "tanh"), scores),
            **kwargs,
        )

    def __init__(self, generator, critic, **kwargs):
        super().__init__({"generator": generator, "critic": critic}, **kwargs)

    def default_optimizers(self):
        # Not Adam, which makes rounding errors of tiny gradients visible.
        return {player: keras.optimizers.SGD(0.02, momentum=0.5) for player in self.players}

    def train_step(self, data):
        n = ops.shape(data)[0]

        def critic_loss():
            fake = ops.stop_gradient(self.generator(self.noise.normal((n, 2)), training=True))
            share = self.noise.uniform((n, 1))
            slope = self.input_gradient(
                lambda x: self.critic(x, training=True), share * data + (1 - share) * fake
            )
            # Dropout may leave no slope at all, and there the root has no gradient.
            length = ops.sqrt(ops.sum(slope**2, axis=-1) + 1e-12)
            penalty = ops.mean((length - 1) ** 2)
            real, made = self.critic(data, training=True), self.critic(fake, training=True)
            return ops.mean(made) - ops.mean(real) + 10 * penalty, penalty

        def generator_loss():
            return -ops.mean(self.critic(self.generator(self.noise.normal((n, 2)), training=True)))

        loss, penalty = self.minimize(critic_loss, "critic")
        return self.update_metrics(
            n,
            critic_loss=loss,
            generator_loss=self.minimize(generator_loss, "generator"),
            penalty=penalty,
        )


@pytest.fixture
def points():
    """Eight points in the plane."""
    return np.random.default_rng(0).normal(size=(8, 2)).astype("float32")


@pytest.fixture
def linear():
    """Makes a compiled `Linear`."""

    def make(cls=Linear, **optimizers):
        model = cls(seed=1)
        model.compile(**optimizers)
        return model

    make.base = Linear
    return make


@pytest.fixture
def duel():
    """Makes a compiled `Duel` with equal weights and noise at every call."""

    def make(*critic, cls=Duel, compiled=None, **kwargs):
        keras.utils.set_random_seed(3)
        model = cls.small(*critic, **{"seed": 1, **kwargs})
        model.compile(**(compiled or {}))
        return model

    make.base = Duel
    return make
