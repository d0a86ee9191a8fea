"""Pairs for translation: side by side, made on the fly, of different channels, cut together."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from kgen.datasets import from_arrays, load, pairs, strands
from kgen.errors import DataError
from kgen.training import clock

SIZE = 16


def photos(n, size=SIZE, channels=3, seed=0):
    """Smooth random images, uint8."""
    coarse = np.random.default_rng(seed).integers(0, 256, (n, 4, 4, channels))
    large = tf.image.resize(coarse, (size, size), method="bicubic")
    return np.clip(large, 0, 255).astype(np.uint8)


def first(dataset):
    return next(dataset.as_numpy_iterator())


def save(path, array, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array if array.shape[-1] == 3 else array[..., 0]).save(path, **options)


# ---- in folders ----------------------------------------------------------------------------------


def test_halves_of_images_side_by_side(tmp_path):
    left, right = photos(6, seed=1), photos(6, seed=2)
    for number in range(6):
        whole = np.concatenate([left[number], right[number]], axis=1)
        save(tmp_path / ("train" if number < 4 else "val") / f"{number}.png", whole)
    options = {"image_size": None, "batch_size": 4, "pairs": "halves", "test": 0.0}
    data = load(tmp_path, **options)
    assert (data.layout, dict(data.sizes)) == ("paired", {"train": 4, "validation": 2, "test": 0})
    assert data.image_shape == data.source_shape == (SIZE, SIZE, 3)
    a, b = first(data.validation)
    np.testing.assert_allclose((a + 1) * 127.5, left[4:], atol=1e-3)
    np.testing.assert_allclose((b + 1) * 127.5, right[4:], atol=1e-3)
    turned = first(load(tmp_path, direction="ba", **options).validation)
    np.testing.assert_array_equal(turned[0], b)
    np.testing.assert_array_equal(turned[1], a)


def test_an_odd_width_has_no_halves(tmp_path):
    for number in range(3):
        save(tmp_path / f"{number}.png", photos(1, 32)[0])
    save(tmp_path / "odd.png", np.zeros((16, 31, 3), np.uint8))
    with pytest.warns(UserWarning, match=r"1 of 4 files .*odd\.png: 31 pixels wide"):
        data = load(tmp_path, pairs="halves", image_size=16, batch_size=1, validation=0, test=0)
    assert data.sizes["train"] == 3


@pytest.mark.parametrize("held", [True, False])
def test_sides_keep_their_own_channels(tmp_path, monkeypatch, held):
    for number in range(4):
        save(tmp_path / "a" / f"{number}.png", photos(1, channels=1, seed=number)[0])
        save(tmp_path / "b" / f"{number}.png", photos(1, seed=number)[0])
    if not held:
        monkeypatch.setattr(strands, "IN_MEMORY", 0)
    options = {"batch_size": 4, "validation": 0.0, "test": 0.0}
    data = load(tmp_path, **options)
    assert (data.source_shape, data.image_shape) == ((SIZE, SIZE, 1), (SIZE, SIZE, 3))
    assert [side.shape for side in first(data.train)] == [(4, 16, 16, 1), (4, 16, 16, 3)]
    turned = load(tmp_path, direction="ba", **options)
    assert (turned.source_shape, turned.image_shape) == ((SIZE, SIZE, 3), (SIZE, SIZE, 1))
    assert [side.shape[-1] for side in first(turned.train)] == [3, 1]
    both = load(tmp_path, channels=(3, 1), **options)
    assert (both.source_shape[-1], both.image_shape[-1]) == (3, 1)
    apart = load(tmp_path, layout="unpaired", channels=(1, 3), **options)
    assert [side.shape[-1] for side in first(apart.train)] == [1, 3]
    # What trains together on one network needs equal channels, unless the user says otherwise.
    assert load(tmp_path, layout="unpaired", **options).source_shape[-1] == 3


def test_maps_of_labels_keep_their_colours(tmp_path):
    """A palette of three colours, reduced to a third: bicubic filters would mix others."""
    colours = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255]], np.uint8)
    numbers = np.random.default_rng(0).integers(0, 3, (48, 48)).astype(np.uint8)
    labels = Image.fromarray(numbers).convert("P")
    labels.putpalette(colours.ravel().tolist())
    (tmp_path / "a").mkdir()
    labels.save(tmp_path / "a" / "x.png")
    save(tmp_path / "b" / "x.png", photos(1, 48)[0])
    options = {"image_size": 16, "batch_size": 1, "validation": 0.0, "test": 0.0}
    a, b = first(load(tmp_path, **options).train)
    assert a.shape == b.shape == (1, 16, 16, 3)
    seen = np.unique(np.round((a + 1) * 127.5).reshape(-1, 3), axis=0)
    assert {tuple(colour) for colour in seen} == {(255, 0, 0), (0, 255, 0), (0, 0, 255)}
    alone = first(load(tmp_path, layout="images", **options).train)
    mixed = np.unique(np.round((alone + 1) * 127.5).reshape(-1, 3), axis=0)
    assert len(mixed) > 3  # elsewhere a palette is a way to store photographs


# ---- made on the fly -----------------------------------------------------------------------------


def test_colorization_shows_the_grey_of_the_same_image(tmp_path):
    images = photos(5)
    data = from_arrays(images, pairs="colorization", batch_size=5)
    assert (data.layout, data.source_shape) == ("paired", (SIZE, SIZE, 1))
    grey, colour = first(data.train)
    luma = np.round((colour + 1) * 127.5) @ [0.299, 0.587, 0.114]
    np.testing.assert_allclose((grey[..., 0] + 1) * 127.5, luma, atol=0.51)
    levels = (grey + 1) * 127.5
    np.testing.assert_allclose(levels, np.round(levels), atol=1e-3)  # as a grey file would have it
    save(tmp_path / "0.png", images[0])
    options = {"batch_size": 1, "validation": 0.0, "test": 0.0}
    read = first(load(tmp_path, channels=1, **options).train)
    made = first(load(tmp_path, pairs="colorization", **options).train)[0]
    np.testing.assert_allclose(made, read, atol=2.01 / 255)  # Pillow rounds in integers


@pytest.mark.parametrize("factor", [2, 4])
def test_superresolution_keeps_the_size_and_loses_detail(factor):
    name = f"superresolution_{factor}x"
    images = photos(4, 32)
    source, target = first(from_arrays(images, pairs=name, batch_size=4).train)
    assert source.shape == target.shape == (4, 32, 32, 3)
    assert np.abs(source).max() <= 1
    assert np.abs(source - target).mean() < 0.1  # the same picture
    # A pattern of single pixels is beyond what the small image can show; a flat one is kept.
    board = np.indices((32, 32)).sum(0) % 2 * 255
    board = np.repeat(board[None, :, :, None], 2, axis=0).astype(np.uint8)
    source, target = first(from_arrays(board, pairs=name, batch_size=2).train)
    assert np.abs(target).min() == 1 and np.abs(source[:, 4:-4, 4:-4]).max() < 0.1
    flat = np.full((2, 32, 32, 1), 200, np.uint8)
    source, target = first(from_arrays(flat, pairs=name, batch_size=2).train)
    np.testing.assert_allclose(source, target, atol=1e-6)


def test_sizes_that_cannot_be_reduced_are_refused():
    with pytest.raises(DataError, match="18x18 cannot be reduced 4 times"):
        from_arrays(photos(2, 18), pairs="superresolution_4x", batch_size=2)


def test_edges_are_thin_lines_where_the_image_changes():
    """A square's contour: four lines of one pixel, at the step and nowhere else."""
    image = np.zeros((1, 24, 24, 1), np.float32) - 1
    image[:, 6:18, 6:18] = 1
    lines = pairs.edges(tf.constant(image)).numpy()[0, :, :, 0]
    assert set(np.unique(lines)) == {-1, 1}
    for across in (lines[12], lines[:, 12]):
        places = np.flatnonzero(across == -1)
        assert len(places) == 2
        assert places[0] in (5, 6) and places[1] in (17, 18)
    inside = np.zeros((24, 24), bool)
    inside[4:20, 4:20] = True
    inside[8:16, 8:16] = False
    assert (lines[~inside] == 1).all()
    faint = pairs.edges(tf.constant(image * 0.05)).numpy()
    assert faint.min() == 1
    source, target = first(from_arrays(photos(4, 32), pairs="edges", batch_size=4).train)
    assert source.shape == (4, 32, 32, 1) and target.shape == (4, 32, 32, 3)
    assert 0.01 < (source < 0).mean() < 0.4


def test_pairs_are_made_of_streams_too():
    """Sets that are only read in a row, as large ones of TensorFlow Datasets."""
    images = photos(8)
    stream = strands.Stream(tf.data.Dataset.from_tensor_slices((images,)), 8)
    made = pairs.with_sources(stream, pairs.MAKERS["colorization"])
    assert len(made) == 8 and isinstance(made, strands.Stream)
    grey, colour = made.columns((tf.constant(images),), None)
    assert (grey.shape, colour.shape) == ((8, 16, 16, 1), (8, 16, 16, 3))
    first_side = pairs.reversed_pairs(made).columns((tf.constant(images),), None)[0]
    np.testing.assert_array_equal(first_side, colour)


def test_glyphs_are_painted_for_colorization():
    data = load("glyphs", pairs="colorization", image_size=16, batch_size=8, limit=16)
    grey, colour = first(data.train)
    assert (grey.shape, colour.shape) == ((8, 16, 16, 1), (8, 16, 16, 3))
    assert np.abs(colour[..., 0] - colour[..., 2]).max() > 0.2


def test_held_out_characters_of_regular2bold_were_never_trained_on():
    from kgen.datasets import glyphs

    points = {
        split: {shape[1] for row in glyphs.rows("regular2bold", split).shapes for shape in row}
        for split in ("train", "validation", "test")
    }
    assert not points["train"] & (points["validation"] | points["test"])
    for row in glyphs.rows("regular2bold", "test", limit=20).shapes:
        (thin, one), (bold, other) = row
        assert one == other and bold.bold and not thin.bold
        assert (thin.family, thin.slanted) == (bold.family, bold.slanted)


# ---- augmentation --------------------------------------------------------------------------------


def _ramps(n, size):
    """Images whose pixels tell their row, column and number, and the negative of each."""
    rows, columns = np.meshgrid(np.arange(size), np.arange(size), indexing="ij")
    numbers = np.arange(n)[:, None, None] + 0 * rows
    a = np.stack(np.broadcast_arrays(numbers, rows[None], columns[None]), -1)
    return (a * 4).astype(np.uint8), (255 - a * 4).astype(np.uint8)


@pytest.fixture(params=["memory", "files"])
def ramps(request, tmp_path, monkeypatch):
    """`load` of pairs that are 20 pixels large and loaded so, without any resizing."""
    a, b = _ramps(12, 20)
    for number in range(12):
        save(tmp_path / "a" / f"{number:02}.png", a[number])
        save(tmp_path / "b" / f"{number:02}.png", b[number])
    if request.param == "files":
        monkeypatch.setattr(strands, "IN_MEMORY", 0)

    def loaded(**options):
        whole = {"batch_size": 4, "validation": 0.0, "test": 0.0, "image_size": 16, **options}
        return load(tmp_path, **whole)

    return loaded


def test_pairs_stay_aligned_under_crops_and_flips(ramps):
    data = ramps(jitter=4, flip=True, seed=3)
    assert data.image_shape == (16, 16, 3)
    corners, flips = set(), set()
    for epoch in range(4):
        clock.announce(epoch)
        for a, b in data.train.as_numpy_iterator():
            a, b = np.round((a + 1) * 127.5), np.round((b + 1) * 127.5)
            np.testing.assert_array_equal(a + b, np.full((4, 16, 16, 3), 255))
            for image in a / 4:
                top, left = image[:, :, 1].min(), image[:, :, 2].min()
                flipped = image[0, 0, 2] > image[0, -1, 2]
                window = np.arange(16)
                np.testing.assert_array_equal(image[:, 0, 1], top + window)
                order = window[::-1] if flipped else window
                np.testing.assert_array_equal(image[0, :, 2], left + order)
                corners.add((top, left))
                flips.add(flipped)
    clock.announce(None)
    assert flips == {True, False}
    assert {top for top, _ in corners} == {left for _, left in corners} == {0, 1, 2, 3, 4}


def test_windows_are_a_pure_function_of_seed_and_epoch(ramps):
    def epoch(number, **options):
        clock.announce(number)
        batches = [np.stack(batch) for batch in ramps(jitter=4, **options).train]
        clock.announce(None)
        return np.concatenate(batches, axis=1)

    np.testing.assert_array_equal(epoch(2, seed=1), epoch(2, seed=1))
    assert np.abs(epoch(2, seed=1) - epoch(3, seed=1)).max() > 0
    assert np.abs(epoch(2, seed=1) - epoch(2, seed=2)).max() > 0


def test_jitter_leaves_the_order_and_the_held_out_images_alone(ramps):
    plain, cut = ramps(validation=0.3), ramps(validation=0.3, jitter=4)

    def numbers(dataset):
        return [np.round((a[:, 0, 0, 0] + 1) * 127.5).tolist() for a, _ in dataset]

    assert numbers(plain.train) == numbers(cut.train)
    for one, other in zip(plain.validation, cut.validation, strict=True):
        np.testing.assert_array_equal(one, other)  # whole, at 16 pixels


def test_jitter_of_arrays_streams_and_glyphs():
    a, b = _ramps(8, 16)
    data = from_arrays((a, b), batch_size=8, jitter=4, flip=True)
    one, other = first(data.train)
    assert one.shape == other.shape == (8, 16, 16, 3)
    np.testing.assert_allclose(one, -other, atol=2.01 / 127.5)
    images = first(load("glyphs", image_size=16, batch_size=8, jitter=2, limit=8).train)
    assert images.shape == (8, 16, 16, 1)
    floats = from_arrays(photos(8).astype("float32") / 127.5 - 1, batch_size=8, jitter=3)
    assert np.abs(first(floats.train)).max() <= 1


def test_streams_are_cut_together():
    from kgen.datasets import pipeline

    a, b = _ramps(8, 20)
    stream = strands.Stream(tf.data.Dataset.from_tensor_slices((a, b)), 8)
    dataset = pipeline.training([stream], 4, seed=0, jitter=4, flip=True)
    corners = set()
    for epoch in range(3):
        clock.announce(epoch)
        for one, other in dataset.as_numpy_iterator():
            assert one.shape == (4, 16, 16, 3)
            np.testing.assert_allclose(one, -other, atol=1e-5)
            corners |= {image[:, :, 1].min().round(3) for image in one}
    clock.announce(None)
    assert len(corners) > 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pairs": "sketch"}, "pairs='sketch': choose from halves, colorization"),
        ({"direction": "b2a"}, "direction='b2a': choose from ab, ba"),
        ({"pairs": "edges", "layout": "labelled"}, "leave layout='labelled' out"),
        ({"pairs": "colorization", "channels": 1}, "leave channels=1 out"),
        ({"pairs": "halves"}, "are for folders"),
        ({"channels": (1, 3)}, "are for folders"),
        ({"channels": (1, 2)}, "a tuple of both"),
        ({"channels": 2}, "pass 1"),
        ({"direction": "ba"}, "turns pairs round, and glyphs is loaded as 'images'"),
        ({"layout": "paired"}, "pairs= makes pairs of them"),
        ({"jitter": -1}, "jitter=-1: pass a whole number of at least 0"),
    ],
)
def test_settings_that_do_not_fit_are_refused(options, message):
    with pytest.raises(DataError, match=message.replace("(", r"\(")):
        load("glyphs", batch_size=2, limit=4, **options)


def test_points_and_sounds_have_no_pairs():
    with pytest.raises(DataError, match="leave pairs='edges' out"):
        load("tones", pairs="edges")
    with pytest.raises(DataError, match="leave jitter=2 out"):
        load("ring", jitter=2)
    with pytest.raises(DataError, match="3 channels, these have 1"):
        from_arrays(photos(2, channels=1), pairs="colorization", batch_size=2)
