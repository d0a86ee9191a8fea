"""kgen's own classifier: small, repeatable, kept, and named for what it was trained on."""

import json

import keras
import numpy as np
import pytest
from PIL import Image

from kgen.datasets import from_arrays, load
from kgen.errors import DataError, MetricError
from kgen.metrics.features import classifier, find
from kgen.training import clock

TINY = {"limit": 64, "epochs": 2}  # whole batches of 16, so that little is compiled


@pytest.fixture
def trained(monkeypatch):
    """A network without training, for what comes before and after it; the shapes asked for."""
    shapes = []

    def untrained(data, epochs):
        shapes.append(data.image_shape)
        return classifier.build(data.image_shape, data.num_classes), 0.5

    monkeypatch.setattr(classifier, "train", untrained)
    return shapes


def entries(cache):
    return sorted(path.suffix for path in (cache / "classifiers").iterdir())


@pytest.mark.core
def test_trained_once_and_kept(kgen_cache, monkeypatch):
    first = find("classifier", (8, 8, 1), **TINY)
    assert first.name == "classifier(glyphs/letters, 8x8x1, 2 epochs, 64 images)"
    assert (first.dim, first.classes, len(first.class_names)) == (128, 62, 62)
    assert first.class_names[:3] == ("A", "B", "C")
    assert entries(kgen_cache) == [".json", ".keras"]
    images = np.random.default_rng(0).uniform(-1, 1, (3, 8, 8, 1)).astype("float32")
    features, probabilities = first(images), first.probabilities(images)
    assert features.shape == (3, 128) and features.min() >= 0
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)

    monkeypatch.setattr(classifier, "train", None)  # calling it would fail
    again = find("classifier", (8, 8, 1), **TINY)
    assert (again.checksum, again.accuracy) == (first.checksum, first.accuracy)
    np.testing.assert_allclose(again(images), features, rtol=1e-5, atol=1e-6)


def test_probabilities_are_the_whole_models(kgen_cache):
    """Features times the last layer's weights, softmax: Keras's own prediction."""
    network = find("classifier", (8, 8, 1), **TINY)
    (path,) = (kgen_cache / "classifiers").glob("*.keras")
    model = keras.models.load_model(path)
    data = load("glyphs/letters", image_size=8, limit=64, batch_size=64)
    images, labels = next(data.test.as_numpy_iterator())
    logits = model.predict(images, verbose=0)
    expected = keras.ops.convert_to_numpy(keras.ops.softmax(logits))
    np.testing.assert_allclose(network.probabilities(images), expected, rtol=1e-3, atol=1e-5)
    assert network.accuracy == pytest.approx((logits.argmax(1) == labels).mean())


def test_training_is_repeatable_and_leaves_nothing_behind():
    """Whatever the global seed, the announced epoch and the user's precision; all three kept."""
    data = load("glyphs/letters", image_size=8, limit=124, batch_size=62)
    model, _ = classifier.train(data, epochs=2)
    keras.utils.set_random_seed(7)
    clock.announce(5)
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        again, _ = classifier.train(data, epochs=2)
        assert clock.epoch() == 5
    finally:
        keras.config.set_dtype_policy("float32")
        clock.announce(None)
    for one, other in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    untrained = classifier.build(data.image_shape, data.num_classes)
    for one, other in zip(model.get_weights(), untrained.get_weights(), strict=True):
        assert (one != other).any()


def test_it_learns(kgen_cache):
    """Bright against dark, in 20 steps; with labels by lot it cannot."""
    rng = np.random.default_rng(0)
    labels = np.arange(400) % 2
    images = rng.integers(0, 100, (400, 8, 8, 1)) + 100 * labels[:, None, None, None]
    split = {"batch_size": 32, "test": 0.25}
    told = from_arrays(images.astype("uint8"), labels, **split)
    assert classifier.train(told, epochs=3)[1] > 0.95
    lots = from_arrays(images.astype("uint8"), rng.permutation(labels), **split)
    assert 0.3 < classifier.train(lots, epochs=3)[1] < 0.7


@pytest.mark.parametrize("damage", ["cut", "gone", "described", "weights"])
def test_what_is_damaged_is_made_again(kgen_cache, trained, damage):
    first = find("classifier", (8, 8, 1), **TINY)
    (model,) = (kgen_cache / "classifiers").glob("*.keras")
    (described,) = (kgen_cache / "classifiers").glob("*.json")
    if damage == "cut":
        model.write_bytes(model.read_bytes()[:1000])
    elif damage == "gone":
        described.unlink()
    elif damage == "described":
        described.write_text("{")
    else:  # whole, but another's
        other = classifier.build((8, 8, 1), 62)
        other.set_weights([weight + 1 for weight in other.get_weights()])
        other.save(model)
    again = find("classifier", (8, 8, 1), **TINY)
    assert again.checksum == first.checksum
    assert len(trained) == 2
    find("classifier", (8, 8, 1), **TINY)
    assert len(trained) == 2
    assert json.loads(described.read_text())["sha256"].startswith(first.checksum)


def test_two_that_train_at_once_leave_one_whole_entry(kgen_cache, trained, monkeypatch):
    """Another process, whose weights round otherwise, writes between our two files."""
    write = classifier._write

    def together(settings, model, accuracy, data):
        def other(path, make=classifier.cache.writing):
            if path.suffix == ".json":
                monkeypatch.setattr(classifier.cache, "writing", make)
                theirs = classifier.build(data.image_shape, data.num_classes)
                theirs.set_weights([weight + 1 for weight in theirs.get_weights()])
                write(settings, theirs, 0.25, data)
            return make(path)

        monkeypatch.setattr(classifier.cache, "writing", other)
        write(settings, model, accuracy, data)

    monkeypatch.setattr(classifier, "_write", together)
    ours = find("classifier", (8, 8, 1), **TINY)
    again = find("classifier", (8, 8, 1), **TINY)
    assert (ours.accuracy, again.accuracy, again.checksum) == (0.5, 0.5, ours.checksum)
    assert len(trained) == 1


def test_a_label_or_a_pixel_anywhere_makes_other_data():
    """Also in the training images, behind the first batch."""
    images = np.random.default_rng(0).integers(0, 256, (12, 8, 8, 1)).astype("uint8")
    labels = np.arange(12) % 2

    def contents(images, labels):
        return classifier._contents(from_arrays(images, labels, batch_size=1, test=0.25))

    seen = {contents(images, labels), contents(images.copy(), labels.copy())}
    assert len(seen) == 1
    for row in range(0, 12, 3):
        relabelled, redrawn = labels.copy(), images.copy()
        relabelled[row] ^= 1
        redrawn[row, 7, 7] ^= 1
        seen |= {contents(images, relabelled), contents(redrawn, labels)}
    assert len(seen) == 9


def test_each_setting_has_its_own_entry(kgen_cache, trained):
    names = {
        find("classifier", (8, 8, 1), limit=62, epochs=1).name,
        find("classifier", (8, 8, 1), limit=62, epochs=2).name,
        find("classifier", (8, 8, 3), limit=62, epochs=1).name,
        find("classifier:glyphs/scripts", (8, 8, 1), limit=62, epochs=1).name,
    }
    assert len(names) == 4
    assert trained == [(8, 8, 1), (8, 8, 1), (8, 8, 3), (8, 8, 1)]
    assert len(entries(kgen_cache)) == 8


def test_the_users_own_labelled_data(kgen_cache, tmp_path, trained):
    """A folder with classes; once there are more images in it, another classifier."""
    rng = np.random.default_rng(0)

    def add(names):
        for number, kind in enumerate(("dark", "light")):
            (tmp_path / "photos" / kind).mkdir(parents=True, exist_ok=True)
            for name in names:
                grey = rng.integers(0, 100, (10, 8)).astype("uint8") + 100 * number
                Image.fromarray(grey).save(tmp_path / "photos" / kind / f"{name}.png")

    add(range(60))
    spec = f"classifier:{tmp_path / 'photos'}"
    network = find(spec, (10, 8, 1), epochs=1)
    assert network.class_names == ("dark", "light")
    assert "photos, 10x8x1" in network.name
    find(spec, (10, 8, 1), epochs=1)
    assert len(trained) == 1
    add(range(60, 90))
    find(spec, (10, 8, 1), epochs=1)
    assert len(entries(kgen_cache)) == 4
    assert trained == [(10, 8, 1)] * 2


def test_other_pictures_under_the_same_names_are_other_data(kgen_cache, tmp_path, trained):
    """As many, with equal file names and classes, as MNIST and Fashion-MNIST have them."""
    for seed in range(2):
        rng = np.random.default_rng(seed)
        for kind in ("one", "two"):
            (tmp_path / "photos" / kind).mkdir(parents=True, exist_ok=True)
            for name in range(60):
                pixels = rng.integers(0, 256, (8, 8)).astype("uint8")
                Image.fromarray(pixels).save(tmp_path / "photos" / kind / f"{name}.png")
        find(f"classifier:{tmp_path / 'photos'}", (8, 8, 1), epochs=1)
    assert len(trained) == 2
    assert len(entries(kgen_cache)) == 4


def test_images_of_other_sizes_are_resized(trained):
    """Oblong images become square for glyphs; an average of a flat image is itself."""
    network = find("classifier", (8, 6, 1), limit=62, epochs=1)
    assert network.resize == "bicubic to 8x8"
    square = find("classifier", (8, 8, 1), limit=62, epochs=1)
    flat = np.full((1, 8, 6, 1), 0.25, "float32")
    np.testing.assert_allclose(network(flat), square(np.full((1, 8, 8, 1), 0.25)), atol=1e-5)


@pytest.mark.parametrize("side", [8, 12, 15, 16, 28, 32, 33, 48, 64])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_network_for_every_size(side, channels):
    """Four to seven rows are left before the hidden layer, so all sizes cost alike."""
    model = classifier.build((side, side, channels), 10)
    (flat,) = [layer for layer in model.layers if isinstance(layer, keras.layers.Flatten)]
    assert 4 <= flat.input.shape[1] <= 7
    assert model.output_shape == (None, 10)
    assert model.layers[-2].output.shape == (None, 128)


def test_data_that_cannot_be_classified_are_named(tmp_path):
    with pytest.raises(DataError, match="cannot be loaded as 'labelled'"):
        find("classifier:glyphs/all", (8, 8, 1))
    with pytest.raises(DataError):
        find(f"classifier:{tmp_path / 'none'}", (8, 8, 1))
    for number in range(4):
        (tmp_path / "few" / str(number % 2)).mkdir(parents=True, exist_ok=True)
        image = Image.fromarray(np.full((8, 8), number, "uint8"))
        image.save(tmp_path / "few" / str(number % 2) / f"{number}.png")
    with pytest.raises((MetricError, DataError)):
        find(f"classifier:{tmp_path / 'few'}", (8, 8, 1))
