"""The one source of randomness that a model owns."""

import keras
from keras import ops

from kgen.training import seam


@keras.saving.register_keras_serializable("kgen")
class ReplicaSeedGenerator(keras.random.SeedGenerator):
    """A `SeedGenerator` whose seeds differ between the replicas of a `tf.distribute` strategy.

    Keras mirrors the state of a seed generator, so that every replica would draw the same noise.
    """

    def next(self, ordered: bool = True):
        """The next seed, a tensor of shape (2,), with the replica's index folded in."""
        return seam.fold_in_replica(super().next(ordered))


class Noise:
    """Draws a model's noise. Tests put another object with these methods in its place.

    Args:
        seed_generator: Where the seeds come from; its state advances with every draw.

    Example:

        >>> noise = Noise(keras.random.SeedGenerator(1))
        >>> tuple(noise.normal((4, 2)).shape)
        (4, 2)
    """

    def __init__(self, seed_generator: keras.random.SeedGenerator):
        self.seed_generator = seed_generator

    def normal(self, shape):
        """Standard normal float32 numbers."""
        return seam.normal(shape, self.seed_generator)

    def uniform(self, shape, low: float = 0.0, high: float = 1.0):
        """Uniform float32 numbers in [low, high)."""
        return low + (high - low) * seam.uniform(shape, self.seed_generator)

    def permutation(self, n: int):
        """A random permutation of 0 .. n-1, int32 of shape (n,)."""
        return ops.cast(ops.argsort(self.uniform((n,))), "int32")


def draw_latents(noise: Noise, shape, distribution: str):
    """Latents of a distribution, as signatures state it.

    Args:
        noise: Where the numbers come from.
        shape: (n, latent_dim).
        distribution: `"N(0, 1)"`; `"U(-1, 1)"`; or `"sphere"`, even on the sphere whose radius is
            the root of the dimension, so that each latent has a mean square of 1.

    Example:

        >>> latents = draw_latents(Noise(keras.random.SeedGenerator(1)), (3, 8), "sphere")
        >>> [round(float(ops.mean(row**2)), 4) for row in latents]
        [1.0, 1.0, 1.0]
    """
    if distribution == "U(-1, 1)":
        return noise.uniform(shape, -1.0, 1.0)
    normal = noise.normal(shape)
    if distribution != "sphere":
        return normal
    return normal / ops.sqrt(ops.mean(ops.square(normal), axis=-1, keepdims=True))


class RecordedNoise:
    """Hands out arrays recorded before, in order: for comparing runs across backends.

    Args:
        arrays: NumPy arrays, one for each draw to come.

    Raises:
        IndexError: When a draw is asked for and none is left.
        ValueError: When the next array has another shape than asked for.
    """

    def __init__(self, arrays):
        self.arrays = list(arrays)

    def _next(self, shape):
        array = self.arrays.pop(0)
        if all(isinstance(n, int) for n in shape) and tuple(shape) != array.shape:
            raise ValueError(f"the draw wants shape {tuple(shape)}; recorded was {array.shape}")
        return ops.convert_to_tensor(array)

    def normal(self, shape):
        """The next recorded array, taken as standard normal."""
        return self._next(shape)

    def uniform(self, shape, low: float = 0.0, high: float = 1.0):
        """The next recorded array, taken as uniform in [0, 1) and scaled to [low, high)."""
        return low + (high - low) * self._next(shape)

    def permutation(self, n: int):
        """The permutation that sorts the next recorded array of shape (n,)."""
        return ops.cast(ops.argsort(self._next((n,))), "int32")
