"""The sliced Wasserstein distance between the patches of two sets of images, scale by scale."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from kgen.errors import MetricError

PATCH = 7
SMALLEST = 16
MAX_PATCHES = 2**18

_CHUNK = 2**22  # pixels in a chunk of images
_DIRECTIONS = 16  # projected at once
_KERNEL = np.array([1, 4, 6, 4, 1], dtype="float32") / 16


def sliced_wasserstein(
    real_images, fake_images, *, directions: int = 512, patches_per_image: int = 128, seed: int = 0
) -> tuple[float, dict[str, float]]:
    """How far the patches of two sets of images are apart, on each level of a Laplacian pyramid.

    Karras et al. 2018, sec. 5. From each level random 7 x 7 patches are taken, anew for each set,
    and each colour channel is brought to mean 0 and deviation 1 over the set. The distance of a
    level is the mean, over random directions, of the 1-Wasserstein distance between the patches'
    projections: the mean absolute difference of sorted values, where both sets are of one size.

    Levels: the images' own size, then halved (odd sizes round up) as long as the shorter side stays
    at 16 px or more; the last level is the low-pass image itself. So 32 px have the levels 32 and
    16, 28 px only their own.

    Memory is bounded: from more than 2,048 images of a set fewer than 128 patches are taken from
    each, so that there are never more than 2^18 of a set. Patches are float32.

    Args:
        real_images: Images (n, height, width, channels). Their range does not matter, as channels
            are normalised.
        fake_images: Images (m, height, width, channels).
        directions: How many random directions.
        patches_per_image: How many patches of each image and level.
        seed: Of patches and directions.

    Returns:
        The mean over levels times 1,000 as in the paper, and the distance of each level, times
        1,000 too, by its size (`"32x32"`). Equal distributions come close to 0, not to it, as the
        patches are different ones. A channel that is constant over a set has patches of zeros.

    Raises:
        MetricError: For images of different shapes, smaller than a patch, or not finite.

    Example:

        >>> rng = np.random.default_rng(0)
        >>> real, fake = rng.normal(size=(2, 16, 32, 32, 1))
        >>> mean, levels = sliced_wasserstein(real, fake)
        >>> list(levels), mean < 100
        (['32x32', '16x16'], True)
        >>> sliced_wasserstein(real, fake.cumsum(axis=1))[0] > 120
        True
    """
    real, fake = _check(real_images, fake_images)
    if directions < 1 or patches_per_image < 1:
        raise MetricError("give at least 1 direction and 1 patch per image.")
    rng = np.random.default_rng(seed)
    distances = {}
    for i, (height, width) in enumerate(level_sizes(real.shape[1:3])):
        a = _patches(real, i, patches_per_image, rng)
        b = _patches(fake, i, patches_per_image, rng)
        distances[f"{height}x{width}"] = 1e3 * _sliced(a, b, directions, rng)
    return float(np.mean(list(distances.values()))), distances


def level_sizes(size: tuple[int, int]) -> list[tuple[int, int]]:
    """The sizes of a pyramid's levels, from the images' own down.

    Example:

        >>> level_sizes((70, 64))
        [(70, 64), (35, 32), (18, 16)]
        >>> level_sizes((28, 28))
        [(28, 28)]
    """
    sizes = [tuple(size)]
    while min(half := tuple((side + 1) // 2 for side in sizes[-1])) >= SMALLEST:
        sizes.append(half)
    return sizes


def laplacian_level(images: np.ndarray, i: int) -> np.ndarray:
    """Level `i` of the Laplacian pyramid (Burt & Adelson 1983) of images (n, h, w, c).

    A level is the image minus what the next smaller one says of it; the last has nothing below.
    """
    for _ in range(i):
        images = _halved(images)
    if len(level_sizes(images.shape[1:3])) == 1:
        return images
    doubled = np.zeros_like(images)
    doubled[:, ::2, ::2] = _halved(images)
    return images - 4 * _blurred(doubled)


def wasserstein_1(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The 1-Wasserstein distance of samples (n, d) and (m, d), sorted, in each of d columns.

    It is the area between the quantile functions; n and m may differ.

    Example:

        >>> wasserstein_1(np.array([[0.0], [2.0]]), np.array([[1.0]]))
        array([1.])
    """
    n, m = len(a), len(b)
    if n == m:
        return np.abs(a - b).mean(axis=0, dtype="float64")
    # Both quantile functions are constant between these, in units of 1 / (n m).
    ends = np.union1d(np.arange(1, n + 1) * m, np.arange(1, m + 1) * n)
    widths = np.diff(ends, prepend=0)
    starts = ends - widths
    return widths / (n * m) @ np.abs(a[starts // m] - b[starts // n])


def _check(real_images, fake_images) -> tuple[np.ndarray, np.ndarray]:
    real, fake = np.asarray(real_images), np.asarray(fake_images)
    for name, images in (("real", real), ("generated", fake)):
        if images.ndim != 4 or 0 in images.shape:
            raise MetricError(
                f"{name} images must have the shape (n, height, width, channels), "
                f"not {images.shape}."
            )
    if real.shape[1:] != fake.shape[1:]:
        raise MetricError(
            f"real images are {real.shape[1:]} and generated ones {fake.shape[1:]}: "
            "bring them to one shape."
        )
    if min(real.shape[1:3]) < PATCH:
        raise MetricError(f"images of {real.shape[1]} x {real.shape[2]} px hold no 7 x 7 patch.")
    return real, fake


def _halved(images):
    return _blurred(images)[:, ::2, ::2]


def _blurred(images):
    from scipy.ndimage import correlate1d

    for axis in (1, 2):
        images = correlate1d(images, _KERNEL, axis=axis, mode="mirror")
    return images


def _chunks(images: np.ndarray) -> Iterator[np.ndarray]:
    step = max(1, _CHUNK // int(np.prod(images.shape[1:])))
    for start in range(0, len(images), step):
        chunk = np.asarray(images[start : start + step], dtype="float32")
        if not np.isfinite(chunk).all():
            raise MetricError("an image holds NaN or infinity: guard the training with NaNGuard.")
        yield chunk


def _patches(images: np.ndarray, level: int, per_image: int, rng) -> np.ndarray:
    """Normalised patches (n, dim) of one level."""
    per_image = max(1, min(per_image, MAX_PATCHES // len(images)))
    channels = images.shape[-1]
    patches = np.empty((len(images) * per_image, channels, PATCH**2), dtype="float32")
    end = 0
    for chunk in _chunks(images):
        pixels = laplacian_level(chunk, level)
        windows = np.lib.stride_tricks.sliding_window_view(pixels, (PATCH, PATCH), axis=(1, 2))
        n, rows, columns = windows.shape[:3]
        top, left = (rng.integers(side, size=(n, per_image)) for side in (rows, columns))
        chosen = windows[np.arange(n)[:, None], top, left]
        start, end = end, end + n * per_image
        patches[start:end] = chosen.reshape(-1, channels, PATCH**2)
    for c in range(channels):
        channel = patches[:, c]
        channel -= channel.mean(dtype="float64")
        deviation = channel.std(dtype="float64")
        channel /= deviation if deviation > 0 else 1.0
    return patches.reshape(len(patches), -1)


def _sliced(a: np.ndarray, b: np.ndarray, directions: int, rng) -> float:
    """The mean distance of the projections of `a` and `b` on random directions."""
    total = 0.0
    for start in range(0, directions, _DIRECTIONS):
        count = min(_DIRECTIONS, directions - start)
        axes = rng.normal(size=(a.shape[1], count))
        axes = (axes / np.linalg.norm(axes, axis=0)).astype("float32")
        total += wasserstein_1(np.sort(a @ axes, axis=0), np.sort(b @ axes, axis=0)).sum()
    return float(total) / directions
