"""Likeness of two images: PSNR, SSIM and MS-SSIM, the latter also as a measure of diversity.

All take images (n, height, width, channels) in [-1, 1]. SSIM supposes grey levels from 0 on, so
they are shifted to [0, 2] first: the values are those of `tf.image` for the same images in [0, 1].
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kgen.errors import MetricError

#: Exponents of the scales (Wang, Simoncelli & Bovik 2003), the finest first.
SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
WINDOW = 11
_SIGMA = 1.5
_RANGE = 2.0
_K1, _K2 = 0.01, 0.03
# How many images are in float64 at once.
_BLOCK = 64


def psnr(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Peak signal-to-noise ratio: `10 log10(4 / mean squared error)`, the peak being 2.

    Returns:
        (n,) in dB; infinite for equal images.

    Raises:
        MetricError: If the shapes are not those of images, or differ.

    Example:

        >>> psnr(np.zeros((1, 8, 8, 1)), np.full((1, 8, 8, 1), 0.2))
        array([20.])
    """

    def block(a, b):
        with np.errstate(divide="ignore"):
            return 10 * np.log10(_RANGE**2 / np.mean((a - b) ** 2, axis=(1, 2, 3)))

    return _blockwise(block, a, b)


def ssim(a: np.ndarray, b: np.ndarray, window: int = WINDOW) -> np.ndarray:
    """Structural similarity (Wang et al. 2004, eq. 13), with their Gaussian window.

    The mean over all places where the window fits, and over the channels.

    Args:
        a: Images.
        b: Images of the same shape.
        window: Side of the window, odd; the papers' is 11 with a deviation of 1.5 pixels.

    Returns:
        (n,), 1 for equal images.

    Raises:
        MetricError: If the shapes are not those of images or differ, or the window does not fit.

    Example:

        >>> ssim(np.zeros((1, 16, 16, 1)), np.zeros((1, 16, 16, 1)))
        array([1.])
    """
    return _blockwise(lambda a, b: _maps(a, b, window)[0].mean(axis=-1), a, b, window)


def ms_ssim(
    a: np.ndarray, b: np.ndarray, scales: int | None = None, window: int = WINDOW
) -> np.ndarray:
    """Multi-scale structural similarity (Wang, Simoncelli & Bovik 2003, eq. 7).

    Each coarser scale averages 2 x 2 pixels. With fewer than five scales the first weights are
    used, divided by their sum.

    Args:
        a: Images.
        b: Images of the same shape.
        scales: How many; by default as many of five as the window fits into.
        window: Side of the window, odd.

    Returns:
        (n,) in [0, 1].

    Raises:
        MetricError: If the shapes are not those of images or differ, or the window does not fit
            into the coarsest scale.

    Example:

        >>> ms_ssim(np.zeros((1, 32, 32, 3)), np.zeros((1, 32, 32, 3)))
        array([1.])
    """
    fitting = scales_for(np.shape(a)[1:3], window)
    scales = scales or max(fitting, 1)
    if scales > min(max(fitting, 1), len(SCALE_WEIGHTS)):
        raise MetricError(
            f"images of {'x'.join(map(str, np.shape(a)[1:3]))} pixels have {fitting} scales into "
            f"which a window of {window} fits, not {scales}: ask for fewer."
        )
    weights = np.array(SCALE_WEIGHTS[:scales])
    weights /= weights.sum()

    def block(a, b):
        value = 1.0
        for scale, weight in enumerate(weights):
            if scale:
                a, b = _half(a), _half(b)
            whole, contrast = _maps(a, b, window)
            factor = whole if scale == scales - 1 else contrast
            value = value * np.maximum(factor, 0.0) ** weight
        return value.mean(axis=-1)

    return _blockwise(block, a, b, window)


def scales_for(size: Sequence[int], window: int = WINDOW) -> int:
    """How many of the five scales are large enough for the window.

    Example:

        >>> scales_for((32, 32)), scales_for((176, 256)), scales_for((8, 8))
        (2, 5, 0)
    """
    side, scales = min(size), 0
    while scales < len(SCALE_WEIGHTS) and side >= window:
        side, scales = -(-side // 2), scales + 1
    return scales


def largest_window(size: Sequence[int]) -> int:
    """The papers' window of 11 pixels, or the largest odd one that fits a smaller image.

    Example:

        >>> largest_window((32, 32)), largest_window((8, 20))
        (11, 7)
    """
    side = min(size[:2])
    return min(WINDOW, side - (side + 1) % 2)


def pair_similarity(
    images: np.ndarray, pairs: int = 1000, seed: int = 0
) -> tuple[float, float, dict[str, float]]:
    """Mean MS-SSIM of random pairs of images: low where they are diverse (Odena et al. 2017).

    No image is in two pairs. A mean far above that of real images is a sign of collapse; one far
    below it a sign of noise.

    Args:
        images: (n, height, width, channels) in [-1, 1].
        pairs: At most so many; n images make n / 2.
        seed: Chooses the pairs.

    Returns:
        The mean, its standard error, and details: `pairs`, `scales`, and `window`. Images of fewer
        than 11 pixels get the largest odd window that fits.

    Raises:
        MetricError: For fewer than four images.

    Example:

        >>> mean, error, details = pair_similarity(np.ones((8, 16, 16, 1)))
        >>> mean, error, details["scales"]
        (1.0, 0.0, 1)
    """
    images = np.asarray(images)
    pairs = min(pairs, len(images) // 2)
    if pairs < 2:
        raise MetricError(f"ms_ssim compares pairs: {len(images)} images are too few, pass four.")
    window = largest_window(images.shape[1:3])
    order = np.random.default_rng(seed).permutation(len(images))
    values = ms_ssim(images[order[:pairs]], images[order[pairs : 2 * pairs]], window=window)
    details = {"pairs": pairs, "scales": scales_for(images.shape[1:3], window), "window": window}
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(pairs)), details


def _blockwise(block, a, b, window: int = 1) -> np.ndarray:
    """`block` over a few pairs at a time, in float64 and [0, 2]."""
    a, b = np.asarray(a), np.asarray(b)
    if a.ndim != 4 or a.shape != b.shape:
        raise MetricError(
            f"images of shapes {a.shape} and {b.shape}: pass two equal ones, "
            "(n, height, width, channels)."
        )
    if window % 2 == 0 or min(a.shape[1:3]) < window:
        raise MetricError(
            f"a window of {window} pixels does not fit images of "
            f"{a.shape[1]}x{a.shape[2]}: pass a smaller odd one."
        )
    parts = [
        block(a[i : i + _BLOCK].astype(np.float64) + 1, b[i : i + _BLOCK].astype(np.float64) + 1)
        for i in range(0, len(a), _BLOCK)
    ]
    return np.concatenate(parts) if parts else np.zeros(0)


def _maps(a, b, window: int) -> tuple[np.ndarray, np.ndarray]:
    """SSIM and its contrast-structure factor, each (n, channels): means over the valid places."""
    mean_a, mean_b = _smooth(a, window), _smooth(b, window)
    # With weights that sum to 1: the covariance is E[ab] - E[a] E[b].
    product = mean_a * mean_b
    squares = mean_a**2 + mean_b**2
    c1, c2 = (_K1 * _RANGE) ** 2, (_K2 * _RANGE) ** 2
    luminance = (2 * product + c1) / (squares + c1)
    covariance = _smooth(a * b, window) - product
    variances = _smooth(a**2 + b**2, window) - squares
    contrast = (2 * covariance + c2) / (variances + c2)
    return (luminance * contrast).mean(axis=(1, 2)), contrast.mean(axis=(1, 2))


def _smooth(images, window: int) -> np.ndarray:
    """Weighted means under the Gaussian window, at the places where it fits."""
    from scipy.ndimage import correlate1d

    half = window // 2
    weights = np.exp(-0.5 * (np.arange(-half, half + 1) / _SIGMA) ** 2)
    weights /= weights.sum()
    for axis in (1, 2):
        images = correlate1d(images, weights, axis=axis)
    return images[:, half : images.shape[1] - half, half : images.shape[2] - half]


def _half(images) -> np.ndarray:
    """Means of 2 x 2 pixels; an odd side repeats its last row or column."""
    n, height, width, channels = images.shape
    images = np.pad(images, ((0, 0), (0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    height, width = -(-height // 2), -(-width // 2)
    return images.reshape(n, height, 2, width, 2, channels).mean(axis=(2, 4))
