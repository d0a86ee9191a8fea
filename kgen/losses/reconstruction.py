"""Distances between images and their reconstructions, means over all elements."""

from keras import ops


def mean_absolute_error(x, y):
    """`mean |x - y|`: the L1 loss of CycleGAN's cycles and of pix2pix."""
    return ops.mean(ops.abs(ops.cast(x, "float32") - ops.cast(y, "float32")))
