"""The built-in glyphs: what is drawn where, and splits that share nothing."""

import collections

import numpy as np
import pytest

from kgen.datasets import glyphs, load, typeface
from kgen.datasets.splits import SPLITS
from kgen.errors import DataError

SANS, SERIF = typeface.FACES[0], typeface.FACES[8]


def bytes_of(images):
    return np.round((np.asarray(images) + 1) * 127.5).astype(np.uint8)


def whole(dataset, column=None):
    parts = list(dataset.as_numpy_iterator())
    return np.concatenate([part if column is None else part[column] for part in parts])


def test_twelve_faces_with_2296_characters_in_common():
    assert len(typeface.FACES) == len({face.name for face in typeface.FACES}) == 12
    points = typeface.code_points()
    assert len(points) == 2296
    assert {ord(c) for c in glyphs.LETTERS} < set(points)
    assert not {ord(" "), 0xA0, 0x301} & set(points)  # spaces and combining marks


def ink_box(image):
    rows, columns = np.nonzero(image[:, :, 0] > 127)
    return rows.min(), rows.max(), columns.min(), columns.max()


@pytest.mark.parametrize("size", [8, 33, 64, 256])
def test_drawing_is_bright_centred_and_at_any_size(size):
    (image,) = typeface.render([(SANS, ord("H"))], size)
    assert image.shape == (size, size, 1)
    assert image.max() > 150
    assert image[0].max() == image[-1].max() == image[:, 0].max() == image[:, -1].max() == 0
    np.testing.assert_allclose(image, image[:, ::-1], atol=3)  # H is its own mirror image


def test_letters_share_a_baseline_and_a_scale():
    images = typeface.render([(SANS, ord(c)) for c in "HxpÁ"], 256)
    top_h, base_h, *_ = ink_box(images[0])
    top_x, base_x, *_ = ink_box(images[1])
    _, below, *_ = ink_box(images[2])
    above, base_a, *_ = ink_box(images[3])
    assert base_h == base_x == base_a
    # DejaVu Sans: capitals 1493 and x 1120 of 2048 units high; p reaches 426 below; 0.78 em.
    unit = 256 * 0.78 / 2048
    assert base_h - top_h + 1 == pytest.approx(1493 * unit, abs=1.5)
    assert base_x - top_x + 1 == pytest.approx(1120 * unit, abs=1.5)
    assert below - base_h == pytest.approx(426 * unit, abs=1.5)
    assert above < top_h


def test_what_would_leave_the_image_is_moved_or_shrunk_into_it():
    wide = [(face, point) for face in typeface.FACES for point in (0x2588, 0x2014, ord("W"))]
    images = typeface.render(wide, 64, em=1.6)
    rim = np.concatenate([images[:, :1].ravel(), images[:, :, :1].ravel(), images[:, -1:].ravel()])
    assert rim.max() == 0
    assert (images.max(axis=(1, 2, 3)) > 200).all()


def test_affine_maps_turn_the_drawing():
    quarter = np.array([[[0.0, -1.0, 0.0], [1.0, 0.0, 0.0]]])  # a quarter turn to the left
    upright, turned = (
        typeface.render([(SANS, ord("F"))], 64, maps=maps)[0] for maps in (None, quarter)
    )
    np.testing.assert_allclose(turned, np.rot90(upright), atol=3)


def test_twins_stay_together():
    twins = typeface.twins()
    assert twins[ord("A")] == twins[0x391] == twins[0x410] == ord("A")  # Latin, Greek, Cyrillic
    assert twins[ord("B")] != twins[ord("A")]
    members = collections.defaultdict(set)
    for split in SPLITS:
        for point in glyphs._points(split):
            members[twins[point]].add(split)
    assert all(len(splits) == 1 for splits in members.values())


def test_splits_share_no_character_and_no_picture():
    points, pictures = {}, {}
    for split in SPLITS:
        rows = glyphs.rows("all", split)
        points[split] = {point for ((_, point),) in rows.shapes}
        pictures[split] = {image.tobytes() for image in rows.draw(32)[0]}
    assert sum(map(len, points.values())) == 2296 == len(set().union(*points.values()))
    for split in ("validation", "test"):
        assert 0.08 < len(points[split]) / 2296 < 0.13
    # The same outline gives the same picture; the few alike by chance at 32 pixels are dots.
    for one, two in (("train", "test"), ("train", "validation"), ("validation", "test")):
        assert len(pictures[one] & pictures[two]) <= 0.002 * len(pictures[two])


def test_letters_are_split_by_face_and_jittered():
    faces = {}
    for split in SPLITS:
        rows = glyphs.rows("letters", split)
        faces[split] = {face for ((face, _),) in rows.shapes}
        assert all(
            chr(p) == glyphs.LETTERS[y]
            for ((_, p),), y in zip(rows.shapes, rows.labels, strict=True)
        )
        for quality in ("family", "bold", "slanted"):
            if split == "train":
                assert {getattr(f, quality) for f in faces[split]} == {
                    getattr(f, quality) for f in typeface.FACES
                }
    assert [len(faces[split]) for split in SPLITS] == [8, 2, 2]
    assert len(set().union(*faces.values())) == 12
    rows = glyphs.rows("letters", "test")
    assert len(rows) == 2 * 62 * glyphs.COPIES
    same = [i for i, s in enumerate(rows.shapes) if s == rows.shapes[0]]
    assert len(same) == glyphs.COPIES
    part = glyphs.Rows([rows.shapes[i] for i in same], None, rows.maps[same], rows.palette[same])
    assert len({image.tobytes() for image in part.draw(32)[0]}) == glyphs.COPIES


def test_digits_are_as_many_in_every_class_and_face():
    rows = glyphs.rows("digits", "test")
    assert len(rows) == 2 * 10 * glyphs.DIGIT_COPIES
    assert np.bincount(rows.labels).tolist() == [2 * glyphs.DIGIT_COPIES] * 10
    shown = {chr(point) for ((_, point),) in rows.shapes}
    assert "".join(sorted(shown)) == glyphs.DIGITS
    letters = {face for ((face, _),) in glyphs.rows("letters", "test").shapes}
    assert {face for ((face, _),) in rows.shapes} == letters
    assert all(chr(p) == str(y) for ((_, p),), y in zip(rows.shapes, rows.labels, strict=True))


def test_pairs_show_one_character_in_its_two_faces():
    data = load("glyphs/regular2bold", image_size=32, batch_size=16, limit=24)
    rows = glyphs.rows("regular2bold", "test", limit=24)
    assert all(
        one[1] == two[1]
        and (two[0].bold, one[0].bold) == (True, False)
        and (one[0].family, one[0].slanted) == (two[0].family, two[0].slanted)
        for one, two in rows.shapes
    )
    for column in (0, 1):
        drawn = typeface.render([shape[column] for shape in rows.shapes], 32)
        np.testing.assert_array_equal(bytes_of(whole(data.test, column)), drawn)
    # Pairs stay pairs in the shuffled order too.
    train = glyphs.rows("regular2bold", "train", limit=24).draw(32)
    partner = {a.tobytes(): b.tobytes() for a, b in zip(*train, strict=True)}
    source, target = next(iter(data.train.as_numpy_iterator()))
    assert all(
        partner[a.tobytes()] == b.tobytes()
        for a, b in zip(bytes_of(source), bytes_of(target), strict=True)
    )


def test_unpaired_sides_are_aligned_only_where_nothing_is_trained():
    data = load("glyphs/sans2serif", batch_size=16, limit=64)
    assert data.layout == "unpaired"
    rows = glyphs.rows("sans2serif", "test", limit=64)
    assert all(a[1] == b[1] and b[0].family == "serif" for a, b in rows.shapes)
    assert all(a[0].family == "sans" and a[0].bold == b[0].bold for a, b in rows.shapes)
    serif = typeface.render([b for _, b in rows.shapes], 32)
    np.testing.assert_array_equal(bytes_of(whole(data.test, 1)), serif)
    train = glyphs.rows("sans2serif", "train", limit=64).draw(32)
    partner = {a.tobytes(): b.tobytes() for a, b in zip(*train, strict=True)}
    a, b = next(iter(data.train.as_numpy_iterator()))
    aligned = [
        partner[x.tobytes()] == y.tobytes() for x, y in zip(bytes_of(a), bytes_of(b), strict=True)
    ]
    assert sum(aligned) < 8
    assert load("glyphs/sans2serif", limit=64, layout="paired").layout == "paired"


def test_four_faces_are_split_by_code_point():
    assert [face.name for face in glyphs.FOUR_FACES] == ["sans", "sans bold", "serif", "serif bold"]
    parts = [glyphs.rows("faces", split) for split in ("train", "validation", "test")]
    points = [{typeface.twins()[p] for ((_, p),) in part.shapes} for part in parts]
    assert not (points[0] & points[1] or points[0] & points[2] or points[1] & points[2])
    for part in parts:
        assert all(
            glyphs.FOUR_FACES[d] == face
            for d, ((face, _),) in zip(part.labels, part.shapes, strict=True)
        )
        assert len(set(np.bincount(part.labels))) == 1


def test_domains_are_the_faces():
    data = load("glyphs/styles", batch_size=24, limit=48)
    assert data.layout == "domains"
    assert data.class_names[0] == "sans"
    assert data.class_names[11] == "serif bold slanted"
    images, domains = whole(data.test, 0), whole(data.test, 1)
    rows = glyphs.rows("styles", "test", limit=48)
    shapes = [(typeface.FACES[d], p) for d, ((_, p),) in zip(domains, rows.shapes, strict=True)]
    np.testing.assert_array_equal(bytes_of(images), typeface.render(shapes, 32))
    assert domains.dtype == np.int32


def test_scripts():
    rows = glyphs.rows("scripts", "train")
    names = {
        chr(p): glyphs.SCRIPTS[y] for ((_, p),), y in zip(rows.shapes, rows.labels, strict=True)
    }
    assert set(names.values()) == set(glyphs.SCRIPTS)
    for character, name in {"ж": "cyrillic", "λ": "greek", "q": "latin", "→": "common"}.items():
        assert glyphs.script(ord(character)) == name


@pytest.mark.parametrize("size", [8, 28])
def test_range_shape_and_type(size):
    data = load("glyphs", image_size=size, batch_size=50, limit=200)
    images = next(iter(data.train)).numpy()
    assert images.shape == (50, size, size, 1)
    assert data.image_shape == (size, size, 1)
    assert images.dtype == np.float32
    assert images.min() == -1
    assert 0 < images.max() <= 1
    assert data.sizes == {"train": 200, "validation": 200, "test": 200}
    assert data.class_names is None
    assert data.num_classes is None


def test_limit_is_a_mixture_that_grows():
    few, more = (glyphs.rows("letters", "train", limit=n) for n in (64, 256))
    assert len(few) == 64
    assert len(set(few.labels.tolist())) > 30
    assert {m.tobytes() for m in few.maps} < {m.tobytes() for m in more.maps}


def test_colour_paints_ink_and_paper():
    grey = load("glyphs/letters", limit=62, batch_size=62)
    colour = load("glyphs/letters", limit=62, batch_size=62, channels=3)
    assert colour.image_shape == (32, 32, 3)
    one, two = bytes_of(whole(grey.test, 0)), bytes_of(whole(colour.test, 0))
    palette = glyphs.rows("letters", "test", limit=62).palette
    for row in range(62):
        paper, full = one[row, :, :, 0] == 0, one[row, :, :, 0] == 255
        assert (two[row][paper] == palette[row, 1]).all()
        assert (two[row][full] == palette[row, 0]).all()
    assert len(np.unique(palette[:, 0], axis=0)) > 50
    weights = np.array([0.299, 0.587, 0.114])
    assert ((palette[:, 0] @ weights) - (palette[:, 1] @ weights)).min() > 25  # ink is brighter


def test_names_and_layouts():
    assert load("glyphs", limit=64).layout == "images"
    letters = load("glyphs/letters", limit=64, layout="images")
    assert letters.train.element_spec.shape == (64, 32, 32, 1)
    assert letters.class_names is None
    with pytest.raises(
        DataError, match=r"no glyphs/numbers: choose from glyphs/all, glyphs/letters"
    ):
        load("glyphs/numbers")
    with pytest.raises(DataError, match="cannot be loaded as 'labelled': choose from images"):
        load("glyphs", layout="labelled", limit=64)


@pytest.mark.parametrize("size", [4, 300, (32, 48), "32", 31.5])
def test_sizes_that_cannot_be_drawn(size):
    with pytest.raises(DataError, match="pass"):
        load("glyphs", image_size=size, limit=64)


@pytest.mark.parametrize(
    "bad",
    [
        {"batch_size": 0},
        {"seed": -1},
        {"channels": 2},
        {"layout": "pairs"},
        {"steps_per_epoch": 0},
        {"limit": 0},
        {"validation": 0.7, "test": 0.4},
    ],
)
def test_settings_are_checked(bad):
    with pytest.raises(DataError, match=next(iter(bad))):
        load("glyphs", **bad)


def test_glyphs_builder_gives_the_same_images(tmp_path):
    import tensorflow_datasets as tfds

    from kgen.datasets.glyphs_builder import GlyphsConfig

    def through_tfds(split, **settings):
        config = {"config": GlyphsConfig(image_size=16, limit=8, **settings)}
        data = tfds.load("glyphs", builder_kwargs=config, data_dir=tmp_path, split=split)
        return sorted(
            tuple(np.asarray(v).tobytes() for _, v in sorted(row.items()))
            for row in tfds.as_numpy(data)
        )

    def directly(variant, **settings):
        data = load(f"glyphs/{variant}", image_size=16, limit=8, batch_size=8, **settings)
        (batch,) = data.test.as_numpy_iterator()
        return data, batch

    _, (images, labels) = directly("letters", channels=3)
    expected = sorted(
        (x.tobytes(), y.astype(np.int64).tobytes())
        for x, y in zip(bytes_of(images), labels, strict=True)
    )
    assert through_tfds("test", variant="letters", channels=3) == expected
    _, (a, b) = directly("sans2serif")
    for split, side in (("testA", a), ("testB", b)):
        expected = sorted((x.tobytes(),) for x in bytes_of(side))
        assert through_tfds(split, variant="sans2serif") == expected
    assert tfds.builder("glyphs/styles", data_dir=tmp_path).info.features["label"].num_classes == 12
