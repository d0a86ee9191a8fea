"""Dropout, drawn as all of kgen's noise is."""

import keras
from keras import ops

from kgen.training import Noise, ReplicaSeedGenerator


@keras.saving.register_keras_serializable("kgen")
class Dropout(keras.layers.Layer):
    """Zeros a share of its input in training and scales up the rest, and nothing otherwise.

    Srivastava et al. 2014. Keras has a layer of this name. This one differs between the replicas of
    a `tf.distribute` strategy, is repeatable on PyTorch without a seed of its own, and draws with
    the algorithm that is fast under XLA on a CPU, where Keras's takes a hundred times as long for
    a number. The state of its seed is saved with the model.

    Args:
        rate: The share of the numbers to drop, in [0, 1).
        seed: Drawn at random, under `keras.utils.set_random_seed`'s control, when `None`.

    Raises:
        ValueError: If the rate is not in [0, 1).

    Example:

        >>> layer = Dropout(0.5, seed=1)
        >>> sorted(set(layer(ops.ones((100,)), training=True).numpy().tolist()))
        [0.0, 2.0]
        >>> float(layer(ops.ones((1,)))[0])
        1.0
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= rate < 1:
            raise ValueError(f"rate must lie in [0, 1), got {rate}.")
        self.rate = rate
        self.seed = seed
        self.seed_generator = ReplicaSeedGenerator(seed)
        self.built = True

    def call(self, inputs, training=False):
        """The inputs, with holes in training."""
        if not training or not self.rate:
            return inputs
        uniforms = Noise(self.seed_generator).uniform(ops.shape(inputs))
        kept = ops.cast(uniforms >= self.rate, inputs.dtype)
        return inputs * kept / (1 - self.rate)

    def compute_output_shape(self, input_shape):
        """The input's."""
        return input_shape

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}
