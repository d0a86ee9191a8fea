import numpy as np
import pytest
from scipy.io import wavfile

import kgen.datasets.sound.sounds
from kgen import sounds


def test_a_written_sound_is_read_again_to_half_a_step_of_16_bits(tmp_path):
    samples = np.random.default_rng(0).uniform(-1, 1, (500, 1))
    path = sounds.save_sound(samples, tmp_path / "a.wav", 8000)
    read, rate = kgen.datasets.sound.sounds.read(path)
    assert rate == 8000
    # Full scale is 32767 of them when written and 32768 when read, so that both ends fit.
    np.testing.assert_allclose(read, samples[:, 0], atol=1.6 / 32768)
    rate, numbers = wavfile.read(path)
    np.testing.assert_array_equal(numbers, np.rint(samples[:, 0] * 32767))


def test_what_is_too_loud_is_clipped_and_what_is_no_sound_refused(tmp_path):
    sounds.save_sound(np.array([-3.0, 0.0, 3.0, np.nan]), tmp_path / "a.wav", 100)
    assert wavfile.read(tmp_path / "a.wav")[1].tolist() == [-32767, 0, 32767, 0]
    with pytest.raises(ValueError, match="a sound is"):
        sounds.save_sound(np.zeros((5, 2)), tmp_path / "b.wav", 100)
    assert [file.name for file in tmp_path.iterdir()] == ["a.wav"]


def test_sounds_are_numbered(tmp_path):
    folder = sounds.save_sounds(np.zeros((3, 10, 1)), tmp_path / "new" / "sounds", 8000)
    assert sorted(file.name for file in folder.iterdir()) == ["0001.wav", "0002.wav", "0003.wav"]
