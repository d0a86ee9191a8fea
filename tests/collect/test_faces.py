import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kgen.collect import detectors
from kgen.collect.detectors import Cascade
from kgen.collect.faces import crop_faces
from kgen.errors import DataError
from tests.collect.site import drawn_face


def red(picture):
    """A detector of one red rectangle."""
    rows, columns = np.nonzero((picture == (255, 0, 0)).all(-1))
    if not len(rows):
        return []
    left, top = columns.min(), rows.min()
    return [(left, top, columns.max() + 1 - left, rows.max() + 1 - top)]


def picture(box, size=(100, 80)):
    """Levels that tell every pixel's place, with a red rectangle."""
    x, y = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    levels = np.stack([x, y, np.zeros_like(x)], -1).astype(np.uint8)
    if box:
        left, top, width, height = box
        levels[top : top + height, left : left + width] = (255, 0, 0)
    return Image.fromarray(levels)


def crop(folder, box, margin, size=None, **options):
    source, target = folder / "in", folder / f"out{len(list(folder.iterdir()))}"
    source.mkdir(exist_ok=True)
    picture(box, **options).save(source / "x.png")
    result = crop_faces(source, target, red, margin=margin, size=size, smallest=1)
    assert result.faces == 1
    return np.asarray(Image.open(target / "x.png.0.png"))


def test_the_crop_is_the_square_around_the_box(tmp_path):
    """A box of 10 x 20 at (40, 30): its middle (45, 40), the side 20, with margin 0.5 40."""
    face = crop(tmp_path, (40, 30, 10, 20), 0.0)
    assert face.shape == (20, 20, 3)
    np.testing.assert_array_equal(face[0, 0], [35, 30, 0])
    np.testing.assert_array_equal(face[:, 5:15], np.broadcast_to([255, 0, 0], (20, 10, 3)))
    face = crop(tmp_path, (40, 30, 10, 20), 0.5)
    assert face.shape == (40, 40, 3)
    np.testing.assert_array_equal(face[0, 0], [25, 20, 0])
    np.testing.assert_array_equal(face[-1, -1], [64, 59, 0])


def test_at_a_border_it_moves_inwards_and_in_a_small_picture_it_shrinks(tmp_path):
    face = crop(tmp_path, (0, 60, 10, 20), 0.5)
    assert face.shape == (40, 40, 3)
    np.testing.assert_array_equal(face[0, 0], [0, 40, 0])
    face = crop(tmp_path, (10, 5, 60, 60), 1.0)
    assert face.shape == (80, 80, 3)
    np.testing.assert_array_equal(face[0, 0], [0, 0, 0])


def test_faces_have_one_size(tmp_path):
    assert crop(tmp_path, (40, 30, 10, 20), 0.25, size=96).shape == (96, 96, 3)


def test_folders_names_and_counts(tmp_path):
    source = tmp_path / "in"
    (source / "sub").mkdir(parents=True)
    picture((40, 30, 30, 30)).save(source / "x.png")
    picture((40, 30, 30, 30)).save(source / "x.bmp")
    picture((40, 30, 10, 10)).save(source / "sub" / "small.png")
    picture(None).save(source / "none.png")
    (source / "broken.jpg").write_bytes(b"nothing")
    # What a camera laid on its side, and what is transparent.
    turned = picture((40, 30, 30, 30)).convert("RGBA")
    exif = Image.Exif()
    exif[0x0112] = 6
    turned.save(source / "turned.png", exif=exif)
    told = []
    result = crop_faces(source, tmp_path / "out", red, margin=0, smallest=24, tell=told.append)
    assert (result.pictures, result.faces, result.faceless, result.small) == (6, 3, 1, 1)
    assert list(result.broken) == ["broken.jpg"]
    names = sorted(p.relative_to(tmp_path / "out").as_posix() for p in tmp_path.glob("out/**/*"))
    assert names == ["faces.jsonl", "turned.png.0.png", "x.bmp.0.png", "x.png.0.png"]
    assert "3 faces of 6 pictures" in str(result)


def test_going_on_after_a_kill(tmp_path, monkeypatch):
    source, target = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    for n in range(4):
        picture((10 * n, 30, 30, 30)).save(source / f"{n}.png")
    seen = []

    def detector(levels):
        if len(seen) == 2:
            raise KeyboardInterrupt
        seen.append(levels)
        return red(levels)

    with pytest.raises(KeyboardInterrupt):
        crop_faces(source, target, detector)
    first = (target / "0.png.0.png").stat().st_mtime_ns
    result = crop_faces(source, target, red)
    assert (result.pictures, result.known, result.faces) == (2, 2, 2)
    assert (target / "0.png.0.png").stat().st_mtime_ns == first
    assert len(list(target.glob("*.png"))) == 4
    with pytest.raises(DataError, match=r"made with .*'size': 96"):
        crop_faces(source, target, red, size=64)
    rows = [json.loads(line) for line in (target / "faces.jsonl").read_text().splitlines()]
    assert [row.get("picture") for row in rows] == [None, *(f"{n}.png" for n in range(4))]


@pytest.mark.parametrize(
    "boxes",
    [[1, 2, 3, 4], [[1, 2, 3]], [[0, 0, 0, 5]], [[0, 0, float("nan"), 5]], np.zeros((2, 2, 4))],
)
def test_what_is_no_box(tmp_path, boxes):
    picture(None).save(tmp_path / "x.png")
    with pytest.raises(DataError, match="the detector gave"):
        crop_faces(tmp_path, tmp_path.with_name("faces_out"), lambda levels: boxes)


def test_bad_folders(tmp_path):
    (tmp_path / "in").mkdir()
    with pytest.raises(DataError, match="no folder"):
        crop_faces(tmp_path / "none", tmp_path / "out", red)
    with pytest.raises(DataError, match="no pictures"):
        crop_faces(tmp_path / "in", tmp_path / "out", red)
    (tmp_path / "in" / "x.png").write_bytes(b"x")
    with pytest.raises(DataError, match="lies in"):
        crop_faces(tmp_path / "in", tmp_path / "in" / "out", red)
    with pytest.raises(DataError, match="none of the 1 pictures"):
        crop_faces(tmp_path / "in", tmp_path / "out", red)
    with pytest.raises(DataError, match="margin=-1"):
        crop_faces(tmp_path / "in", tmp_path / "out", red, margin=-1)
    with pytest.raises(DataError, match="holds other files"):
        crop_faces(tmp_path / "in", tmp_path / "in" / "..", red)


def test_a_detector_of_ones_own(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text("def find(picture):\n    return [(0, 0, 5, 5)]\nn = 3\n")
    monkeypatch.chdir(tmp_path)
    for text in ("mine:find", "mine.py:find", f"{tmp_path}/mine.py:find"):
        np.testing.assert_array_equal(detectors.find(text)(None), [(0, 0, 5, 5)])
    for text, said in (
        ("mine", "names no detector"), ("mine:", "names no detector"),
        ("nowhere_at_all:find", "cannot be imported"), ("none.py:find", "cannot be imported"),
        ("mine:other", "has no function other"), ("mine:n", "has no function n"),
    ):  # fmt: skip
        with pytest.raises(DataError, match=said):
            detectors.find(text)


def test_a_cascade_finds_drawn_faces(tmp_path):
    """The middle of each crop is near the middle of the face that was drawn."""
    cv2 = pytest.importorskip("cv2", reason="needs OpenCV")
    cascade = Cascade(Path(cv2.data.haarcascades) / "haarcascade_frontalface_alt2.xml", smallest=60)
    found = 0
    for seed in range(8):
        face, middle = drawn_face(seed)
        boxes = detectors.boxes_of(cascade, np.asarray(face))
        found += len(boxes) == 1 and np.hypot(*(boxes[0, :2] + boxes[0, 2:] / 2 - middle)) < 15
    assert found >= 7
    levels = np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8)
    assert detectors.boxes_of(cascade, levels).shape == (0, 4)


def test_what_is_no_cascade(tmp_path, monkeypatch):
    cv2 = pytest.importorskip("cv2", reason="needs OpenCV")
    with pytest.raises(DataError, match="no cascade file"):
        Cascade(tmp_path / "none.xml")
    for text in ("", "<html>", "<opencv_storage></opencv_storage>"):
        (tmp_path / "bad.xml").write_text(text)
        with pytest.raises(DataError, match="is no cascade"):
            Cascade(tmp_path / "bad.xml")
    monkeypatch.delattr(cv2, "CascadeClassifier")
    with pytest.raises(DataError, match="has no cascades: pip install"):
        Cascade(tmp_path / "bad.xml")
    monkeypatch.setitem(__import__("sys").modules, "cv2", None)
    with pytest.raises(DataError, match=r"pip install 'kgen-keras\[collect\]'"):
        Cascade(tmp_path / "bad.xml")
