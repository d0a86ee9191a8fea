"""What an image should show, told to a convolution: one plane for each number of a vector."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("kgen")
class LabelPlanes(keras.layers.Layer):
    """Joins to images one constant plane for each number of a vector (Choi et al. 2018, section 3).

    Input shapes (n, height, width, channels) and (n, numbers), output
    (n, height, width, channels + numbers).

    Example:

        >>> joined = LabelPlanes()([ops.zeros((1, 2, 2, 3)), ops.array([[1.0, 0.0]])])
        >>> [float(v) for v in joined[0, 1, 1]]
        [0.0, 0.0, 0.0, 1.0, 0.0]
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.built = True

    def call(self, inputs):
        """Joins them along the last axis."""
        images, vectors = inputs
        vectors = ops.cast(vectors, images.dtype)[:, None, None, :]
        planes = ops.broadcast_to(vectors, (*ops.shape(images)[:-1], vectors.shape[-1]))
        return ops.concatenate([images, planes], axis=-1)

    def compute_output_shape(self, input_shape):
        """More channels."""
        images, vectors = input_shape
        return (*images[:-1], images[-1] + vectors[-1])
