"""Folders of images as users have them: mixed sizes and modes, broken files, every layout."""

import numpy as np
import pytest
from PIL import Image

from kgen.datasets import folder, load, pictures, strands
from kgen.errors import DataError

SIZE = 16


def save(path, colour=(200, 100, 50), size=(20, 24), mode="RGB", **options):
    """Writes an image of one colour; `size` is (width, height)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).convert(mode).save(path, **options)


def fill(root, n, start=0, **options):
    for number in range(start, start + n):
        save(root / f"{number:03}.png", (number, number, number), **options)


def bytes_of(images):
    return np.round((np.asarray(images) + 1) * 127.5).astype(int)


def split_rows(data, column=None):
    """The grey level of each image, by split."""
    rows = {}
    for split in ("train", "validation", "test"):
        rows[split] = []
        for batch in getattr(data, split) or ():
            images = batch if column is None else batch[column]
            rows[split] += bytes_of(images)[:, 8, 8, 0].tolist()
    return rows


def try_load(root, **options):
    options = {"image_size": SIZE, "batch_size": 1, "validation": 0.0, "test": 0.0, **options}
    return load(root, **options)


def test_mixed_sizes_modes_and_formats(tmp_path):
    save(tmp_path / "a.png", size=(40, 17))
    save(tmp_path / "b.JPG", size=(300, 200), quality=95)
    save(tmp_path / "c.webp", size=(9, 30), lossless=True)
    save(tmp_path / "d.bmp")
    save(tmp_path / "e.gif", mode="P")
    save(tmp_path / "f.png", mode="RGBA")
    save(tmp_path / "g.jpeg", mode="CMYK", quality=95)
    save(tmp_path / "sub" / "h.png")  # not of this folder: images beside it
    (tmp_path / "notes.txt").write_text("no image")
    save(tmp_path / "._a.png")
    data = try_load(tmp_path)
    assert data.layout == "images"
    assert data.image_shape == (SIZE, SIZE, 3)
    assert data.sizes["train"] == 7
    assert data.skipped == ()
    for batch in data.train.as_numpy_iterator():
        assert batch.shape == (1, SIZE, SIZE, 3)
        np.testing.assert_allclose(bytes_of(batch)[0, 8, 8], (200, 100, 50), atol=6)


def test_grey_folders_stay_grey_and_channels_decide(tmp_path):
    save(tmp_path / "a.png", mode="L")
    save(tmp_path / "b.png", mode="1", colour=(255, 255, 255))
    save(tmp_path / "c.gif", mode="L")
    assert try_load(tmp_path).image_shape == (SIZE, SIZE, 1)
    assert try_load(tmp_path, channels=3).image_shape == (SIZE, SIZE, 3)
    save(tmp_path / "d.png")
    assert try_load(tmp_path).image_shape == (SIZE, SIZE, 3)
    data = try_load(tmp_path, channels=1)
    assert data.image_shape == (SIZE, SIZE, 1)
    # Luma by ITU-R 601: 0.299 * 200 + 0.587 * 100 + 0.114 * 50 = 124.2
    levels = sorted(split_rows(data)["train"])
    assert levels[:3] == pytest.approx([124] * 3, abs=1)
    assert levels[3] == 255


def test_transparency_lies_on_white(tmp_path):
    pixels = np.zeros((16, 16, 4), np.uint8)
    pixels[:, 8:] = (0, 0, 0, 128)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    image = pictures.read(tmp_path / "a.png", (16, 16), 1)
    assert image[0, 0, 0] == 255
    assert image[0, 15, 0] == pytest.approx(127, abs=1)


def test_camera_orientation_is_honoured(tmp_path):
    pixels = np.zeros((20, 40, 3), np.uint8)
    pixels[:, :20] = 255  # the left half is white
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned a quarter to the right: white comes on top
    Image.fromarray(pixels).save(tmp_path / "a.png", exif=exif)
    assert pictures.header(tmp_path / "a.png") == ((40, 20), 3)
    shown = pictures.read(tmp_path / "a.png", None, 3)
    assert shown.shape == (40, 20, 3)
    assert shown[:20].min() == 255
    assert shown[20:].max() == 0


def test_sixteen_bits_are_scaled_not_clipped(tmp_path):
    Image.fromarray(np.full((16, 16), 257 * 100, np.uint16)).save(tmp_path / "a.png")
    assert pictures.read(tmp_path / "a.png", (16, 16), 1).max() == 100


def test_ways_to_resize():
    pixels = np.zeros((16, 48), np.uint8)
    pixels[:, 16:32] = 255
    image = Image.fromarray(pixels)
    crop, stretch, pad = (
        pictures.as_array(pictures.fitted(image, (16, 16), way))[:, :, 0]
        for way in ("crop", "stretch", "pad")
    )
    assert crop.min() == 255  # the middle third
    assert stretch[:, 8].min() == 255
    assert stretch[:, 0].max() == 0
    assert stretch.shape == pad.shape == (16, 16)
    assert pad[0].tolist() == pad[8].tolist() == pad[15].tolist()  # its border goes on
    small = pictures.as_array(pictures.fitted(Image.new("L", (28, 28), 9), (32, 32), "pad"))
    assert small.shape == (32, 32, 1)
    inner = np.zeros((28, 28), np.uint8)
    inner[1:-1, 1:-1] = np.random.default_rng(0).integers(256, size=(26, 26))
    padded = pictures.as_array(pictures.fitted(Image.fromarray(inner), (32, 32), "pad"))
    np.testing.assert_array_equal(padded[2:-2, 2:-2, 0], inner)
    assert padded.sum() == inner.sum()


def test_unknown_resize(tmp_path):
    with pytest.raises(DataError, match="resize='zoom': choose from crop, pad, stretch"):
        load(tmp_path, resize="zoom")


def test_size_is_the_common_one_or_asked_for(tmp_path):
    save(tmp_path / "a.png", size=(24, 20))
    save(tmp_path / "b.png", size=(24, 20))
    assert try_load(tmp_path, image_size=None).image_shape == (20, 24, 3)
    assert try_load(tmp_path, image_size=(8, 12)).image_shape == (8, 12, 3)
    save(tmp_path / "c.png", size=(64, 48))
    with pytest.raises(DataError, match="from 20x24 to 48x64: pass image_size"):
        try_load(tmp_path, image_size=None)


def test_broken_files_are_counted_named_and_skipped(tmp_path):
    fill(tmp_path, 6)
    (tmp_path / "broken.png").write_bytes(b"not an image")
    save(tmp_path / "large.jpg", size=(200, 200))
    whole = (tmp_path / "large.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.png").write_bytes(b"")
    with pytest.warns(UserWarning, match=r"3 of 10 files .* left out: .*broken\.png: ") as caught:
        data = try_load(tmp_path)
    assert [warning.filename for warning in caught] == [__file__]
    assert data.sizes["train"] == 7
    assert [line.split(":")[0] for line in sorted(data.skipped)] == [
        "broken.png",
        "cut.jpg",
        "empty.png",
    ]
    assert str(tmp_path) not in "".join(data.skipped)


def test_nothing_to_read(tmp_path):
    with pytest.raises(DataError, match=r"no images in .*: put png, jpg"):
        load(tmp_path)
    (tmp_path / "broken.png").write_bytes(b"not an image")
    with pytest.raises(DataError, match="none of the 1 images"):
        load(tmp_path)
    with pytest.raises(DataError, match="no folder"):
        load(tmp_path / "nowhere")


def test_too_few_for_a_batch(tmp_path):
    fill(tmp_path, 3)
    with pytest.raises(DataError, match="only 3 examples to train on"):
        try_load(tmp_path, batch_size=4)


def test_splits_by_name_are_stable(tmp_path):
    fill(tmp_path, 120, size=(16, 16))
    before = split_rows(try_load(tmp_path, validation=0.2, test=0.2))
    assert sorted(row for rows in before.values() for row in rows) == list(range(120))
    assert all(len(rows) >= 10 for rows in before.values())
    fill(tmp_path, 60, start=120, size=(16, 16))
    after = split_rows(try_load(tmp_path, validation=0.2, test=0.2))
    for split, rows in before.items():
        assert sorted(row for row in after[split] if row < 120) == sorted(rows)
    assert after["test"] == sorted(after["test"])  # in the order of the names


def test_class_folders(tmp_path):
    fill(tmp_path / "cat", 4)
    fill(tmp_path / "dog" / "deeper", 4, start=100)
    (tmp_path / "empty").mkdir()
    data = try_load(tmp_path)
    assert data.layout == "labelled"
    assert data.class_names == ("cat", "dog")
    seen = [(int(bytes_of(x)[0, 8, 8, 0]), int(y[0])) for x, y in data.train.as_numpy_iterator()]
    assert sorted(seen) == [(i, 0) for i in range(4)] + [(100 + i, 1) for i in range(4)]
    assert try_load(tmp_path, layout="domains").layout == "domains"
    plain = try_load(tmp_path, layout="images")
    assert plain.class_names is None
    assert plain.sizes["train"] == 8


def test_hidden_folders_are_no_classes_and_hold_no_images(tmp_path):
    for name in ("cat", "dog"):
        fill(tmp_path / name, 2)
        fill(tmp_path / name / ".ipynb_checkpoints", 2, start=200)
    fill(tmp_path / ".thumbnails", 2, start=100)
    data = try_load(tmp_path)
    assert data.class_names == ("cat", "dog") and data.sizes["train"] == 4
    assert try_load(tmp_path, layout="images").sizes["train"] == 4


def test_split_folders(tmp_path):
    fill(tmp_path / "train" / "cat", 4)
    fill(tmp_path / "train" / "dog", 4, start=50)
    fill(tmp_path / "val" / "dog", 2, start=100)
    data = try_load(tmp_path, validation=0.5)
    assert data.sizes == {"train": 8, "validation": 2, "test": 0}
    assert data.test is None
    assert [y.tolist() for _, y in data.validation.as_numpy_iterator()] == [[1], [1]]
    fill(tmp_path / "test", 2)
    with pytest.raises(DataError, match="differ in layout"):
        try_load(tmp_path)


def test_pairs_by_name(tmp_path):
    fill(tmp_path / "a", 30)
    fill(tmp_path / "b", 30)
    for number in range(30):  # the partner is 100 brighter
        save(tmp_path / "b" / f"{number:03}.png", (number + 100,) * 3)
    save(tmp_path / "a" / "alone.png")
    data = try_load(tmp_path, batch_size=4, validation=0.2, test=0.2)
    assert data.layout == "paired"
    assert data.skipped == ("a/alone.png: no partner in b/",)
    for split in (data.train, data.validation, data.test):
        for a, b in split.as_numpy_iterator():
            np.testing.assert_array_equal(bytes_of(a) + 100, bytes_of(b))
    assert sum(data.sizes.values()) == 30
    assert try_load(tmp_path, layout="unpaired").layout == "unpaired"


def test_a_broken_file_takes_its_partner_along(tmp_path):
    fill(tmp_path / "a", 4)
    fill(tmp_path / "b", 4)
    (tmp_path / "b" / "002.png").write_bytes(b"")
    with pytest.warns(UserWarning, match="1 of 8"):
        data = try_load(tmp_path)
    assert sorted(split_rows(data, 0)["train"]) == [0, 1, 3]


def test_unpaired_sides(tmp_path):
    fill(tmp_path / "A", 6)
    for number in range(3):
        save(tmp_path / "B" / f"x{number}.png", (200 + number,) * 3)
    data = try_load(tmp_path)
    assert data.layout == "unpaired"
    assert data.sizes["train"] == 6
    assert sorted(split_rows(data, 0)["train"]) == list(range(6))
    assert sorted(split_rows(data, 1)["train"]) == [200, 200, 201, 201, 202, 202]
    with pytest.raises(DataError, match="pairs need equal names"):
        try_load(tmp_path, layout="paired")


def test_cyclegan_folders(tmp_path):
    for name, n in {"trainA": 4, "trainB": 5, "testA": 2, "testB": 2}.items():
        fill(tmp_path / name, n)
    data = try_load(tmp_path)
    assert data.layout == "unpaired"
    assert data.sizes == {"train": 5, "validation": 0, "test": 2}


def test_limit(tmp_path):
    fill(tmp_path / "cat", 30)
    fill(tmp_path / "dog", 30)
    data = try_load(tmp_path, limit=12, validation=0.2)
    assert data.sizes["train"] == 12
    assert {int(y[0]) for _, y in data.train.as_numpy_iterator()} == {0, 1}


def test_large_folders_are_read_anew_in_the_same_order(tmp_path, monkeypatch):
    fill(tmp_path / "cat", 10)
    fill(tmp_path / "dog", 10, start=100)
    (tmp_path / "cat" / "broken.png").write_bytes(b"")
    options = {"batch_size": 4, "validation": 0.2}
    with pytest.warns(UserWarning, match=r"1 of 21 files"):
        held = try_load(tmp_path, **options)
    monkeypatch.setattr(strands, "IN_MEMORY", 1000)
    with pytest.warns(UserWarning, match=r"1 of 21 files"):
        read = try_load(tmp_path, **options)
    assert held.sizes == read.sizes
    for split in ("train", "validation"):
        pairs = zip(
            getattr(held, split).as_numpy_iterator(),
            getattr(read, split).as_numpy_iterator(),
            strict=True,
        )
        for (x, y), (u, v) in pairs:
            np.testing.assert_array_equal(x, u)
            np.testing.assert_array_equal(y, v)
    assert read.train.element_spec[0].shape == (4, SIZE, SIZE, 3)


def test_files_differing_in_suffix_cannot_be_pairs(tmp_path):
    fill(tmp_path / "a", 2)
    fill(tmp_path / "b", 2)
    save(tmp_path / "a" / "001.jpg")
    with pytest.raises(DataError, match="differ only in suffix"):
        try_load(tmp_path)
    assert folder.discover(tmp_path, "unpaired").layout == "unpaired"
