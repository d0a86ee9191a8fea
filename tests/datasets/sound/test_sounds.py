"""Sounds as users have them: every kind of WAV file, any length and rate; the built-in tones."""

import struct
import wave

import numpy as np
import pytest
from scipy.io import wavfile

from kgen.datasets import load, strands
from kgen.datasets.sound import named as named_sounds
from kgen.datasets.sound import sounds, tones
from kgen.errors import DataError

RATE = 8000
X = np.array([-1.0, -0.5, 0.0, 0.25, 0.5])


def save(path, samples, rate=RATE):
    path.parent.mkdir(parents=True, exist_ok=True)
    wavfile.write(path, rate, np.asarray(samples))


def save_24_bit(path, samples):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(3)
        file.setframerate(RATE)
        file.writeframes(b"".join(struct.pack("<i", int(v * 2**23))[:3] for v in samples))


def fill(folder, n, samples=40, rate=RATE, value=None):
    """Sounds of one level each, so that one knows them again."""
    for number in range(n):
        level = (number + 1) / (n + 1) if value is None else value
        save(folder / f"{number:03}.wav", np.full(samples, level, "float32"), rate)


def try_load(root, **options):
    return load(root, **{"batch_size": 1, "validation": 0.0, "test": 0.0, **options})


@pytest.mark.parametrize(
    ("samples", "step"),
    [
        (np.round(X * 128 + 128).astype("uint8"), 2**-7),
        ((X * 2**15).astype("int16"), 2**-15),
        ((X * 2.0**31).astype("int32"), 2**-24),
        (X.astype("float32"), 2**-24),
        (X, 2**-24),
    ],
)
def test_every_kind_of_sample_is_read_in_its_range(tmp_path, samples, step):
    save(tmp_path / "a.wav", samples)
    read, rate = sounds.read(tmp_path / "a.wav")
    np.testing.assert_allclose(read, X, atol=step)
    assert read.dtype == np.float32 and rate == RATE


def test_24_bits_and_channels(tmp_path):
    save_24_bit(tmp_path / "a.wav", X)
    np.testing.assert_allclose(sounds.read(tmp_path / "a.wav")[0], X, atol=2**-23)
    save(tmp_path / "b.wav", np.stack([X, np.zeros(5)], axis=1).astype("float32"))
    np.testing.assert_allclose(sounds.read(tmp_path / "b.wav")[0], X / 2, atol=1e-7)


def test_another_rate_keeps_the_pitch_and_has_no_aliases(tmp_path):
    """Twice the rate, twice the samples of one tone; what half the rate cannot hold is gone."""
    seconds = np.arange(RATE) / RATE
    low, high = (np.sin(2 * np.pi * f * seconds).astype("float32") / 2 for f in (440, 3000))
    save(tmp_path / "low.wav", low)
    save(tmp_path / "high.wav", high)
    doubled, rate = sounds.read(tmp_path / "low.wav", 2 * RATE)
    assert rate == 2 * RATE and len(doubled) == 2 * RATE
    expected = np.sin(2 * np.pi * 440 * np.arange(2 * RATE) / (2 * RATE)) / 2
    np.testing.assert_allclose(doubled[200:-200], expected[200:-200], atol=2e-3)
    halved, _ = sounds.read(tmp_path / "high.wav", RATE // 2)
    assert np.abs(halved[200:-200]).max() < 5e-3


def test_a_folder_is_cut_into_pieces_and_silence_fills_the_last(tmp_path):
    save(tmp_path / "a.wav", np.arange(1, 8, dtype="float32") / 10)
    save(tmp_path / "b.wav", np.full(3, 0.9, "float32"))
    (tmp_path / "notes.txt").write_text("no sound")
    save(tmp_path / "._a.wav", X)
    data = try_load(tmp_path, length=4)
    assert data.layout == "waves" and data.image_shape == (4, 1) and data.sample_rate == RATE
    assert data.sizes["train"] == 3 and data.class_names is None
    rows = sorted(
        batch[0, :, 0].astype("float64").round(3).tolist()
        for batch in data.train.as_numpy_iterator()
    )
    assert rows == [[0.1, 0.2, 0.3, 0.4], [0.5, 0.6, 0.7, 0.0], [0.9, 0.9, 0.9, 0.0]]


def test_classes_are_folders_and_splits_are_by_file(tmp_path):
    for name in ("dog", "cat"):
        fill(tmp_path / name, 20, samples=12, value=0.5 if name == "cat" else -0.5)
    data = load(tmp_path, length=4, batch_size=2, validation=0.3, test=0.3)
    assert data.layout == "labelled" and data.class_names == ("cat", "dog")
    assert sum(data.sizes.values()) == 120 and all(n % 3 == 0 for n in data.sizes.values())
    for split in (data.train, data.validation, data.test):
        for waves, labels in split.as_numpy_iterator():
            assert waves.shape[1:] == (4, 1) and waves.dtype == np.float32
            np.testing.assert_array_equal(waves[:, 0, 0] > 0, labels == 0)
    assert try_load(tmp_path, layout="waves").train.element_spec.shape == (1, 12, 1)
    assert try_load(tmp_path, limit=5).sizes["train"] == 5
    assert try_load(tmp_path, length=4, limit=5).sizes["train"] == 5


def test_folders_that_are_split_already(tmp_path):
    fill(tmp_path / "train" / "one", 3)
    fill(tmp_path / "test" / "one", 2)
    data = load(tmp_path, batch_size=1, validation=0.0)
    assert dict(data.sizes) == {"train": 3, "validation": 0, "test": 2}


def test_broken_files_are_left_out_counted_and_named(tmp_path):
    fill(tmp_path, 3)
    (tmp_path / "broken.wav").write_bytes(b"RIFF and no more")
    whole = (tmp_path / "000.wav").read_bytes()
    (tmp_path / "cut.wav").write_bytes(whole[: len(whole) // 2])
    save(tmp_path / "empty.wav", np.zeros(0, "int16"))
    save(tmp_path / "nan.wav", np.full(40, np.nan, "float32"))
    with pytest.warns(UserWarning, match="4 of 7 files in .* cannot be read, left out: broken.wav"):
        data = try_load(tmp_path)
    assert data.sizes["train"] == 3 and len(data.skipped) == 4
    assert [line.split(":")[0] for line in data.skipped] == [
        "broken.wav", "cut.wav", "empty.wav", "nan.wav",
    ]  # fmt: skip
    assert "NaN" in data.skipped[-1]
    for number in range(3):
        (tmp_path / f"{number:03}.wav").unlink()
    with pytest.raises(DataError, match="none of the 4 sounds"):
        try_load(tmp_path)


def test_lengths_and_rates_that_differ_ask_for_an_argument(tmp_path):
    save(tmp_path / "a.wav", np.zeros(10, "int16"))
    save(tmp_path / "b.wav", np.zeros(20, "int16"))
    with pytest.raises(DataError, match="differ in length, from 10 to 20: pass length"):
        try_load(tmp_path)
    save(tmp_path / "c.wav", np.zeros(20, "int16"), rate=2 * RATE)
    with pytest.raises(DataError, match="differ in sample rate, from 8000 to 16000: pass sample_r"):
        try_load(tmp_path, length=10)
    data = try_load(tmp_path, length=10, sample_rate=RATE)
    assert data.sizes["train"] == 4 and data.sample_rate == RATE  # 1, 2, and 1 of half as many


def test_what_sounds_have_not_is_refused(tmp_path):
    fill(tmp_path / "a", 2)
    fill(tmp_path / "b", 2)
    for arguments in ({"image_size": 32}, {"flip": True}, {"channels": 3}):
        with pytest.raises(DataError, match="is sound and no image: leave"):
            try_load(tmp_path, **arguments)
        with pytest.raises(DataError, match="tones is sound and no image: leave"):
            load("tones", **arguments)
    with pytest.raises(DataError, match='has two sides, a and b: pass layout="labelled"'):
        try_load(tmp_path)
    assert try_load(tmp_path, layout="labelled").class_names == ("a", "b")
    with pytest.raises(DataError, match="glyphs holds no sounds: leave length=5 out"):
        load("glyphs", length=5)
    with pytest.raises(DataError, match="length=0: pass a whole number"):
        load("tones", length=0)
    with pytest.raises(DataError, match="cannot be loaded as 'images': choose from lab"):
        load("tones", layout="images")


def test_too_large_for_memory_means_read_when_needed(tmp_path, monkeypatch):
    save(tmp_path / "a.wav", np.arange(1, 8, dtype="float32") / 10)
    save(tmp_path / "b.wav", np.full(3, 0.9, "float32"))
    held = try_load(tmp_path, length=4, seed=3)
    monkeypatch.setattr(strands, "IN_MEMORY", 0)
    read = try_load(tmp_path, length=4, seed=3)
    for one, other in zip(held.train, read.train, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_order_is_a_function_of_seed_and_epoch():
    def order(seed):
        data = load("tones", length=8, batch_size=4, seed=seed, limit=40)
        return [next(iter(data.train))[0].numpy() for _ in range(2)]

    (first, second), (again, _), (other, _) = order(1), order(1), order(2)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, second) and not np.array_equal(first, other)


def test_tones_are_labelled_split_and_always_the_same():
    data = load("tones", length=64, batch_size=1000)
    assert data.layout == "labelled" and data.num_classes == 6 and data.sample_rate == 8000
    assert sum(data.sizes.values()) == 6 * 25 * 16
    assert min(data.sizes.values()) > 0.08 * 2400
    keys = [{note.key for note in tones.notes(s)} for s in ("train", "validation", "test")]
    assert not keys[0] & keys[1] and not keys[0] & keys[2] and not keys[1] & keys[2]
    waves, labels = next(iter(data.test))
    assert waves.dtype == np.float32 and np.abs(waves).max() <= 1
    assert set(np.unique(labels)) == set(range(6))
    # Written down once: a change would make every trained model's data another.
    note = tones.draw(tones.Note("bell", 70, 3), 200)
    assert note[[0, 1, 2, 100]] == pytest.approx([0, -0.0705796, -0.0586860, 0.1278612], abs=1e-6)


def test_a_note_has_its_pitch_and_nothing_above_half_the_rate():
    """A4 is 440 Hz up to 20 cents, 1.2 %; a bin of the transform is 3.9 Hz."""
    for name in ("flute", "strings", "organ", "guitar", "clarinet", "bell"):
        heard = tones.draw(tones.Note(name, 69, 1), 2048, 8000)
        spectrum = np.abs(np.fft.rfft(heard * np.hanning(2048)))
        assert spectrum.argmax() * 8000 / 2048 == pytest.approx(440, rel=0.021)
    low = tones.draw(tones.Note("strings", 81, 1), 4096, 2000)  # 880 Hz, its partials above 1000
    spectrum = np.abs(np.fft.rfft(low * np.hanning(4096)))
    assert spectrum[np.fft.rfftfreq(4096, 1 / 2000) < 800].max() < 0.01 * spectrum.max()


def test_instruments_sound_as_they_are_meant():
    """A struck one fades, a blown one does not; a clarinet has no even harmonics."""

    def loud(name):
        heard = tones.draw(tones.Note(name, 69, 0), 8000, 8000)
        return np.sqrt((heard[1000:2000] ** 2).mean()), np.sqrt((heard[-1000:] ** 2).mean())

    for name, fades in (("bell", True), ("guitar", True), ("organ", False), ("flute", False)):
        early, late = loud(name)
        assert (late < 0.3 * early) == fades, name
    heard = tones.draw(tones.Note("clarinet", 69, 0), 8000, 8000)
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(8000)))
    base = spectrum[430:450].argmax() + 430
    assert spectrum[2 * base] < 0.02 * spectrum[base] < spectrum[3 * base]


def test_a_set_of_tensorflow_datasets(monkeypatch):
    """A builder that speaks as `spoken_digit` does, so that nothing is downloaded."""
    import tensorflow as tf
    import tensorflow_datasets as tfds

    class Info:
        features = tfds.features.FeaturesDict(
            {
                "audio": tfds.features.Audio(file_format="wav", sample_rate=RATE),
                "label": tfds.features.ClassLabel(num_classes=3),
            }
        )
        splits = {"train": type("Split", (), {"num_examples": 10})}

    class Builder:
        info = Info

        @staticmethod
        def as_dataset(split, **_):
            first, last = (int(n) for n in split[6:-1].split(":"))
            rows = tf.data.Dataset.range(first, last)
            return rows.map(lambda i: {"audio": tf.repeat((i + 1) * 2**11, 3 + i), "label": i % 3})

    monkeypatch.setattr("kgen.datasets.named.find", lambda *_: Builder)
    monkeypatch.setattr("kgen.datasets.named.prepared", lambda *_: Builder)
    assert named_sounds.is_sound(Builder)
    data = load("spoken_digit", length=5, batch_size=1, validation=0.2, test=0.2)
    assert data.layout == "labelled" and data.num_classes == 3 and data.sample_rate == RATE
    # Rows of 3, 4 and 5 samples are one piece, of 6, 7 and 8 two.
    assert dict(data.sizes) == {"train": 9, "validation": 4, "test": 6}
    for waves, labels in data.train.as_numpy_iterator():
        row = round(float(waves.max()) * 16) - 1
        assert labels[0] == row % 3 and waves.shape == (1, 5, 1)
    assert load("spoken_digit", length=5, batch_size=1, limit=2).sizes["train"] == 2
    with pytest.raises(DataError, match="differ in length, from 3 to 12"):
        load("spoken_digit", batch_size=1)
