"""Sounds as WAV files: what `kgen sample` writes of a model of sound."""

from __future__ import annotations

import os
import wave
from pathlib import Path

import numpy as np

from kgen.files import replacing


def save_sound(samples: np.ndarray, path: str | os.PathLike, sample_rate: int) -> Path:
    """Writes a sound as mono 16-bit PCM, whole or not at all.

    Args:
        samples: float `(length,)` or `(length, 1)` in [-1, 1]; what lies outside is clipped.
        path: The file to write.
        sample_rate: Samples a second.

    Returns:
        The path.

    Raises:
        ValueError: If `samples` has another shape.

    Example:

        >>> import tempfile
        >>> file = save_sound(np.zeros(800), Path(tempfile.mkdtemp(), "silence.wav"), 8000)
        >>> file.stat().st_size    # a header of 44 bytes, and two a sample
        1644
    """
    samples = np.asarray(samples, np.float64)
    if samples.ndim == 2 and samples.shape[1] == 1:
        samples = samples[:, 0]
    if samples.ndim != 1:
        raise ValueError(f"a sound is (length,) or (length, 1), not {samples.shape}")
    numbers = np.rint(np.clip(np.nan_to_num(samples), -1, 1) * 32767).astype("<i2")
    with replacing(path) as temporary, wave.open(str(temporary), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes(numbers.tobytes())
    return Path(path)


def save_sounds(waves: np.ndarray, folder: str | os.PathLike, sample_rate: int) -> Path:
    """Writes each of `(n, length, 1)` waves into a folder, as `0001.wav` and so on."""
    for number, samples in enumerate(waves, start=1):
        save_sound(samples, Path(folder, f"{number:04d}.wav"), sample_rate)
    return Path(folder)
