"""Mel frames of sounds, beside these."""

import numpy as np
import pytest

from kgen.datasets import load, strands
from kgen.datasets.sound.mel import Mel, with_features
from kgen.errors import DataError

RATE, HOP, BINS = 8000, 32, 20


def tone(frequency, length=1000, amplitude=0.5):
    return amplitude * np.sin(2 * np.pi * frequency * np.arange(length) / RATE)[:, None]


def frames_of(*waves, **options):
    waves = np.stack(waves).astype("float32")
    return Mel(waves.shape[1], RATE, **{"hop": HOP, "bins": BINS, **options})(waves).numpy()


@pytest.mark.parametrize(("length", "frames"), [(992, 31), (993, 32), (1000, 32), (1024, 32)])
def test_frames_cover_the_sound(length, frames):
    """The last may be of silence that fills it up, and there is none beyond."""
    mel = Mel(length, RATE, HOP, BINS)
    assert mel.frames == frames and frames * HOP >= length > (frames - 1) * HOP
    assert mel(np.zeros((3, length, 1), "float32")).shape == (3, frames, BINS)


def test_a_tone_is_in_its_band():
    """Bands lie evenly on the scale 1127 log(1 + f / 700), from 20 Hz to half of the rate."""
    edges = np.linspace(*1127 * np.log1p(np.array([20, RATE / 2]) / 700), BINS + 2)
    middles = 700 * np.expm1(edges[1:-1] / 1127)
    for band in (3, 9, 16):
        found = frames_of(tone(middles[band]))[0, 4:-4]
        assert (found.argmax(axis=1) == band).all()
        assert (np.delete(found, [band - 1, band, band + 1], axis=1).max() < found[:, band]).all()


def test_values_are_decibels_over_silence():
    loud, soft = frames_of(tone(700, amplitude=0.5), tone(700, amplitude=0.05))
    np.testing.assert_array_equal(frames_of(np.zeros((1000, 1))), 0)
    heard = soft > 0.01
    assert heard.mean() > 0.1
    np.testing.assert_allclose((loud - soft)[heard], 0.2, atol=1e-3)


def test_a_sound_does_not_depend_on_the_others_of_its_batch():
    together = frames_of(tone(300, amplitude=0.01), tone(900, amplitude=1.0))
    np.testing.assert_allclose(together[0], frames_of(tone(300, amplitude=0.01))[0], atol=1e-5)


@pytest.mark.parametrize("frame", [0, 5, 20, 30])
@pytest.mark.parametrize("place", [HOP // 4, 3 * HOP // 4])
def test_a_click_is_loudest_in_the_frame_of_its_samples(frame, place):
    """A window of four hops in the middle of each: two frames before and after hear it as well."""
    wave = np.zeros((1000, 1))
    wave[frame * HOP + place] = 1
    loudness = frames_of(wave)[0].sum(axis=1)
    assert loudness.argmax() == frame
    np.testing.assert_array_equal(loudness[: max(0, frame - 2)], 0)
    np.testing.assert_array_equal(loudness[frame + 3 :], 0)


def test_labels_and_features_stand_beside_the_waves():
    options = {"length": 250, "batch_size": 4, "limit": 12, "hop": 16, "mel_bins": 6}
    data = load("tones", features="mel", **options)
    assert data.layout == "features" and data.num_classes == 6 and data.image_shape == (250, 1)
    mel = Mel(250, 8000, 16, 6)
    for part in (data.train, data.validation, data.test):
        for waves, given in part:
            assert set(given) == {"labels", "features"} and given["labels"].dtype == "int32"
            np.testing.assert_allclose(given["features"], mel(waves), atol=1e-5)
    waves, features = next(iter(load("tones", features="mel", layout="waves", **options).train))
    assert features.shape == (4, 16, 6)


def test_of_sounds_that_are_read_when_needed():
    """Whatever strand holds the sounds."""
    waves = np.random.default_rng(0).uniform(-1, 1, (5, 100, 1)).astype("float32")
    files = strands.Files([range(5)], lambda row: waves[row], (100, 1), dtype=np.float32)
    mel = Mel(100, RATE, 16, 6)
    one, other = (
        with_features(strand, mel).fetch(np.array([3, 1]), None)
        for strand in (files, strands.Memory([waves]))
    )
    np.testing.assert_array_equal(one[0], waves[[3, 1]])
    np.testing.assert_array_equal(one[1], other[1])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"features": "mfcc"}, "features='mfcc': choose from mel"),
        ({"hop": 64}, 'hop and mel_bins are of features: pass features="mel"'),
        ({"features": "mel", "hop": 1}, "hop=1: pass a whole number of at least 2"),
        ({"features": "mel", "mel_bins": 0}, "mel_bins=0: pass a whole number"),
        ({"features": "mel", "hop": 1024}, "2048 samples are too short for frames of hop=1024"),
        ({"features": "mel", "hop": 16}, "cannot tell mel_bins=80 apart at 8000 samples a second"),
        ({"features": "mel", "labels_per_class": 2}, "needs labels, and tones is loaded as"),
    ],
)
def test_features_that_cannot_be(options, said):
    with pytest.raises(DataError, match=said):
        load("tones", limit=20, batch_size=4, **options)


def test_images_have_none():
    with pytest.raises(DataError, match="glyphs holds no sounds: leave features=mel out"):
        load("glyphs", features="mel")
