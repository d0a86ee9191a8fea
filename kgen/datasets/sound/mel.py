"""Mel spectrograms of the sounds themselves: the features from which a vocoder makes them again.

    data = kgen.datasets.load("tones", features="mel", hop=64, mel_bins=40)
    waves, conditions = next(iter(data.train))
    conditions["features"]    # (n, 32, 40): a frame for 64 of the 2,048 samples

Frame `t` is of the samples from `t * hop` on, `hop` of them, as `kgen.models.WaveNet` takes it: its
window of four hops has its middle in the middle of these. A value is a magnitude in decibels over a
floor of -100, divided by 100: silence is 0, a magnitude of 1 is 1, and a tenth of the amplitude
0.2 less. It depends on no other sound of the batch.
"""

import keras
import numpy as np
import tensorflow as tf

from kgen.datasets.strands import Strand, changed
from kgen.errors import DataError

#: What `load(features=)` may be.
FEATURES = ("mel",)
HOP, BINS = 256, 80  # by default
_HOPS = 4  # in a window
_FLOOR = 1e-5  # a magnitude: -100 decibels
_LOWEST = 20.0  # Hz


class Mel:
    """Mel frames of waves of one length.

    Args:
        length: Samples of a wave.
        sample_rate: Samples a second.
        hop: Samples to a frame.
        bins: Channels of a frame, from 20 Hz to half of the sample rate.

    Raises:
        DataError: If the windows are longer than the sounds, or too short to tell so many bins
            apart.

    Example:

        >>> mel = Mel(100, 8000, hop=16, bins=8)
        >>> mel.frames, mel(np.zeros((2, 100, 1), "float32")).shape
        (7, TensorShape([2, 7, 8]))
    """

    def __init__(self, length: int, sample_rate: int, hop: int = HOP, bins: int = BINS):
        self.frames = -(-length // hop)
        # Centred windows begin half a hop late, so that they have their middle in that of a frame.
        self._padding = self.frames * hop - length
        self._late = hop // 2
        transform = 2 ** (_HOPS * hop - 1).bit_length()
        if self.frames * hop - self._late <= transform // 2:
            raise DataError(
                f"sounds of {length} samples are too short for frames of hop={hop}: pass a smaller "
                "hop or a greater length."
            )
        self._magnitudes = keras.layers.MelSpectrogram(
            fft_length=transform,
            sequence_length=_HOPS * hop,
            sequence_stride=hop,
            sampling_rate=sample_rate,
            num_mel_bins=bins,
            min_freq=_LOWEST,
            mag_exp=1.0,
            power_to_db=False,
            dtype="float32",
        )
        click = np.zeros((1, length, 1), "float32")
        click[0, length // 2] = 1  # of all frequencies alike
        if (self(click).numpy().max(axis=(0, 1)) == 0).any():
            raise DataError(
                f"frames of hop={hop} cannot tell mel_bins={bins} apart at {sample_rate} samples a "
                "second: pass fewer bins or a greater hop."
            )

    def __call__(self, waves) -> tf.Tensor:
        """float32 (n, frames, bins) of waves (n, length, 1) in [-1, 1]."""
        waves = tf.pad(tf.convert_to_tensor(waves)[..., 0], ((0, 0), (0, self._padding)))
        with tf.device("cpu:0"):
            found = tf.convert_to_tensor(self._magnitudes(waves[:, self._late :]))
        decibels = tf.math.log(tf.maximum(found, _FLOOR) / _FLOOR) / np.log(1 / _FLOOR)
        return tf.transpose(decibels, (0, 2, 1))


def with_features(strand: Strand, mel: Mel) -> Strand:
    """A strand of waves as one of waves and their conditions: features, beside labels if any."""

    def conditioned(columns):
        waves, *labels = columns
        features = mel(waves)
        return [waves, {"labels": labels[0], "features": features} if labels else features]

    return changed(strand, conditioned)
