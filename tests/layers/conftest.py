"""Gradients of a network's weights, on whichever backend this process runs."""

import keras
import numpy as np
import pytest
from keras import ops

from kgen.models import GenerativeModel


class _One(GenerativeModel):
    players = {"only": ("network",)}


@pytest.fixture
def gradients():
    """A function of a network and a loss to the loss's gradients, one for each trained weight."""

    def compute(network, loss):
        model = _One({"network": network}, seed=1)
        model.compile(optimizer=keras.optimizers.SGD(1.0), run_eagerly=True)
        before = [np.array(ops.convert_to_numpy(v)) for v in network.trainable_variables]
        model.minimize(loss)
        after = [ops.convert_to_numpy(v) for v in network.trainable_variables]
        return [a - b for a, b in zip(before, after, strict=True)]

    return compute


@pytest.fixture
def through_a_file(tmp_path):
    """A function of a network to itself, saved and loaded again."""

    def load(network):
        network.save(tmp_path / "network.keras")
        return keras.models.load_model(tmp_path / "network.keras")

    return load
