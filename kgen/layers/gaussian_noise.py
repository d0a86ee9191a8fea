"""Gaussian noise, drawn as all of kgen's noise is."""

import keras
from keras import ops

from kgen.training import Noise, ReplicaSeedGenerator


@keras.saving.register_keras_serializable("kgen")
class GaussianNoise(keras.layers.Layer):
    """Adds N(0, stddev^2) to its input in training, and nothing otherwise.

    Keras has a layer of this name. This one differs between the replicas of a `tf.distribute`
    strategy, is repeatable on PyTorch without a seed of its own, takes any deviation, and draws
    with the algorithm that is fast under XLA. The state of its seed is saved with the model.

    Args:
        stddev: The standard deviation.
        seed: Drawn at random, under `keras.utils.set_random_seed`'s control, when `None`.

    Raises:
        ValueError: For a negative deviation.

    Example:

        >>> layer = GaussianNoise(0.5, seed=1)
        >>> float(layer(ops.ones((1,)), training=False)[0])
        1.0
        >>> 0.49 < float(ops.std(layer(ops.ones((10_000,)), training=True))) < 0.51
        True
    """

    def __init__(self, stddev: float, seed: int | None = None, **kwargs):
        super().__init__(**kwargs)
        if stddev < 0:
            raise ValueError(f"stddev must be at least 0, got {stddev}.")
        self.stddev = stddev
        self.seed = seed
        self.seed_generator = ReplicaSeedGenerator(seed)
        self.built = True

    def call(self, inputs, training=False):
        """The inputs, noisy in training."""
        if not training or not self.stddev:
            return inputs
        noise = Noise(self.seed_generator).normal(ops.shape(inputs))
        return inputs + ops.cast(self.stddev * noise, inputs.dtype)

    def compute_output_shape(self, input_shape):
        """The input's."""
        return input_shape

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "stddev": self.stddev, "seed": self.seed}
