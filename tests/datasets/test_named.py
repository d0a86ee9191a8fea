"""TensorFlow Datasets by name: what is found, what is refused, and nothing of it slowly."""

import gzip
import time

import numpy as np
import pytest
import tensorflow_datasets as tfds

from kgen.datasets import load, named, strands
from kgen.errors import DataError


class TinyShapes(tfds.core.GeneratorBasedBuilder):
    """A set on disk: grey squares of a level, labelled odd or even, without a validation split."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        features = {
            "image": tfds.features.Image(shape=(None, None, 1)),
            "label": tfds.features.ClassLabel(names=["even", "odd"]),
        }
        return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples(0, 40), "test": self._generate_examples(100, 10)}

    def _generate_examples(self, start, n):
        for level in range(start, start + n):
            yield level, {"image": np.full((12, 20, 1), level, np.uint8), "label": level % 2}


class TinySides(tfds.core.GeneratorBasedBuilder):
    """An unpaired set with the splits of CycleGAN's data sets."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        features = {
            "image": tfds.features.Image(shape=(8, 8, 3)),
            "label": tfds.features.ClassLabel(names=["A", "B"]),
        }
        return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

    def _split_generators(self, dl_manager):
        sizes = {"trainA": (0, 20), "trainB": (100, 10), "testA": (50, 3), "testB": (150, 4)}
        return {split: self._generate_examples(split, *span) for split, span in sizes.items()}

    def _generate_examples(self, split, start, n):
        for level in range(start, start + n):
            image = np.full((8, 8, 3), level, np.uint8)
            yield level, {"image": image, "label": split[-1]}


class TinyFaces(tfds.core.GeneratorBasedBuilder):
    """Grey squares whose three lowest bits are attributes, laid out as CelebA's examples are."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        features = {
            "image": tfds.features.Image(shape=(12, 8, 3)),
            "landmarks": tfds.features.FeaturesDict({"x": np.int64, "y": np.int64}),
            "attributes": {name: np.bool_ for name in ("Bald", "Male", "Young")},
        }
        return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples(0, 24), "test": self._generate_examples(100, 5)}

    def _generate_examples(self, start, n):
        for level in range(start, start + n):
            bits = {"Bald": level & 1, "Male": level & 2, "Young": level & 4}
            yield (
                level,
                {
                    "image": np.full((12, 8, 3), level, np.uint8),
                    "landmarks": {"x": 0, "y": level},
                    "attributes": {name: bool(bit) for name, bit in bits.items()},
                },
            )


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    root = tmp_path_factory.mktemp("tfds")
    for builder in (TinyShapes, TinySides, TinyFaces):
        builder(data_dir=root).download_and_prepare()
    return root


@pytest.fixture(params=["memory", "stream"])
def held(request, monkeypatch):
    if request.param == "stream":
        monkeypatch.setattr(strands, "IN_MEMORY", 0)
    return request.param


def levels(dataset, column=0):
    parts = [np.round((batch[column] + 1) * 127.5) for batch in dataset.as_numpy_iterator()]
    return np.concatenate([part[:, 4, 4, 0] for part in parts]).astype(int).tolist()


def test_labelled_set_is_resized_and_held_out(data_dir, held):
    data = load("tiny_shapes", data_dir=data_dir, image_size=8, batch_size=4)
    assert data.layout == "labelled"
    assert data.class_names == ("even", "odd")
    assert data.sizes == {"train": 36, "validation": 4, "test": 10}
    assert data.image_shape == (8, 8, 1)
    seen = {split: levels(getattr(data, split)) for split in ("train", "validation", "test")}
    assert sorted(seen["train"] + seen["validation"]) == list(range(40))
    assert sorted(seen["test"]) == list(range(100, 110))
    assert seen["test"] == levels(data.test)
    for x, y in data.train.as_numpy_iterator():
        assert y.dtype == np.int32
        np.testing.assert_array_equal(np.round((x[:, 0, 0, 0] + 1) * 127.5) % 2, y)


def test_order_is_repeated_by_a_rebuilt_pipeline(data_dir, held):
    def epochs():
        data = load("tiny_shapes", data_dir=data_dir, image_size=8, batch_size=4, seed=5)
        return [levels(data.train) for _ in range(2)]

    first = epochs()
    assert first == epochs()
    assert first[0] != first[1]


def test_unpaired_set(data_dir, held):
    data = load("tiny_sides", data_dir=data_dir, batch_size=2)
    assert data.layout == "unpaired"
    # A tenth of each training side is held out for validation.
    assert data.sizes == {"train": 18, "validation": 2, "test": 4}
    a, b = (levels(data.train, side) for side in (0, 1))
    assert len(a) == len(set(a)) == 18
    assert sorted(b[:9]) == sorted(b[9:])
    assert set(b) < set(range(100, 110))
    assert sorted(set(levels(data.test, 0))) == [50, 51, 52]


def test_attributes_of_examples(data_dir, held):
    options = {"data_dir": data_dir, "image_size": 8, "batch_size": 4, "layout": "attributes"}
    data = load("tiny_faces", **options)
    assert (data.layout, data.class_names) == ("attributes", ("Bald", "Male", "Young"))
    data = load("tiny_faces", attributes=["Young", "Bald"], **options)
    assert data.class_names == ("Young", "Bald") and data.num_classes == 2
    assert data.sizes == {"train": 22, "validation": 2, "test": 5}
    seen = 0
    for split in (data.train, data.validation, data.test):
        for images, given in split.as_numpy_iterator():
            assert given.dtype == np.float32 and given.shape == (len(images), 2)
            level = np.round((images[:, 0, 0, 0] + 1) * 127.5).astype(int)
            np.testing.assert_array_equal(given, np.stack([level >> 2 & 1, level & 1], axis=1))
            seen += len(images)
    assert seen == 20 + 2 + 5  # of the 22 to train on, whole batches
    assert load("tiny_faces", data_dir=data_dir, batch_size=4).layout == "images"  # if asked for


def test_attributes_that_are_none(data_dir):
    options = {"data_dir": data_dir, "image_size": 8, "layout": "attributes"}
    with pytest.raises(DataError, match="no dictionary of yes and no, as celeb_a's"):
        load("tiny_shapes", **options)
    with pytest.raises(DataError, match="tiny_faces has no attribute male: did you mean Male"):
        load("tiny_faces", attributes=["male"], **options)
    names = [name for _, name in named._traits(tfds.builder("celeb_a"), None, "celeb_a")]
    assert len(names) == 40 and {"Black_Hair", "Blond_Hair", "Brown_Hair"} < set(names)


def test_images_only_limits_and_no_validation(data_dir):
    data = load(
        "tiny_shapes",
        data_dir=data_dir,
        image_size=16,
        channels=3,
        layout="images",
        validation=0,
        batch_size=5,
        limit=7,
    )
    assert data.sizes == {"train": 7, "validation": 0, "test": 7}
    assert data.validation is None
    assert data.class_names is None
    assert data.train.element_spec.shape == (5, 16, 16, 3)


def test_size_must_be_given_where_images_differ(data_dir):
    with pytest.raises(DataError, match="differ in size: pass image_size"):
        load("tiny_shapes", data_dir=data_dir)


def test_stock_set_by_mock_data(monkeypatch):
    def prepared(name, data_dir=None):
        builder = named.find(name, data_dir)
        sizes = {"train": 20, "test": 10}
        infos = [
            tfds.core.SplitInfo(
                name=split,
                shard_lengths=[size],
                num_bytes=0,
                filename_template=tfds.core.ShardedFileTemplate(
                    dataset_name=name, data_dir=builder.data_path, filetype_suffix="tfrecord"
                ),
            )
            for split, size in sizes.items()
        ]
        builder.info.set_splits(tfds.core.splits.SplitDict(infos))
        return builder

    monkeypatch.setattr(named, "prepared", prepared)
    with tfds.testing.mock_data(num_examples=20):
        data = load("mnist", batch_size=4)
        assert data.layout == "labelled"
        assert data.image_shape == (28, 28, 1)
        assert data.num_classes == 10
        images, labels = next(data.train.as_numpy_iterator())
    assert images.shape == (4, 28, 28, 1)
    assert -1 <= images.min() < images.max() <= 1
    assert labels.dtype == np.int32


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("mnistt", "did you mean .*mnist"),
        ("cifar_10", "did you mean .*cifar10"),
        ("cycle_gan/horse2zebr", "did you mean cycle_gan/horse2zebra"),
        ("qqqqqqqq", "list_builders"),
        ("./glyphz", "no folder"),
    ],
)
def test_no_such_name(name, hint):
    with pytest.raises(DataError, match=hint) as caught:
        load(name)
    assert "\n" not in str(caught.value)


def test_sets_without_images_are_refused_before_any_download(monkeypatch):
    monkeypatch.setattr(named, "prepared", lambda *_: pytest.fail("was to be prepared"))
    with pytest.raises(DataError, match=r"imdb_reviews cannot be read .* it has none"):
        load("imdb_reviews")


class Prepared(Exception):
    """Raised in place of preparing, with the settings."""


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """No network, an empty own folder, and a download that only tells how it was called."""
    from urllib.error import URLError

    from tensorflow_datasets.core import constants

    def no_network(request, timeout):
        assert timeout <= 10
        raise URLError("no network")

    def prepare(self, download_config):
        raise Prepared(str(download_config.manual_dir), str(self.data_dir))

    monkeypatch.setattr("urllib.request.urlopen", no_network)
    monkeypatch.setattr(constants, "DATA_DIR", str(tmp_path / "own"))
    monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", prepare)
    return tmp_path


def test_offline_says_at_once_which_files_are_missing(offline):
    start = time.monotonic()
    with pytest.raises(DataError, match=r"storage\.googleapis\.com cannot .* t10k-images-idx3"):
        load("mnist", data_dir=offline / "empty")
    with pytest.raises(DataError, match=r"put horse2zebra\.zip into a folder"):
        load("cycle_gan/horse2zebra")
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("below", ["", "mnist"])
def test_original_downloads_are_used_without_network(offline, below):
    files = offline / "files" / below
    files.mkdir(parents=True)
    for kind in ("train", "t10k"):
        (files / f"{kind}-images-idx3-ubyte.gz").touch()
        (files / f"{kind}-labels-idx1-ubyte.gz").touch()
    with pytest.raises(DataError, match="cannot prepare mnist") as caught:
        load("mnist", data_dir=offline / "files")
    manual, target = caught.value.__cause__.args
    assert manual == str(files)
    assert target.startswith(str(offline / "own"))
    (files / "train-images-idx3-ubyte.gz").unlink()
    with pytest.raises(DataError, match=r"put train-images-idx3-ubyte\.gz into"):
        load("mnist", data_dir=offline / "files")


class TinyPacked(tfds.core.GeneratorBasedBuilder):
    """A set of one grey level, in an archive that is called like another set's."""

    VERSION = tfds.core.Version("1.0.0")
    MANUAL_DOWNLOAD_INSTRUCTIONS = "levels.gz"

    def _info(self):
        features = {"image": tfds.features.Image(shape=(8, 8, 1))}
        return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

    def _split_generators(self, dl_manager):
        file = dl_manager.extract(dl_manager.manual_dir / "levels.gz")
        return {"train": self._generate_examples(int(file.read_text()))}

    def _generate_examples(self, level):
        for i in range(20):
            yield i, {"image": np.full((8, 8, 1), level, np.uint8)}


class TinyPackedToo(TinyPacked):
    """The other set."""


def test_archives_of_one_name_are_not_confused(monkeypatch, tmp_path):
    """As MNIST's and Fashion-MNIST's, which TensorFlow Datasets unpacks into one place."""
    from tensorflow_datasets.core import constants

    monkeypatch.setattr(constants, "DATA_DIR", str(tmp_path / "own"))
    for name, level in {"tiny_packed": 0, "tiny_packed_too": 255}.items():
        files = tmp_path / name
        files.mkdir()
        (files / "levels.gz").write_bytes(gzip.compress(str(level).encode()))
        images = next(iter(load(name, data_dir=files, batch_size=4).train))
        np.testing.assert_array_equal(images, np.full((4, 8, 8, 1), level / 127.5 - 1, "float32"))


def test_pairs_are_made_of_named_sets_and_cut_at_random(data_dir, held):
    data = load(
        "tiny_shapes",
        data_dir=data_dir,
        image_size=16,
        batch_size=4,
        pairs="colorization",
        jitter=2,
        direction="ba",
    )
    assert (data.source_shape, data.image_shape) == ((16, 16, 3), (16, 16, 1))
    for split in (data.train, data.test):
        colour, grey = next(split.as_numpy_iterator())
        assert (colour.shape, grey.shape) == ((4, 16, 16, 3), (4, 16, 16, 1))
        np.testing.assert_allclose(colour, np.repeat(grey, 3, axis=-1), atol=1e-6)
    with pytest.raises(DataError, match="are for folders"):
        load("tiny_shapes", data_dir=data_dir, image_size=16, pairs="halves")
