"""The command `kgen translate`, with models of the family."""

# ruff: noqa: F811  fixtures of other test modules are imported by name

from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

import kgen
from kgen import cli_translate, recipe
from kgen.datasets import pictures
from kgen.plotting import to_uint8
from kgen.run_folder import RunFolder
from kgen.translating import Way, translate_image
from tests.test_cli import folder, kgen_command, one_line  # noqa: F401


@pytest.fixture(scope="module")
def cyclegan():
    """A small CycleGAN."""
    keras.utils.set_random_seed(0)
    return kgen.models.CycleGAN.build_default((16, 16, 1), blocks=1, width=4, downsamplings=1)


@pytest.fixture
def loaded(cyclegan, monkeypatch):
    """`run.load` gives it, so that it is compiled once."""
    monkeypatch.setattr("kgen.run.load", lambda path: cyclegan)
    return cyclegan


def fill(folder):
    folder.mkdir()
    random = np.random.default_rng(0)
    for name, shape in (("same.png", (16, 16)), ("odd.png", (13, 37)), ("sub/x.jpg", (40, 40))):
        (folder / name).parent.mkdir(exist_ok=True)
        Image.fromarray(random.integers(0, 256, shape, np.uint8)).save(folder / name)
    (folder / "broken.png").write_bytes(b"none")


def test_translate(kgen_command, loaded, folder):
    fill(Path("in"))
    code, out, err = kgen_command("translate", "run", "in", "out")
    assert (code, err) == (0, "")
    skipped, done = out.splitlines()
    assert skipped.startswith("skipped: broken.png: the bytes are none of PNG, JPEG")
    assert done == "3 images translated into out; 1 cannot be read"
    made = {p.relative_to("out").as_posix(): p for p in Path("out").rglob("*.*")}
    assert set(made) == {"same.png", "odd.png", "sub/x.jpg"}
    for name, path in made.items():
        sizes = [pictures.header(place)[0] for place in (path, Path("in", name))]
        assert sizes[0] == sizes[1]
    # What the command writes is what the model says.
    image = pictures.read("in/same.png", None, 1)[None] / 127.5 - 1
    for direction, domain in (("ab", "b"), ("ba", "a")):
        kgen_command("translate", "run", "in", direction, "--direction", direction)
        expected = to_uint8(loaded.translate(image, domain=domain))[0]
        made = pictures.read(Path(direction, "same.png"), None, 1)
        assert np.abs(made.astype(int) - expected).max() <= 1

    code, out, _ = kgen_command("translate", "run", "in", "few", "--max-pixels", "256")
    assert code == 0 and "skipped: odd.png: 37 x 13 pixels: the limit is 256" in out
    assert "1 images translated into few; 2 have too many pixels; 1 cannot be read" in out

    before = Path("out/odd.png").read_bytes()
    code, out, _ = kgen_command("translate", "run", "in", "out", "--domain", "a")
    assert "0 images translated" in out and "3 had been there, and --force" in out
    assert Path("out/odd.png").read_bytes() == before
    code, out, _ = kgen_command("translate", "run", "in", "out", "--domain", "a", "--force")
    assert "3 images translated" in out and Path("out/odd.png").read_bytes() != before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--domain", "c"], "this model translates into a or b"),
        (["--direction", "up"], "give ab or ba"),
        (["--tile", "64"], "the network takes 16 pixels and no others"),
        (["--overlap", "9"], "give 0 to 8, half of a tile of 16"),
    ],
)
def test_bad_options(kgen_command, loaded, arguments, said, folder):
    fill(Path("in"))
    code, _, err = kgen_command("translate", "run", "in", "out", *arguments)
    assert code == 2 and said in one_line(err)
    assert not Path("out").exists()


def test_other_models_of_the_family_say_their_way():
    """Pix2Pix one way with its dropout off, StarGAN into a class."""
    pix2pix = Way(kgen.models.Pix2Pix.build_default((16, 16, 1), width=4, downsamplings=1))
    assert (pix2pix.name, pix2pix.tile, pix2pix.scale) == ("translate_ab", (16, 16), 1)
    stargan = kgen.models.StarGAN.build_default((16, 16, 1), 3, 4, blocks=1, downsamplings=2)
    stargan = Way(stargan, "2")
    assert stargan.name == "translate" and stargan.labels["labels"] == 2
    for way in (pix2pix, stargan):
        images = np.zeros((2, 16, 16, 1), np.float32)
        assert way(images).shape == images.shape
        np.testing.assert_array_equal(way(images), way(images))


def test_a_fully_convolutional_model_takes_images_whole():
    """The residual generator halves twice: any multiple of 4, and no tiles up to their size."""
    model = kgen.models.CycleGAN.build_default(
        (None, None, 1), blocks=1, width=4, downsamplings=1, pool_size=0
    )
    way = Way(model, "a")
    assert (way.name, way.tile, way.multiple) == ("translate_ba", (None, None), 4)
    image = np.random.default_rng(0).uniform(-1, 1, (64, 128, 1)).astype(np.float32)
    whole = model.translate(image[None], domain="a")[0]
    np.testing.assert_allclose(translate_image(way, image), whole, atol=1e-6)
    assert translate_image(way, image[:30, :51]).shape == (30, 51, 1)


def test_names_of_domains_are_those_of_the_runs_data(folder):
    glyphs = recipe.find("cvae_glyphs")
    RunFolder(Path("run")).write_config(glyphs, glyphs.defaults | glyphs.smoke, smoke=True)
    names = cli_translate._class_names(Path("run"))
    assert names[:3] == ("A", "B", "C") and len(names) == 62
    assert cli_translate._class_names(Path("model.keras")) is None


def test_sampling_shows_test_images_there_and_back(kgen_command, loaded, folder):
    unpaired = recipe.find("cyclegan_glyphs")
    RunFolder(Path("run")).write_config(unpaired, unpaired.defaults | unpaired.smoke, smoke=True)
    code, out, err = kgen_command("sample", "run", "-n", "3")
    assert (code, out, err) == (0, "samples.png\n", "")
    with Image.open("samples.png") as picture:
        drawn = np.asarray(picture)
    # Rows of three: a, into b, back; b, into a, back; each a pixel from the next, enlarged.
    assert drawn.shape[0] * (3 * 17 + 1) == drawn.shape[1] * (6 * 17 + 1)
    scale = drawn.shape[1] // 52
    tiles = drawn[::scale, ::scale]
    rows = [tiles[top : top + 16, 1:17] for top in range(1, 6 * 17, 17)]
    for start, there, back in ((0, "b", "a"), (3, "a", "b")):
        image = rows[start][None, ..., None] / 127.5 - 1
        assert image.std() > 0.1
        translation = loaded.translate(image, domain=there)
        for row, expected in (
            (start + 1, translation),
            (start + 2, loaded.translate(translation, domain=back)),
        ):
            np.testing.assert_allclose(rows[row], to_uint8(expected)[0, ..., 0], atol=1)
    for arguments, said in [
        (["-o", "x.png", "--seed", "1"], "translates images: leave --seed out"),
        (["-o", "x.png", "--label", "1"], "translates images: leave --label out"),
    ]:
        code, out, err = kgen_command("sample", "run", *arguments)
        assert code == 2 and out == "" and said in one_line(err)
    Path("model.keras").touch()
    code, _, err = kgen_command("sample", "model.keras", "-o", "x.png")
    assert code == 2 and "without images: kgen translate takes your own" in one_line(err)
    assert not Path("x.png").exists()


def test_a_file_that_is_no_model(kgen_command, folder):
    code, _, err = kgen_command("translate", "none.keras", "in", "out")
    assert code == 2 and "none.keras" in one_line(err)
