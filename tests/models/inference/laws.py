"""What the tests of pair games share: data, and how far a step moves each network."""

import numpy as np
from keras import ops

from kgen.training import RecordedNoise


def images(n=20, side=8):
    return np.random.default_rng(0).uniform(-1, 1, (n, side, side, 1)).astype("float32")


def number(tensor):
    return float(ops.convert_to_numpy(tensor))


def weights(model):
    """The trained weights of each network, as one vector."""
    return {
        name: np.concatenate(
            [
                ops.convert_to_numpy(v.value).ravel()
                for v in getattr(model, name).trainable_variables
            ]
        )
        for name in ("encoder", "decoder", "discriminator")
    }


def moved(model, loss, player="generator"):
    """How far one step on a loss moves each network at most; 0 is exactly 0."""
    before = weights(model)
    model.minimize(loss, player)
    return {name: float(np.abs(new - before[name]).max()) for name, new in weights(model).items()}


def one_step(build, data, noise, **optimizers):
    """The weights after one training step of these players, from equal weights and noise."""
    model = build()
    keywords = {f"{player}_optimizer": sgd for player, sgd in optimizers.items()}
    model.compile(run_eagerly=True, **keywords)
    model.noise = RecordedNoise(noise)
    model.train_step(data)
    return weights(model)
