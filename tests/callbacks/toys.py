"""Models whose samples are known, for tests of callbacks that look at samples."""

import keras
import numpy as np
from keras import ops

from kgen.models import GenerativeModel


def bars(n, seed=0):
    """Images (n, 8, 8, 1) of one bright bar at a random place, across or upright."""
    rng = np.random.default_rng(seed)
    images = np.full((n, 8, 8, 1), -0.8, "float32")
    for image in images:
        place, upright = rng.integers(7), rng.integers(2)
        if upright:
            image[:, place : place + 2] = 0.8
        else:
            image[place : place + 2] = 0.8
    return images


@keras.saving.register_keras_serializable("kgen_tests")
class Fading(GenerativeModel):
    """Draws bars under noise that is weakest after `peak` epochs, and grows from there on."""

    players = {"model": ("network",)}
    loss_names = ("loss",)

    def __init__(self, network=None, peak=2, **kwargs):
        if network is None:
            network = keras.Sequential(
                [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(1)]
            )
        super().__init__({"network": network}, **kwargs)
        self.peak = peak

    def default_optimizers(self):
        return {"model": keras.optimizers.SGD(0.1)}

    def train_step(self, data):
        noise = self.noise.normal((1,))  # so that a disturbed source of noise would show
        loss = self.minimize(lambda: ops.mean((self.network(data) + noise) ** 2))
        return self.update_metrics(ops.shape(data)[0], loss=loss)

    def test_step(self, data):
        loss = ops.mean(self.network(data) ** 2)
        return self.update_metrics(ops.shape(data)[0], loss=loss)

    def signatures(self):
        return {}

    def sample(self, n, seed=None):
        rng = np.random.default_rng(seed)
        noise = rng.standard_normal((n, 8, 8, 1)).astype("float32")
        strength = 0.05 + 0.3 * abs(self.epochs_trained - self.peak)
        return np.clip(bars(n, rng.integers(2**31)) + strength * noise, -1, 1)

    def get_config(self):
        return {**super().get_config(), "peak": self.peak}
