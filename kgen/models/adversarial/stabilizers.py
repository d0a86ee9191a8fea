"""What `GAN` does to steady its game beside regularizers, each as a function."""

import keras
from keras import ops

from kgen.losses import at_step


def with_noise(images, deviation, step, noise):
    """Images with Gaussian noise, the more apart two distributions the more it helps them overlap.

    Sonderby et al. 2017; Arjovsky & Bottou 2017, section 3.

    Args:
        images: Any shape.
        deviation: Standard deviation; a number or a schedule of the step.
        step: How many steps the model was trained.
        noise: A `kgen.training.Noise`.
    """
    if not callable(deviation) and deviation == 0:
        return images
    return images + at_step(deviation, step) * noise.normal(ops.shape(images))


def squared_distance(network: keras.Model, other: keras.Model):
    """`|w - w'|^2` over all trainable weights of `network`; `other` is a copy of it."""
    pairs = zip(network.weights, other.weights, strict=True)
    trained = {id(v) for v in network.trainable_variables}
    return sum(
        ops.sum(ops.square(ops.cast(w, "float32") - ops.cast(mean, "float32")))
        for w, mean in pairs
        if id(w) in trained
    )
