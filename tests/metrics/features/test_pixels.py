"""Checking, quantising and resizing images, against TensorFlow, Pillow and values by hand."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from kgen.errors import MetricError
from kgen.metrics.features import pixels


@pytest.mark.parametrize("size", [(299, 299), (7, 5), (13, 40), (1, 1)])
def test_tf1_resize_is_tensorflows(size):
    """Growing, shrinking, and both at once: the same float32 to the last bits."""
    images = np.random.default_rng(0).uniform(0, 255, (2, 13, 17, 3)).astype("float32")
    theirs = tf.compat.v1.image.resize_bilinear(images, size, align_corners=False).numpy()
    ours = pixels.resize_tf1(images, size)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-4)


def test_tf1_resize_by_hand():
    """2 x 2 to 4 x 4: rows are read at 0, 1/2, 1 and 3/2, the last past the end."""
    image = np.array([[0, 4], [8, 12]], "float32")[None, :, :, None]
    expected = [[0, 2, 4, 4], [4, 6, 8, 8], [8, 10, 12, 12], [8, 10, 12, 12]]
    assert pixels.resize_tf1(image, (4, 4))[0, :, :, 0].tolist() == expected
    # Shrinking by two takes every second pixel and averages none.
    assert pixels.resize_tf1(image, (1, 1)).ravel().tolist() == [0]


def test_tf1_resize_is_neither_of_its_successors():
    """Half-pixel centres and antialiasing, what TensorFlow 2 and Pillow do, give other images."""
    images = np.random.default_rng(0).uniform(0, 255, (1, 16, 16, 1)).astype("float32")
    ours = pixels.resize_tf1(images, (24, 24))
    assert np.abs(ours - tf.image.resize(images, (24, 24)).numpy()).max() > 10
    aligned = tf.compat.v1.image.resize_bilinear(images, (24, 24), align_corners=True).numpy()
    assert np.abs(ours - aligned).max() > 10


def test_clean_resize_is_pillows_by_channel():
    images = np.random.default_rng(0).integers(0, 256, (2, 16, 12, 3)).astype("uint8")
    resized = pixels.resize_clean(images, (9, 30))
    for image, row in zip(images, resized, strict=True):
        for channel in range(3):
            plane = Image.fromarray(image[:, :, channel].astype("float32"))
            plane = plane.resize((30, 9), Image.Resampling.BICUBIC)
            np.testing.assert_array_equal(row[:, :, channel], np.clip(np.asarray(plane), 0, 255))
    assert resized.min() >= 0 and resized.max() <= 255


def test_clean_resize_keeps_floats():
    """A ramp shrunk by two: means between whole levels, which 8-bit resizing would round."""
    ramp = np.repeat(np.arange(16.0)[None, :, None, None], 2, axis=2).reshape(1, 16, 2, 1)
    middle = pixels.resize_clean(ramp, (8, 2))[0, 2:6, 0, 0]
    np.testing.assert_allclose(middle, [4.5, 6.5, 8.5, 10.5], atol=1e-4)


@pytest.mark.parametrize("resize", [pixels.resize_tf1, pixels.resize_clean])
def test_an_image_of_the_right_size_is_untouched(resize):
    images = np.random.default_rng(0).uniform(0, 255, (1, 8, 9, 1)).astype("float32")
    np.testing.assert_array_equal(resize(images, (8, 9)), images)


def test_every_level_survives():
    levels = np.arange(256, dtype="uint8")
    np.testing.assert_array_equal(pixels.to_bytes(pixels.to_unit(levels)), levels)
    np.testing.assert_array_equal(pixels.to_levels(levels, rounded=False), levels)
    # The datasets' own scale.
    np.testing.assert_array_equal(pixels.to_unit(levels), levels.astype("float32") / 127.5 - 1)


def test_unrounded_levels_are_clipped():
    images = np.array([-3.0, 0.2, 3.0], "float32")
    levels = pixels.to_levels(images, rounded=False)
    np.testing.assert_allclose(levels, [0, 153.0, 255], rtol=1e-6)
    assert pixels.to_levels(np.array([0.201], "float32"), rounded=False)[0] == pytest.approx(
        153.1275
    )
    assert pixels.to_levels(np.array([0.201], "float32"))[0] == 153


def test_grey_becomes_three_equal_channels():
    grey = np.arange(4.0).reshape(1, 2, 2, 1)
    assert pixels.coloured(grey).shape == (1, 2, 2, 3)
    assert (pixels.coloured(grey) == grey).all()
    assert pixels.coloured(np.zeros((1, 2, 2, 3))).shape == (1, 2, 2, 3)


GOOD = np.zeros((2, 4, 4, 1), "float32")


@pytest.mark.parametrize(
    ("images", "says"),
    [
        (GOOD[..., 0], r"shape \(2, 4, 4\)"),
        (np.zeros((2, 4, 5, 1), "float32"), r"\(n, 4, 4, 1\)"),
        (GOOD.astype("int64"), "int64"),
        (GOOD + 255, "from 255 to 255"),
        (np.where(np.arange(2)[:, None, None, None] == 1, np.nan, GOOD), "image 1 holds NaN"),
        (GOOD - np.inf, "image 0 holds NaN or infinity"),
    ],
)
def test_what_is_no_image_is_refused(images, says):
    with pytest.raises(MetricError, match=says):
        pixels.checked(images, (4, 4, 1))


def test_images_are_taken_as_bytes_floats_and_tensors():
    assert pixels.checked(GOOD.astype("uint8"), (4, 4, 1)).dtype == np.uint8
    assert pixels.checked(GOOD.astype("float64"), (4, 4, 1)).dtype == np.float32
    assert pixels.checked(tf.constant(GOOD), (4, 4, 1)).shape == (2, 4, 4, 1)
    assert pixels.checked(GOOD[:0], (4, 4, 1)).shape == (0, 4, 4, 1)
    assert pixels.checked(GOOD + 1.2, (4, 4, 1)).max() > 1  # a linear output's overshoot
