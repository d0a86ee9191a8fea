import pytest
from PIL import Image

from kgen.collect import raster
from kgen.collect.refusal import Refusal
from tests.collect.site import bomb, drawn_face, encoded

PICTURE = drawn_face(0)[0]


@pytest.mark.parametrize("kind", raster.ENDINGS)
def test_the_five_formats(kind, tmp_path):
    content = encoded(PICTURE, kind)
    assert raster.decode(content).format == kind
    path = tmp_path / f"named{raster.ENDINGS[kind]}"
    path.write_bytes(content)
    assert raster.decode(path).size == PICTURE.size
    assert raster.files_of(tmp_path) == [path]


@pytest.mark.parametrize("kind", raster.ENDINGS)
def test_half_a_file_is_broken(kind):
    content = encoded(PICTURE, kind)
    with pytest.raises(Refusal) as caught:
        raster.decode(content[: len(content) // 2])
    assert caught.value.kind in ("broken", "no picture")


@pytest.mark.parametrize("kind", ["TIFF", "PPM", "ICO", "PDF", "EPS"])
def test_other_formats_are_not_opened(kind):
    with pytest.raises(Refusal, match="the bytes are none of"):
        raster.decode(encoded(PICTURE, kind))


@pytest.mark.parametrize("side", [9000, 16000])  # the second is more than Pillow takes
def test_a_bomb_is_not_decoded(side, monkeypatch):
    loaded = []
    monkeypatch.setattr(Image.Image, "load", lambda self: loaded.append(self))
    with pytest.raises(Refusal, match="pixels") as caught:
        raster.decode(bomb(side))
    assert caught.value.kind == "too many pixels" and not loaded


def test_the_limit_on_pixels_is_exact():
    picture = encoded(Image.new("L", (20, 10)))
    assert raster.decode(picture, max_pixels=200).size == (20, 10)
    with pytest.raises(Refusal, match="20 x 10 pixels: the limit is 199"):
        raster.decode(picture, max_pixels=199)


def test_hidden_and_linked_files_are_left_alone(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / ".hidden").mkdir()
    for name in ("a/2.JPG", "1.png", ".x.png", ".hidden/3.png", "text.txt", "whole.part"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "link.png").symlink_to(tmp_path / "1.png")
    names = [path.relative_to(tmp_path).as_posix() for path in raster.files_of(tmp_path)]
    assert names == ["1.png", "a/2.JPG"]
