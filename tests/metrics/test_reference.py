"""Statistics of real images: right, kept, and believed only where they fit."""

import os
import time

import numpy as np
import pytest
import tensorflow as tf

from kgen.errors import MetricError
from kgen.metrics.features import find
from kgen.metrics.reference import Reference

SHAPE = (4, 4, 3)
IMAGES = np.random.default_rng(0).uniform(-1, 1, (700, *SHAPE)).astype("float32")


class Counted:
    """Channel means, and how many images were asked for."""

    def __init__(self, scale=1.0):
        self.images, self.scale = 0, scale

    def __call__(self, images):
        self.images += len(images)
        return images.mean(axis=(1, 2)) * self.scale


@pytest.fixture(autouse=True)
def kgen_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KGEN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def reference(images=IMAGES, scale=1.0):
    """A reference, and what counts the images its network sees from now on."""
    counted = Counted(scale)
    network = find(counted, SHAPE)
    counted.images = 0
    return Reference(images, network), counted


def test_moments_and_features_by_numpy():
    made, _ = reference()
    expected = IMAGES.astype("float64").mean(axis=(1, 2))
    assert made.n == 700
    np.testing.assert_allclose(made.features, expected, atol=1e-6)
    np.testing.assert_allclose(made.moments.mean, expected.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(made.moments.cov, np.cov(expected, rowvar=False), atol=1e-7)
    assert made.moments.n == 700


def test_kept_on_disk(kgen_cache):
    first, counted = reference()
    moments = first.moments
    assert counted.images >= 700
    second, counted = reference()
    np.testing.assert_array_equal(second.moments.cov, moments.cov)
    assert counted.images == second.network.batch_size  # the probe, filled up to a batch
    assert second.moments.n == 700
    (path,) = (kgen_cache / "references").iterdir()
    assert path.name.endswith("-moments.npz")


def test_features_are_kept_where_they_are_asked_for(kgen_cache):
    made, _ = reference()
    assert made.features.shape == (700, 3)
    assert len(list((kgen_cache / "references").iterdir())) == 1
    again, counted = reference()
    np.testing.assert_array_equal(again.features, made.features)
    assert counted.images == again.network.batch_size
    assert again.moments.n == 700  # from the features at hand
    assert counted.images == again.network.batch_size


@pytest.mark.parametrize("kind", ["dataset", "labelled", "list", "function"])
def test_batches_of_any_kind_are_the_same_images(kind):
    made, _ = reference()
    assert made.moments.n == 700
    batches = [IMAGES[:100], IMAGES[100:107], IMAGES[107:]]
    other = {
        "dataset": tf.data.Dataset.from_tensor_slices(IMAGES).batch(64),
        "labelled": tf.data.Dataset.from_tensor_slices((IMAGES, np.arange(700))).batch(64),
        "list": batches,
        "function": lambda: ((batch, None) for batch in batches),
    }[kind]
    same, counted = reference(other)
    assert (same.n, same.content) == (700, made.content)
    np.testing.assert_array_equal(same.moments.mean, made.moments.mean)
    assert counted.images == same.network.batch_size  # found in the cache


def test_other_images_are_other_content():
    contents = {reference(images)[0].content for images in (IMAGES, IMAGES[:-1], IMAGES[::-1])}
    one_pixel = IMAGES.copy()
    one_pixel[699, 3, 3, 2] += 1e-6
    contents.add(reference(one_pixel)[0].content)
    assert len(contents) == 4


def test_another_function_of_the_same_name_is_not_believed():
    """Whatever the checksum says, its own features of the first images tell it apart."""
    made, _ = reference()
    assert made.moments.n == 700
    other, counted = reference(scale=1.01)
    assert other._path("moments") != made._path("moments")
    other.network.checksum = made.network.checksum  # as if it read something that no code shows
    assert other._path("moments") == made._path("moments")
    np.testing.assert_allclose(other.moments.mean, 1.01 * made.moments.mean, rtol=1e-4)
    assert counted.images > 700


def test_rounding_is_forgiven_only_where_a_checksum_vouches_for_the_weights():
    """A ten-thousandth is another backend's rounding, or an edit of the user's function."""

    def weighted(factor, checksum):
        counted = Counted(factor)
        network = find(counted, SHAPE)
        network.checksum, network.of_weights = checksum, True
        counted.images = 0
        return Reference(IMAGES, network), counted

    for checksum, believed in (("0123456789ab", True), ("", False)):
        assert weighted(1.0, checksum)[0].moments.n == 700
        near, counted = weighted(1 + 1e-4, checksum)
        assert near.moments.n == 700
        assert (counted.images == near.network.batch_size) == believed


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "flipped", "pickled"])
def test_a_damaged_file_is_made_again(kgen_cache, damage):
    made, _ = reference()
    moments = made.moments
    (path,) = (kgen_cache / "references").iterdir()
    content = bytearray(path.read_bytes())
    if damage == "flipped":
        place = content.index(moments.cov.tobytes()[:8])
        content[place] ^= 0xFF
    if damage == "pickled":
        np.savez(path, n=700, mean=np.array([{}]), cov=moments.cov, probe=made._probe)
    else:
        path.write_bytes(
            {"cut": content[:-40], "empty": b"", "text": b"moments", "flipped": content}[damage]
        )
    again, counted = reference()
    np.testing.assert_array_equal(again.moments.cov, moments.cov)
    assert counted.images > 700
    third, counted = reference()
    assert third.moments.n == 700
    assert counted.images == third.network.batch_size  # mended


@pytest.mark.parametrize(
    ("images", "says"),
    [
        (iter([IMAGES]), "only once"),
        (IMAGES[:0], "no real images"),
        (IMAGES[:, :, :2], r"shape \(512, 4, 2, 3\)"),
        (IMAGES[:1], "at least 2"),
    ],
)
def test_what_has_no_moments_is_named(images, says):
    with pytest.raises(MetricError, match=says):
        assert reference(images)[0].moments


def test_one_image_has_features():
    assert reference(IMAGES[:1])[0].features.shape == (1, 3)


def test_a_cache_that_cannot_be_written_is_said(kgen_cache):
    kgen_cache.parent.mkdir(exist_ok=True)
    kgen_cache.write_text("in the way")
    made, _ = reference()
    with pytest.warns(UserWarning, match="are not kept"):
        assert made.moments.n == 700


def test_what_was_used_longest_ago_goes_first(kgen_cache, monkeypatch):
    """Room for two: the second entry is the older use, because the first was read again."""
    first = reference(IMAGES[:50])[0]
    assert first.moments.n == 50
    place = kgen_cache / "references"
    size = first._path("moments").stat().st_size
    monkeypatch.setattr("kgen.metrics.features.cache.MOST_BYTES", int(2.5 * size))
    second = reference(IMAGES[50:100])[0]
    assert second.moments.n == 50
    for path, age in ((first._path("moments"), 100), (second._path("moments"), 50)):
        os.utime(path, (time.time() - age,) * 2)
    assert reference(IMAGES[:50])[0].moments.n == 50
    third = reference(IMAGES[100:150])[0]
    assert third.moments.n == 50
    kept = {path.name for path in place.iterdir()}
    assert kept == {one._path("moments").name for one in (first, third)}
