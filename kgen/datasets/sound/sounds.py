"""From a WAV file to waves: mono, at the wanted rate, cut into pieces of one length."""

import math
import os
import threading
import warnings

import numpy as np

from kgen.datasets.sound import mel
from kgen.errors import DataError

SUFFIXES = (".wav", ".wave")

# Python's filters of warnings belong to the process: one thread at a time may change them.
_FILTERS = threading.Lock()


def read(path: str | os.PathLike, sample_rate: int | None = None) -> tuple[np.ndarray, int]:
    """Reads a WAV file.

    Args:
        path: PCM of 8 to 64 bits or floats, of any number of channels, which are averaged.
        sample_rate: The rate to bring it to, by a polyphase filter against aliases; `None` for the
            file's own.

    Returns:
        float32 `(samples,)` in [-1, 1], and the rate.

    Raises:
        DataError: If it is cut short, empty, or holds NaN or infinite samples.
        ValueError: If it is no WAV file.
    """
    from scipy.io import wavfile

    with _FILTERS, warnings.catch_warnings():
        warnings.simplefilter("ignore", wavfile.WavFileWarning)  # of chunks that hold no sound
        warnings.filterwarnings("error", "Reached EOF", wavfile.WavFileWarning)
        try:
            rate, samples = wavfile.read(path)
        except wavfile.WavFileWarning:
            raise DataError("it is cut short") from None
    if not samples.size:
        raise DataError("it holds no samples")
    wave = _in_range(samples)
    wave = wave.mean(axis=1) if wave.ndim == 2 else wave
    if not np.isfinite(wave).all():
        raise DataError("it holds NaN or infinite samples")
    if sample_rate is not None and sample_rate != rate:
        wave, rate = resampled(wave, rate, sample_rate), sample_rate
    return np.clip(wave, -1, 1).astype(np.float32), int(rate)


def _in_range(samples: np.ndarray) -> np.ndarray:
    """Whole numbers divided by half their range, which for 8 bits begins at zero."""
    if samples.dtype == np.uint8:
        return (samples.astype(np.float64) - 128) / 128
    if np.issubdtype(samples.dtype, np.integer):
        return samples / -float(np.iinfo(samples.dtype).min)
    return samples.astype(np.float64)


def resampled(wave: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    """A wave at another rate, `ceil(samples * wanted / rate)` samples long.

    Example:

        >>> resampled(np.zeros(100), 8000, 12000).shape
        (150,)
    """
    from scipy.signal import resample_poly

    shared = math.gcd(rate, wanted)
    return resample_poly(wave, wanted // shared, rate // shared)


def pieces(samples: int, length: int) -> int:
    """Into how many pieces of a length a sound falls; silence fills up the last.

    Example:

        >>> pieces(1, 100), pieces(100, 100), pieces(101, 100)
        (1, 1, 2)
    """
    return -(-samples // length)


def cut(wave: np.ndarray, length: int) -> np.ndarray:
    """A wave in pieces of one length, `(pieces, length, 1)`, the last filled up with silence.

    Example:

        >>> cut(np.array([1.0, 2.0, 3.0]), 2)[..., 0].tolist()
        [[1.0, 2.0], [3.0, 0.0]]
    """
    count = pieces(len(wave), length)
    return np.pad(wave, (0, count * length - len(wave))).reshape(count, length, 1)


def common(name: str, what: str, values, argument: str) -> int:
    """The one value of all sounds.

    Raises:
        DataError: If they differ; it says which argument decides.
    """
    low, high = min(values), max(values)
    if low != high:
        raise DataError(
            f"the sounds of {name} differ in {what}, from {low} to {high}: pass {argument}."
        )
    return int(low)


def features_of(request, length: int, sample_rate: int) -> mel.Mel | None:
    """What makes the features that `load` was asked for; `None` for none.

    Raises:
        DataError: For unknown ones, some that these sounds cannot have, or settings of none.
    """
    if request.features is None:
        if (request.hop, request.mel_bins) != (mel.HOP, mel.BINS):
            raise DataError('hop and mel_bins are of features: pass features="mel" as well.')
        return None
    if request.features not in mel.FEATURES:
        known = ", ".join(mel.FEATURES)
        raise DataError(f"features={request.features!r}: choose from {known}.")
    return mel.Mel(length, sample_rate, request.hop, request.mel_bins)
