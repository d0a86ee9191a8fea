import base64
import io

import numpy as np
import pytest
from PIL import Image

from kgen.report import frames
from tests.report.test_html import parse


@pytest.fixture
def pictures(tmp_path):
    """Pictures of noise, by epoch; their grey level grows with it."""

    def make(count, side=16):
        made = {}
        for epoch in range(count):
            pixels = np.full((side, side), epoch, "uint8")
            made[epoch] = tmp_path / f"epoch_{epoch:04d}.png"
            Image.fromarray(pixels).save(made[epoch])
        return made

    return make


def opened(frame):
    kind, _, data = frame.source.partition(";base64,")
    assert kind in ("data:image/webp", "data:image/png")
    return Image.open(io.BytesIO(base64.b64decode(data)))


def test_a_frame_is_the_picture(pictures):
    frame, size = frames.embed(pictures(8)[7], 7)
    with opened(frame) as picture:
        assert np.asarray(picture.convert("L")).tolist() == np.full((16, 16), 7).tolist()
    assert (frame.epoch, frame.width, frame.height) == (7, 16, 16)
    assert size == len(base64.b64decode(frame.source.partition(",")[2]))


def test_a_large_picture_is_made_smaller(tmp_path):
    Image.new("RGB", (2000, 1000), (255, 0, 0)).save(tmp_path / "a.png")
    frame, _ = frames.embed(tmp_path / "a.png", 0)
    assert (frame.width, frame.height) == (900, 450)
    assert opened(frame).size == (900, 450)


def test_a_film_keeps_within_its_bounds(pictures, monkeypatch):
    assert [frame.epoch for frame in frames.film(pictures(41))][:2] == [0, 1]
    assert len(frames.film(pictures(40))) == 40
    many = frames.film(pictures(100))
    assert len(many) == 40 and (many[0].epoch, many[-1].epoch) == (0, 99)

    size = frames.embed(pictures(1)[0], 0)[1]
    monkeypatch.setattr(frames, "MOST_BYTES", 10 * size + 9)
    few = frames.film(pictures(30))
    assert 2 < len(few) <= 10 and (few[0].epoch, few[-1].epoch) == (0, 29)
    monkeypatch.setattr(frames, "MOST_BYTES", 1)
    assert [frame.epoch for frame in frames.film(pictures(30))] == [0, 29]


def test_the_slider_shows_the_last_and_says_what_is_left_out(pictures):
    parsed = parse(frames.slider("samples", pictures(50)))
    images = [attributes for name, attributes in parsed.seen if name == "img"]
    assert len(images) == 40 and "40 of 50 epochs are embedded here" in parsed.text
    shown = [image for image in images if "hidden" not in image]
    assert [image["alt"] for image in shown] == ["samples after epoch 49"]
    (slider,) = [attributes for name, attributes in parsed.seen if name == "input"]
    assert slider["value"] == slider["max"] == "39"
    assert slider["aria-label"] == "epoch of the samples"
    assert slider["aria-valuetext"] == "epoch 49"


def test_one_picture_needs_no_slider(pictures):
    parsed = parse(frames.slider("samples", pictures(1)))
    assert [name for name, _ in parsed.seen].count("img") == 1
    assert "input" not in [name for name, _ in parsed.seen]
