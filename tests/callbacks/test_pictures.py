import numpy as np
import pytest
from PIL import Image

from kgen import plotting
from kgen.callbacks import Reconstructions, SampleGrid, Translations


def frames(path):
    with Image.open(path) as animation:
        return getattr(animation, "n_frames", 1)


def test_a_grid_before_training_and_after_each_epoch(make_model, fit, tmp_path):
    model = make_model()
    fit(model, 2, [SampleGrid(tmp_path, n=4, seed=3)])
    names = sorted(path.name for path in (tmp_path / "samples").iterdir())
    assert names == ["epoch_0000.png", "epoch_0001.png", "epoch_0002.png"]
    assert frames(tmp_path / "samples.gif") == 3

    with Image.open(tmp_path / "samples" / names[-1]) as last:
        drawn = np.asarray(last)
    expected = plotting.grid(model.sample(4, seed=3))
    np.testing.assert_array_equal(drawn, np.asarray(expected))
    with Image.open(tmp_path / "samples" / names[0]) as first:
        assert not np.array_equal(drawn, np.asarray(first))


def test_every_second_epoch_and_always_the_last(make_model, fit, tmp_path):
    fit(make_model(), 3, [SampleGrid(tmp_path, n=1, every=2)])
    names = sorted(path.name for path in (tmp_path / "samples").iterdir())
    assert names == ["epoch_0000.png", "epoch_0002.png", "epoch_0003.png"]


def test_drawing_leaves_the_training_as_it_was(make_model, fit, tmp_path):
    with_grids, without = make_model(), make_model()
    fit(with_grids, 2, [SampleGrid(tmp_path, n=4)])
    fit(without, 2, [])
    for a, b in zip(with_grids.variables, without.variables, strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_animation_of_a_continued_training_covers_both_parts(make_model, fit, tmp_path):
    model = make_model()
    (tmp_path / "samples").mkdir()
    Image.new("L", (9, 9)).save(tmp_path / "samples" / "epoch_0007.png")  # an earlier, longer run's
    fit(model, 1, [SampleGrid(tmp_path, n=1)])
    fit(model, 2, [SampleGrid(tmp_path, n=1)])
    assert frames(tmp_path / "samples.gif") == 3


def test_a_model_that_cannot_sample_is_refused(tmp_path):
    class Mute:
        capabilities = {"encode": ("images",)}
        epochs_trained = 0

    grid = SampleGrid(tmp_path)
    grid.set_model(Mute())
    with pytest.raises(ValueError, match=r"Mute cannot sample.*it can encode"):
        grid.on_train_begin()


@pytest.mark.parametrize("bad", [{"n": 0}, {"every": 0}, {"n": 3, "labels": [1, 2]}])
def test_bad_arguments(bad, tmp_path):
    with pytest.raises(ValueError):
        SampleGrid(tmp_path, **bad)


class Negative:
    """Stands in for a model that translates and reconstructs by negation."""

    def translate(self, images, domain):
        return -images if domain == "b" else images / 2

    def reconstruct(self, images):
        return -images


def test_labels_reach_the_model(tmp_path):
    class Conditional:
        def sample(self, n, labels=None, seed=None):
            assert n == 2 and seed == 5 and labels.dtype == "int32"
            return labels.reshape(2, 1, 1, 1) / 10

    grid = SampleGrid(tmp_path, n=2, seed=5, labels=[3, 7])
    grid.set_model(Conditional())
    assert grid.images().ravel().tolist() == [0.3, 0.7]


def test_sounds_are_drawn_from_features(tmp_path):
    class Vocoder:
        def sample(self, n, features=None, labels=None, seed=None):
            assert labels.tolist() == [3, 7] and labels.dtype == "int32"
            return np.repeat(features[:, :1, :1], 100, axis=1)

    features = np.array([0.0, 0.9]).reshape(2, 1, 1) * np.ones((2, 5, 4))
    grid = SampleGrid(tmp_path, n=2, labels=[3, 7], features=features)
    grid.set_model(Vocoder())
    assert grid.images().shape == (2, 96, 96, 1)
    assert not np.array_equal(*grid.images())
    with pytest.raises(ValueError, match="2 features for n=3 samples: give one for each"):
        SampleGrid(tmp_path, n=3, features=features)


def test_translations_stand_below_their_sources(tmp_path):
    sources = np.array([0.2, 0.4]).reshape(2, 1, 1, 1)
    picture = Translations(tmp_path, {"b": sources, "a": sources})
    picture.set_model(Negative())
    shown = picture.images().ravel().tolist()
    assert shown == [0.2, 0.4, -0.2, -0.4, 0.2, 0.4, 0.1, 0.2]


def test_the_truth_stands_below_a_translation_and_grey_beside_colour(tmp_path):
    class Painter:
        def translate(self, images, domain, seed):
            assert (domain, seed) == ("b", 0)  # the same noise in every picture
            return np.repeat(-images, 3, axis=-1)

    sources = np.array([0.2, 0.4]).reshape(2, 1, 1, 1)
    truth = np.arange(6).reshape(2, 1, 1, 3) / 10
    picture = Translations(tmp_path, {"b": sources}, targets={"b": truth})
    picture.set_model(Painter())
    shown = picture.images()
    assert shown.shape == (6, 1, 1, 3)
    np.testing.assert_array_equal(shown[:2], np.repeat(sources, 3, axis=-1))
    np.testing.assert_array_equal(shown[2:4], -shown[:2])
    np.testing.assert_array_equal(shown[4:], truth)


def test_below_a_translation_stands_what_it_becomes_when_translated_back(tmp_path):
    class Halves:
        def translate(self, images, domain):
            return images / 2 if domain == "b" else -images

    a, b = np.array([0.2, 0.4]).reshape(2, 1, 1, 1), np.array([0.8]).reshape(1, 1, 1, 1)
    truth = np.array([0.7]).reshape(1, 1, 1, 1)
    way = {"targets": {"a": truth}, "back": {"b": "a", "a": "b"}}
    picture = Translations(tmp_path, {"b": a, "a": b}, **way)
    picture.set_model(Halves())
    there_and_back = [0.2, 0.4, 0.1, 0.2, -0.1, -0.2, 0.8, 1, -0.8, 1, -0.4, 1, 0.7, 1]
    np.testing.assert_allclose(picture.images().ravel(), there_and_back)


def test_reconstructions_stand_below_their_images(tmp_path):
    sources = np.linspace(0.1, 1.0, 10).reshape(10, 1, 1, 1)
    picture = Reconstructions(tmp_path, sources)
    picture.set_model(Negative())
    x, white = sources.ravel(), np.ones(6)
    rows = [x[:8], -x[:8], x[8:], white, -x[8:], white]
    np.testing.assert_array_equal(picture.images().ravel(), np.concatenate(rows))
