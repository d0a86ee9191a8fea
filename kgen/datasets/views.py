"""What is seen of each image of a training batch: a window of it, mirrored or not."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf


class View(NamedTuple):
    """One view for each row of a batch, the same for all images of the row.

    Attributes:
        flips: bool `(n,)`, the rows to mirror from left to right, or `None` for none.
        corners: int32 `(n, 2)`, the top left pixel of each row's window, or `None` for all of it.
        jitter: How many pixels higher and wider than the window the images are.
    """

    flips: tf.Tensor | None = None
    corners: tf.Tensor | None = None
    jitter: int = 0


def seen(images: tf.Tensor, view: View | None) -> tf.Tensor:
    """The images through a view, `(n, height - jitter, width - jitter, channels)`.

    Example:

        >>> images = tf.reshape(tf.range(9), (1, 3, 3, 1))
        >>> view = View(flips=tf.constant([True]), corners=tf.constant([[1, 0]]), jitter=1)
        >>> seen(images, view)[0, :, :, 0].numpy().tolist()
        [[4, 3], [7, 6]]
    """
    if view is None:
        return images
    if view.corners is not None:
        for axis in (1, 2):
            side = images.shape[axis] - view.jitter
            pixels = view.corners[:, axis - 1, None] + tf.range(side)
            images = tf.gather(images, pixels, axis=axis, batch_dims=1)
    return images if view.flips is None else _mirrored(images, view.flips)


def _mirrored(images: tf.Tensor, flips: tf.Tensor) -> tf.Tensor:
    # Choosing whole rows is ten times faster than `tf.where`, which broadcasts to every pixel.
    both = tf.concat([images, tf.reverse(images, axis=[2])], axis=0)
    n = tf.shape(images)[0]
    rows = tf.range(n) + n * tf.cast(flips, tf.int32)
    return tf.ensure_shape(tf.gather(both, rows), images.shape)


def enlarged(images: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Images `(n, height, width, channels)` at a larger size, bicubic, of the same kind.

    Example:

        >>> enlarged(np.full((1, 8, 8, 1), 200, np.uint8), (10, 10)).max()
        np.uint8(200)
    """
    if not len(images):
        return np.zeros((0, *size, images.shape[-1]), images.dtype)
    with tf.device("cpu:0"):
        larger = tf.image.resize(images, size, method="bicubic").numpy()
    if images.dtype == np.uint8:
        return np.clip(np.round(larger), 0, 255).astype(np.uint8)
    return np.clip(larger, -1, 1)
