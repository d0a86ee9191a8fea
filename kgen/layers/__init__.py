"""Layers that Keras lacks, one a file."""

from kgen.layers.image_pool import ImagePool
from kgen.layers.reflection_padding import ReflectionPadding2D

__all__ = ["ImagePool", "ReflectionPadding2D"]
