import tracemalloc

import numpy as np
import pytest
import scipy.ndimage
import scipy.stats

from kgen.errors import MetricError
from kgen.metrics import sliced_wasserstein as module
from kgen.metrics.sliced_wasserstein import (
    laplacian_level,
    level_sizes,
    sliced_wasserstein,
    wasserstein_1,
)

KERNEL = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1])[None, :, :, None] / 256


def _smooth_images(n, size=32, channels=1, blur=2.0, seed=0):
    noise = np.random.default_rng(seed).normal(size=(n, size, size, channels))
    images = scipy.ndimage.gaussian_filter(noise, (0, blur, blur, 0), mode="wrap")
    return (images / images.std()).astype("float32")


def _pyramid(images):
    """An independent Laplacian pyramid: two-dimensional kernel, float64, all levels at once."""
    levels, images = [], images.astype("float64")
    for _ in level_sizes(images.shape[1:3])[1:]:
        half = scipy.ndimage.convolve(images, KERNEL, mode="mirror")[:, ::2, ::2]
        spread = np.zeros_like(images)
        spread[:, ::2, ::2] = half
        levels.append(images - scipy.ndimage.convolve(spread, 4 * KERNEL, mode="mirror"))
        images = half
    return [*levels, images]


@pytest.mark.parametrize("shape", [(32, 32, 1), (70, 64, 3), (33, 47, 2), (28, 28, 1)])
def test_levels_are_those_of_a_laplacian_pyramid(shape):
    images = np.random.default_rng(0).normal(size=(2, *shape)).astype("float32")
    for i, level in enumerate(_pyramid(images)):
        np.testing.assert_allclose(laplacian_level(images, i), level, atol=1e-5)


def test_levels_add_up_to_the_images():
    images = np.random.default_rng(0).normal(size=(2, 64, 64, 1)).astype("float32")
    whole = laplacian_level(images, 2)
    for i in (1, 0):
        level = laplacian_level(images, i)
        spread = np.zeros_like(level)
        spread[:, ::2, ::2] = whole
        whole = level + scipy.ndimage.convolve(spread, 4 * KERNEL, mode="mirror")
    np.testing.assert_allclose(whole, images, atol=1e-5)


def test_a_constant_image_has_no_detail():
    images = np.full((1, 32, 32, 1), 0.7, "float32")
    np.testing.assert_allclose(laplacian_level(images, 0), 0, atol=1e-6)
    np.testing.assert_allclose(laplacian_level(images, 1), 0.7, atol=1e-6)


@pytest.mark.parametrize(
    ("size", "levels"),
    [
        ((32, 32), [(32, 32), (16, 16)]),
        ((31, 31), [(31, 31), (16, 16)]),
        ((30, 64), [(30, 64)]),
        ((128, 64), [(128, 64), (64, 32), (32, 16)]),
        ((8, 8), [(8, 8)]),
    ],
)
def test_level_sizes(size, levels):
    assert level_sizes(size) == levels


@pytest.mark.parametrize(("n", "m"), [(5, 5), (6, 4), (7, 3), (1, 4), (8, 2)])
def test_the_distance_on_a_line_is_scipys(n, m):
    rng = np.random.default_rng(n)
    a, b = np.sort(rng.normal(size=(n, 3)), axis=0), np.sort(rng.normal(size=(m, 3)) + 1, axis=0)
    expected = [scipy.stats.wasserstein_distance(a[:, i], b[:, i]) for i in range(3)]
    np.testing.assert_allclose(wasserstein_1(a, b), expected, rtol=1e-12)


def test_the_distance_on_a_line_by_hand():
    # Thirds of 0, 1, 2 against halves of 0 and 4: 1/3 * 0 + 1/6 * 1 + 1/6 * 3 + 1/3 * 2
    value = wasserstein_1(np.array([[0.0], [1.0], [2.0]]), np.array([[0.0], [4.0]]))
    assert value == pytest.approx([4 / 3], rel=1e-14)


def test_patches_are_normalised_by_channel_and_reach_every_corner():
    images = np.zeros((40, 8, 9, 2), "float32")
    images[..., 0] = np.arange(72).reshape(8, 9) * 5.0  # which place a value is from
    images[..., 1] = np.random.default_rng(0).normal(size=(40, 8, 9)) + 3
    patches = module._patches(images, 0, 30, np.random.default_rng(0)).reshape(-1, 2, 49)
    assert patches.shape == (1200, 2, 49)
    np.testing.assert_allclose(patches.mean(axis=(0, 2)), 0, atol=1e-4)
    np.testing.assert_allclose(patches.std(axis=(0, 2)), 1, atol=1e-4)
    first = patches[:, 0]
    assert len(np.unique(first[:, 0].round(3))) == 2 * 3  # all places of a 7 x 7 patch in 8 x 9
    assert len(np.unique(first.round(3))) == 72
    # Rows run downwards: the next pixel is 5 further, the next row 45, before the division.
    steps = first[:, 7] - first[:, 0], first[:, 1] - first[:, 0]
    np.testing.assert_allclose(steps[0] / steps[1], 9, rtol=1e-3)


def test_agrees_with_an_independent_computation():
    """All patches of small images, in float64, on many directions of another generator."""
    real, fake = _smooth_images(30, 16), _smooth_images(30, 16, blur=1.0, seed=1)
    windows = [
        np.lib.stride_tricks.sliding_window_view(_pyramid(x)[0], (7, 7), axis=(1, 2)).reshape(
            -1, 49
        )
        for x in (real, fake)
    ]
    a, b = ((w - w.mean()) / w.std() for w in windows)
    axes = np.random.default_rng(5).normal(size=(49, 400))
    axes /= np.linalg.norm(axes, axis=0)
    expected = 1e3 * np.abs(np.sort(a @ axes, axis=0) - np.sort(b @ axes, axis=0)).mean()
    value, levels = sliced_wasserstein(real, fake, patches_per_image=400)
    assert levels == {"16x16": value}
    assert value == pytest.approx(expected, rel=0.08)
    assert expected > 100


@pytest.mark.parametrize("channels", [1, 3])
def test_rises_with_blur_and_noise(channels):
    images = _smooth_images(200, channels=channels)
    real, fake = images[:100], images[100:]
    noise = np.random.default_rng(1).normal(size=fake.shape)

    def distance(images):
        return sliced_wasserstein(real, images, directions=64, patches_per_image=64)[0]

    blurred = [fake, *(scipy.ndimage.gaussian_filter(fake, (0, s, s, 0)) for s in (1.2, 2.5))]
    noisy = [fake + level * noise for level in (0, 0.3, 1)]
    for series in (blurred, noisy):
        values = [distance(x) for x in series]
        assert values[0] < 50 and np.all(np.diff(values) > 3), values


def test_fine_noise_shows_on_the_fine_level_only():
    images = _smooth_images(200)
    real, fake = images[:100], images[100:]
    noise = 0.3 * np.random.default_rng(1).normal(size=fake.shape)
    options = {"directions": 64, "patches_per_image": 64}
    clean = sliced_wasserstein(real, fake, **options)[1]
    noisy = sliced_wasserstein(real, fake + noise, **options)[1]
    assert noisy["32x32"] > 2 * clean["32x32"]
    assert noisy["16x16"] == pytest.approx(clean["16x16"], rel=0.1)


def test_the_value_is_the_mean_of_the_levels_and_depends_on_the_seed_alone():
    real, fake = _smooth_images(20), _smooth_images(20, blur=1.0, seed=1)
    options = {"directions": 20, "patches_per_image": 16}
    value, levels = sliced_wasserstein(real, fake, **options)
    assert value == pytest.approx(np.mean(list(levels.values())), rel=1e-14)
    assert sliced_wasserstein(real, fake, **options) == (value, levels)
    assert sliced_wasserstein(real, fake, seed=1, **options)[0] != value


def test_the_range_of_the_images_does_not_matter():
    real, fake = _smooth_images(20, channels=3), _smooth_images(20, channels=3, blur=1.0, seed=1)
    options = {"directions": 16, "patches_per_image": 16}
    value = sliced_wasserstein(real, fake, **options)[0]
    scaled = sliced_wasserstein(127.5 * real + 127.5, 127.5 * fake + 127.5, **options)[0]
    assert scaled == pytest.approx(value, rel=1e-3)


def test_sets_of_other_sizes_compare():
    real = _smooth_images(90)
    equal = sliced_wasserstein(real, _smooth_images(90, blur=1.0, seed=1), directions=64)[0]
    fewer = sliced_wasserstein(real, _smooth_images(70, blur=1.0, seed=1), directions=64)[0]
    assert fewer == pytest.approx(equal, rel=0.1)


def test_samples_that_are_all_black_have_a_distance():
    """Patches of zeros: the mean absolute projection of the real patches, that of a normal."""
    rng = np.random.default_rng(0)
    real, black = rng.normal(size=(40, 16, 16, 1)), np.full((40, 16, 16, 1), -1.0)
    value = sliced_wasserstein(real, black)[0]
    assert value == pytest.approx(1e3 * (2 / np.pi) ** 0.5, rel=0.03)


def test_the_number_of_patches_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "MAX_PATCHES", 300)
    images = _smooth_images(100, 16)
    counts = [
        len(module._patches(images[:n], 0, 128, np.random.default_rng(0))) for n in (2, 50, 100)
    ]
    assert counts == [256, 300, 300]
    monkeypatch.setattr(module, "MAX_PATCHES", 50)
    assert len(module._patches(images, 0, 128, np.random.default_rng(0))) == 100  # one of each


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "MAX_PATCHES", 2000)
    monkeypatch.setattr(module, "_CHUNK", 2**14)
    real, fake = np.random.default_rng(0).random((2, 500, 32, 32, 1), dtype="float32")
    tracemalloc.start()
    sliced_wasserstein(real, fake, directions=16)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2.5 * 2**20  # one set of 128 patches of each image takes 12 MiB


@pytest.mark.parametrize(
    ("real", "fake", "message"),
    [
        ((4, 16, 16, 1), (4, 16, 16, 3), "bring them to one shape"),
        ((4, 16, 16), (4, 16, 16), r"real images must have the shape"),
        ((4, 16, 16, 1), (0, 16, 16, 1), r"generated images must have the shape"),
        ((4, 6, 16, 1), (4, 6, 16, 1), "images of 6 x 16 px hold no 7 x 7 patch"),
    ],
)
def test_images_that_cannot_be_compared_are_refused(real, fake, message):
    with pytest.raises(MetricError, match=message):
        sliced_wasserstein(np.zeros(real), np.zeros(fake))


def test_what_is_no_number_is_refused():
    images = _smooth_images(4, 16)
    broken = images.copy()
    broken[2, 3, 4] = np.nan
    with pytest.raises(MetricError, match="holds NaN or infinity"):
        sliced_wasserstein(images, broken)
    with pytest.raises(MetricError, match="at least 1 direction"):
        sliced_wasserstein(images, images, directions=0)
