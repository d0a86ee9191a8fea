"""The history of generated images from which CycleGAN's discriminators learn."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("kgen")
class ImagePool(keras.layers.Layer):
    """Keeps generated images and hands out old ones: Shrivastava et al. 2017, section 2.3.

    While the pool fills, images pass through and are remembered. Once it is full, each image is,
    with probability 1/2, exchanged for one from a random place in the pool, and otherwise passes.
    The images of one batch go to different places. The pool is a non-trainable weight, so that it
    is part of the state under XLA and JAX and of the saved file.

    Args:
        size: How many images are kept; 0 switches the pool off.

    Input shape (n, height, width, channels), or (n, dimensions) of points, with all but n fixed,
    and n at most `size`.

    Example:

        >>> from kgen.training import Noise
        >>> pool = ImagePool(50)
        >>> images = keras.ops.ones((1, 8, 8, 3))
        >>> bool(keras.ops.all(pool(images, noise=Noise(keras.random.SeedGenerator(0))) == images))
        True
        >>> int(pool.count)
        1
    """

    def __init__(self, size: int = 50, **kwargs):
        # Images are kept as they are, also under a mixed-precision policy.
        super().__init__(**{"dtype": "float32", **kwargs})
        self.size = size

    def build(self, input_shape):
        """Makes room for `size` images."""
        if not self.size:
            return
        # Without an aggregation each replica of a tf.distribute strategy keeps a pool of its own.
        state = {"trainable": False, "initializer": "zeros"}
        self.images = self.add_weight(
            name="images", shape=(self.size, *input_shape[1:]), dtype="float32", **state
        )
        self.count = self.add_weight(name="count", shape=(), dtype="int32", **state)

    def call(self, images, *, noise):
        """Exchanges images.

        Args:
            images: The newly generated ones.
            noise: Where the random places and decisions come from (`kgen.training.Noise`).

        Returns:
            As many images, new or old.
        """
        if self.size == 0:
            return images
        images = ops.cast(images, "float32")
        n = ops.shape(images)[0]
        if isinstance(n, int) and n > self.size:
            raise ValueError(
                f"a batch of {n} does not fit an image pool of {self.size}: enlarge it."
            )
        filling = self.count.value < self.size
        places = ops.where(
            filling,
            ops.mod(self.count.value + ops.arange(self.size, dtype="int32"), self.size),
            noise.permutation(self.size),
        )[:n]
        exchange = ops.logical_and(ops.logical_not(filling), noise.uniform((n,)) < 0.5)
        old = ops.take(self.images.value, places, axis=0)
        each = (-1, *[1] * (len(images.shape) - 1))
        store = ops.reshape(ops.logical_or(filling, exchange), each)
        self.images.assign(
            ops.scatter_update(self.images.value, places[:, None], ops.where(store, images, old))
        )
        self.count.assign(ops.minimum(self.count.value + ops.cast(n, "int32"), self.size))
        return ops.where(ops.reshape(exchange, each), old, images)

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "size": self.size}
