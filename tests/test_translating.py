"""Images of any size through models of few sizes, without a seam and without a loss."""

import os
import struct
import tracemalloc
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from keras import layers, ops
from PIL import Image

from kgen.datasets import pictures
from kgen.errors import DataError
from kgen.models.signature import Signature, TensorSpec
from kgen.translating import BATCH, Way, translate_folder, translate_image


class Toy:
    """A model whose signatures are functions of images, and of labels where a spec is given."""

    capabilities = {"translate": ("images",)}

    def __init__(self, size=(None, None), channels=3, label=None, **functions):
        self.size, self.channels, self.label, self.functions = size, channels, label, functions
        self.batches = []

    def signatures(self):
        inputs = {"images": TensorSpec((None, *self.size, self.channels))}
        inputs |= {"labels": self.label} if self.label else {}
        return {
            name: Signature(function, inputs, {"images": "image"})
            for name, function in self.functions.items()
        }

    def serve(self, name, **inputs):
        signature = self.signatures()[name]
        for key, spec in signature.inputs.items():
            spec.check(key, inputs[key])
        self.batches.append(inputs["images"].shape)
        return ops.convert_to_numpy(signature.function(**inputs)["images"])


def same(images, **_):
    return {"images": ops.convert_to_tensor(images) * 1.0}


def doubled(images):
    return {"images": ops.repeat(ops.repeat(images, 2, axis=1), 2, axis=2)}


def halving(times):
    """Down and up again by strides of 2, with a skip that fits only multiples of 2 ** times."""

    def function(images):
        x = images
        for _ in range(times):
            x = layers.AveragePooling2D(2, padding="same")(x)
        for _ in range(times):
            x = layers.UpSampling2D(2)(x)
        return {"images": ops.convert_to_tensor(images) + 0.0 * x}

    return function


def picture(height, width, channels=3, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8)


def levels(images):
    return np.rint((images + 1) * 127.5).astype(int)


SIZES = [(1, 1), (7, 5), (16, 16), (17, 16), (31, 64), (100, 45), (129, 130)]


@pytest.mark.parametrize("shape", SIZES)
@pytest.mark.parametrize("size", [(16, 16), (16, 24), (None, None)])
@pytest.mark.parametrize("overlap", [None, 0, 3, 8])
def test_a_model_that_changes_nothing_changes_nothing(shape, size, overlap):
    """Odd sizes, padding, tiles and blending: the difference is 0."""
    way = Way(Toy(size, translate_ab=same))
    tile = 32 if size == (None, None) else None
    image = picture(*shape)
    result = translate_image(way, image, tile=tile, overlap=overlap)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(levels(result), image)
    np.testing.assert_allclose(result, image / 127.5 - 1, atol=3e-7)
    assert all(batch[0] <= BATCH for batch in way.model.batches)


@pytest.mark.parametrize("shape", SIZES)
def test_a_model_that_enlarges(shape):
    way = Way(Toy((16, 16), translate_ab=doubled))
    assert way.scale == 2
    image = picture(*shape)
    result = translate_image(way, image)
    np.testing.assert_array_equal(levels(result), image.repeat(2, 0).repeat(2, 1))


@pytest.mark.parametrize("times", [0, 1, 3, 5])
def test_the_multiple_is_found_and_kept(times):
    """A network of `times` halvings takes multiples of 2 ** times, and is given no other size."""
    way = Way(Toy(translate_ab=halving(times)))
    assert way.multiple == 2**times and way.model.batches == []
    image = picture(75, 201)
    np.testing.assert_array_equal(levels(translate_image(way, image, tile=96)), image)
    for batch in way.model.batches:
        assert batch[1] % 2**times == 0 and batch[2] % 2**times == 0
        assert batch[1] <= 96 and batch[2] <= 96


def test_a_network_that_rounds_its_size_is_found_out():
    """Without a skip nothing fails at odd sizes; the output is only larger than the input."""

    def function(images):
        return {
            "images": layers.UpSampling2D(4)(layers.AveragePooling2D(4, padding="same")(images))
        }

    assert Way(Toy(translate_ab=function)).multiple == 4


def test_small_images_are_padded_by_reflection_and_not_tiled():
    seen = []

    def function(images):
        seen.append(images)
        return {"images": ops.convert_to_tensor(images) * 1.0}

    way = Way(Toy((4, 4), channels=1, translate_ab=function))
    seen.clear()
    image = np.array([[0.0, 0.25], [0.5, 0.75]], np.float32)[..., None]
    translate_image(way, image)
    np.testing.assert_array_equal(
        seen[0][0, ..., 0],
        [[0.75, 0.5, 0.75, 0.5], [0.25, 0.0, 0.25, 0.0], [0.75, 0.5, 0.75, 0.5],
         [0.25, 0.0, 0.25, 0.0]],
    )  # fmt: skip


def test_tiles_that_disagree_are_blended_without_a_seam():
    """Two tiles, one black and one white: over an overlap of 8 the levels rise in steps of 1/8."""

    def function(images):
        if isinstance(images, keras.KerasTensor):
            return {"images": images}
        tone = np.linspace(-1, 1, len(images))[:, None, None, None]
        return {"images": np.broadcast_to(tone, images.shape).astype("float32")}

    way = Way(Toy((16, 16), channels=1, translate_ab=function))
    row = translate_image(way, picture(16, 24, 1), overlap=8)[5, :, 0]
    np.testing.assert_allclose(row[:8], -1)
    np.testing.assert_allclose(row[8:16], -1 + 2 * (np.arange(8) + 0.5) / 8, atol=1e-6)
    np.testing.assert_allclose(row[16:], 1)
    cut = translate_image(way, picture(16, 32, 1), overlap=0)[5, :, 0]
    assert np.abs(np.diff(cut)).max() == 2  # without an overlap there is a seam
    # Tiles at 0, 4 and 9, all three over the pixels 9 to 15: still no step.
    many = translate_image(way, picture(16, 25, 1), overlap=8)[5, :, 0]
    assert np.abs(np.diff(many)).max() < 0.2 and many[0] == -1 and many[-1] == 1


def test_the_tiles_cover_with_the_overlap_asked_for():
    way = Way(Toy((16, 16), translate_ab=same))
    translate_image(way, picture(16, 64), overlap=4)
    assert sum(batch[0] for batch in way.model.batches) == 5  # 16 + 4 x 12 = 64
    with pytest.raises(DataError, match="overlap=9: give 0 to 8"):
        translate_image(way, picture(16, 64), overlap=9)
    with pytest.raises(DataError, match="tile=32: the network takes 16 pixels"):
        translate_image(way, picture(16, 64), tile=32)
    with pytest.raises(DataError, match="tile=30: the network takes multiples of 4"):
        translate_image(Way(Toy(translate_ab=halving(2))), picture(16, 64), tile=30)


def test_sizes_between_multiples_are_few():
    """A network of free size is traced anew for each size, so it sees few of them."""
    way = Way(Toy(translate_ab=same))
    for side in range(1, 200, 7):
        translate_image(way, picture(side, 30), tile=128)
    assert len({batch[1:] for batch in way.model.batches}) == 2


def numbered(images, labels):
    tones = ops.cast(ops.reshape(labels, (-1, 1, 1, 1)), "float32") / 10
    return {"images": ops.convert_to_tensor(images) * 0.0 + tones}


def attributed(images, labels):
    return numbered(images, ops.sum(ops.convert_to_tensor(labels), axis=1))


def tone(way):
    return round(float(translate_image(way, picture(20, 20)).mean()), 6)


def test_two_sides():
    model = Toy((16, 16), translate_ab=same, translate_ba=lambda images: {"images": images * 0.0})
    for more in ({}, {"domain": "b"}, {"direction": "ab"}, {"domain": "b", "direction": "ab"}):
        assert Way(model, **more).name == "translate_ab"
    for more in ({"domain": "a"}, {"direction": "ba"}):
        assert tone(Way(model, **more)) == 0
    for more, said in (
        ({"domain": "a", "direction": "ab"}, "is direction ba, not ab"),
        ({"domain": "3"}, "into a or b"),
        ({"direction": "up"}, "give ab or ba"),
    ):
        with pytest.raises(DataError, match=said):
            Way(model, **more)
    with pytest.raises(DataError, match="only in direction ab"):
        Way(Toy(translate_ab=same), direction="ba")


def test_domains_by_number_and_by_name():
    label = TensorSpec((None,), "int32", "label", classes=3)
    model = Toy((16, 16), label=label, translate=numbered)
    names = lambda: ("serif", "sans", "7")  # noqa: E731
    assert tone(Way(model, "2")) == 0.2
    assert tone(Way(model, "sans", class_names=names)) == 0.1
    for domain, said in (
        (None, "give the domain to translate into, 0 to 2"),
        ("3", "0 to 2"),
        ("bold", "0 to 2, or of serif, sans"),
    ):
        with pytest.raises(DataError, match=said):
            Way(model, domain, class_names=names)
    with pytest.raises(DataError, match="no direction"):
        Way(model, "1", direction="ab")


def test_attributes():
    label = TensorSpec((None, 3), role="attributes")
    model = Toy((16, 16), label=label, translate=attributed)
    assert tone(Way(model, "1,0,1")) == 0.2
    for domain in (None, "1", "1,0", "1,0,2", "a,b,c"):
        with pytest.raises(DataError, match="give 3 attributes as 0 or 1"):
            Way(model, domain)


def test_what_does_not_translate_images():
    with pytest.raises(DataError, match="does not translate: it can sample"):
        Way(SimpleNamespace(capabilities={"sample": ()}))
    points = Toy(translate_ab=same)
    points.signatures = lambda: {
        "translate_ab": Signature(same, {"images": TensorSpec((None, 2))}, {"images": "point"})
    }
    with pytest.raises(DataError, match=r"arrays of shape \(2,\), not images"):
        Way(points)
    smaller = lambda images: {"images": images[:, ::2, ::2]}  # noqa: E731
    with pytest.raises(DataError, match="cannot put that together"):
        Way(Toy((16, 16), translate_ab=smaller))


def fill(folder, count, start=0):
    folder.mkdir(exist_ok=True)
    for n in range(start, start + count):
        shape = (12 + n % 9, 10 + n % 13)
        Image.fromarray(picture(*shape, seed=n)).save(folder / f"{n:04}.png", compress_level=1)


def quiet(way, *folders, **more):
    return translate_folder(way, *folders, **{"tell": lambda line: None, **more})


def test_a_thousand_images_in_the_memory_of_few(tmp_path, monkeypatch):
    """After 100 images and after 1,000 the peak is the same, and all come out as they went in."""
    monkeypatch.setattr(os, "fsync", lambda file: None)  # which takes most of the time
    way = Way(Toy((16, 16), translate_ab=lambda images: {"images": images}))
    source, target = tmp_path / "in", tmp_path / "out"
    fill(source, 1000)
    for name in ("0000_broken.png", "0500_broken.jpg"):
        (source / name).write_bytes(b"none")
    peaks = []
    tracemalloc.start()

    def tell(line):
        if line.endswith("images translated"):
            peaks.append(tracemalloc.get_traced_memory()[1])

    result = quiet(way, source, target, tell=tell)
    tracemalloc.stop()
    assert result.written == 1000 and list(result.broken) == ["0000_broken.png", "0500_broken.jpg"]
    pixels = sum((12 + n % 9) * (10 + n % 13) * 3 * 4 for n in range(1000))  # as floats
    assert len(peaks) == 10 and peaks[-1] < peaks[0] + 0.1 * pixels
    for n in range(0, 1000, 37):
        made = pictures.read(target / f"{n:04}.png", None, 3)
        np.testing.assert_array_equal(made, picture(12 + n % 9, 10 + n % 13, seed=n))


def test_names_folders_and_formats_are_kept(tmp_path):
    source, target = tmp_path / "in", tmp_path / "out"
    (source / "sub" / "deeper").mkdir(parents=True)
    smooth = Image.radial_gradient("L").resize((40, 30))
    for name in ("a.png", "a.jpg", "sub/a.webp", "sub/deeper/b.BMP", "c.gif"):
        smooth.save(source / name)
    (source / "sub" / ".thumbnails").mkdir()
    for name in (".hidden.png", "sub/.thumbnails/x.png"):
        smooth.save(source / name)
    (source / "notes.txt").write_bytes(b"x")
    way = Way(Toy((16, 16), channels=1, translate_ab=same))
    assert str(quiet(way, source, target)) == f"5 images translated into {target}"
    names = sorted(p.relative_to(target).as_posix() for p in target.rglob("*") if p.is_file())
    assert names == ["a.jpg", "a.png", "c.gif", "sub/a.webp", "sub/deeper/b.BMP"]
    for name in names:
        was, made = (pictures.read(place / name, None, 1).astype(int) for place in (source, target))
        assert np.abs(was - made).max() <= (4 if name == "a.jpg" else 0), name


def test_nothing_is_overwritten_without_force(tmp_path):
    source, target = tmp_path / "in", tmp_path / "out"
    fill(source, 3)
    target.mkdir()
    (target / "0001.png").write_bytes(b"mine")
    way = Way(Toy((16, 16), translate_ab=same))
    result = quiet(way, source, target)
    assert (result.written, result.present) == (2, 1)
    assert "1 had been there, and --force would replace them" in str(result)
    assert (target / "0001.png").read_bytes() == b"mine"
    assert quiet(way, source, target, force=True).written == 3
    np.testing.assert_array_equal(
        pictures.read(target / "0001.png", None, 3), picture(13, 11, seed=1)
    )


def test_a_failure_in_the_middle_leaves_no_half_file(tmp_path, monkeypatch):
    source, target = tmp_path / "in", tmp_path / "out"
    fill(source, 1)
    way = Way(Toy((16, 16), translate_ab=same))

    def stop(self, place, **_):
        place.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(Image.Image, "save", stop)
    with pytest.raises(KeyboardInterrupt):
        quiet(way, source, target)
    assert [path for path in target.rglob("*") if path.is_file()] == []


def test_an_image_of_too_many_pixels_is_skipped_before_it_is_decoded(tmp_path):
    source, target, lines = tmp_path / "in", tmp_path / "out", []
    source.mkdir()
    Image.new("L", (20, 10)).save(source / "fits.png")
    Image.new("L", (20, 11)).save(source / "large.png")
    about = struct.pack("<IiiHHIIiiII", 40, 65535, 65535, 1, 24, 0, 0, 0, 0, 0, 0)
    header = b"BM" + struct.pack("<IHHI", 54, 0, 0, 54)
    (source / "huge.bmp").write_bytes(header + about)  # promises four thousand million pixels
    way = Way(Toy((16, 16), channels=1, translate_ab=same))
    result = quiet(way, source, target, max_pixels=200, tell=lines.append)
    assert (result.written, list(result.large), result.broken) == (1, ["huge.bmp", "large.png"], {})
    assert lines[1] == "skipped: large.png: 20 x 11 pixels: the limit is 200"
    assert len(lines) == 2 and lines[0].startswith("skipped: huge.bmp: ")
    assert str(result) == f"1 images translated into {target}; 2 have too many pixels"
    # A translation of twice the sides has four times the pixels, and is held to the same limit.
    way = Way(Toy((16, 16), channels=1, translate_ab=doubled))
    assert list(quiet(way, source, tmp_path / "b", max_pixels=800).large) == [
        "huge.bmp",
        "large.png",
    ]
    with pytest.raises(DataError, match=r"none of the 3 images in .* with at most 799 pixels"):
        quiet(way, source, tmp_path / "c", max_pixels=799)


def test_bad_folders(tmp_path):
    way = Way(Toy((16, 16), translate_ab=same))
    source = tmp_path / "in"
    with pytest.raises(DataError, match="there is no folder"):
        quiet(way, source, tmp_path / "out")
    source.mkdir()
    with pytest.raises(DataError, match="there are no images"):
        quiet(way, source, tmp_path / "out")
    (source / "broken.png").write_bytes(b"none")
    with pytest.raises(DataError, match="none of the 1 images"):
        quiet(way, source, tmp_path / "out")
    for target in (source, source / "out", tmp_path):
        with pytest.raises(DataError, match="lie in each other"):
            quiet(way, source, target)
