import functools
import shutil
import string

import numpy as np
import pytest
from PIL import Image

from kgen import explorer, recipe, run, run_images
from kgen.run_folder import RunFolder
from tests.test_cli import folder, kgen_command, one_line  # noqa: F401  fixtures

CAPITALS = ",".join(string.ascii_uppercase)


def make_run(place, name):
    """A run folder as it stands before the first epoch: enough to be looked into."""
    found = recipe.find(name)
    made = RunFolder(place / name)
    options = found.defaults | found.smoke
    made.path.mkdir()
    made.write_config(found, options, smoke=True)
    found.build(options).model.save(made.checkpoint)
    return str(made.path)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Runs of a model with an encoder and classes, of one without, and of one that completes."""
    place = tmp_path_factory.mktemp("explored")
    recipes = {"CVAE": "cvae_glyphs", "DCGAN": "dcgan_glyphs", "Gated": "gatedpixelcnn_glyphs"}
    return {name: make_run(place, recipe) for name, recipe in recipes.items()}


@pytest.fixture(scope="module")
def read_once():
    """Each model and its data are read but once, which most of the time would go into."""
    return functools.cache(run.load), functools.cache(
        lambda place, labelled, tell: run_images.run_splits(place, labelled)
    )


@pytest.fixture
def explore(kgen_command, runs, read_once, monkeypatch):  # noqa: F811
    """`explore("CVAE interpolate -n 2")`: exit code, stdout, stderr."""
    load, splits = read_once
    monkeypatch.setattr(run, "load", load)
    monkeypatch.setattr(explorer, "run_splits", lambda *words: splits(*words[:2], None))

    def command(line):
        words = [runs.get(word, word) for word in line.split()]
        return kgen_command("explore", *words)

    return command


@pytest.fixture
def letters(folder):  # noqa: F811
    """Two folders of pictures of other sizes and modes."""
    rng = np.random.default_rng(0)
    for name, mode in (("thick", "L"), ("thin", "RGB")):
        (folder / name).mkdir()
        for number in range(2):
            array = rng.integers(0, 256, (20, 24, 3), "uint8")
            Image.fromarray(array).convert(mode).save(folder / name / f"{number}.png")
    return folder


@pytest.mark.parametrize(
    ("line", "drawn", "columns"),
    [
        ("CVAE interpolate -n 2 --steps 3", "interpolate.png", 3),
        ("CVAE interpolate -n 2 --steps 3 --real --path linear -o between.png", "between.png", 5),
        (f"CVAE arithmetic --classes {CAPITALS} -n 2 --method linear", "arithmetic.png", 4),
        ("CVAE traverse --steps 3", "traverse.png", 3),
        ("CVAE traverse --code labels -o labels.png", "labels.png", 62),
        ("CVAE truncation --values 0.5,1 -n 2 --label 3", "truncation.png", 2),
        ("CVAE classes -n 2 --real", "classes.png", 2),
        ("DCGAN neighbours -n 2 -k 3 --space features --samples", "neighbours.png", 4),
        ("CVAE neighbours -n 2 -k 3 --samples", "neighbours.png", 4),
        ("CVAE neighbours -n 2 -k 3 --samples --label 5 --space pixels", "neighbours.png", 4),
        ("DCGAN responses --units 0,2 --top 3 --saliency plain", "responses.png", 3),
        ("DCGAN filters --limit 4", "filters.png", 2),
        ("DCGAN invert -n 2 --steps 3 --restarts 1", "invert.png", 2),
        ("Gated complete -n 2 --draws 2 --missing right", "complete.png", 4),
    ],
)
def test_each_command_draws_a_picture(line, drawn, columns, explore, folder):  # noqa: F811
    code, out, err = explore(line)
    assert code == 0 and err == ""
    assert out.splitlines()[-1] == drawn and [p.name for p in folder.iterdir()] == [drawn]
    with Image.open(drawn) as picture:
        # 16-pixel images, or 5 of a filter, each with a pixel of paper, at least three times.
        side = 5 if "filters" in line else 16
        assert picture.width >= 3 * (columns * (side + 1) + 1)


def test_classes_of_the_run_s_data_have_their_names(runs):
    it = explorer.Explorer(runs["CVAE"], "none.png")
    assert it.class_names("test")[:3] == ("A", "B", "C") and len(it.class_names("test")) == 62
    assert explorer.Explorer(runs["DCGAN"], "none.png").class_names("test") is None


def test_a_picture_is_never_overwritten_without_force(explore, folder):  # noqa: F811
    (folder / "truncation.png").write_text("mine")
    code, _, err = explore("CVAE truncation --values 1 -n 1")
    assert code == 2 and "truncation.png exists: give another name with -o, or --force" in one_line(
        err
    )
    assert (folder / "truncation.png").read_text() == "mine"
    assert explore("CVAE truncation --values 1 -n 1 --force")[0] == 0
    with Image.open("truncation.png") as picture:
        assert picture.size[0] > 100


def test_images_of_the_user_s_own(explore, letters):
    code, _, err = explore("CVAE interpolate --images thick -n 1 --steps 2 --label 3")
    assert code == 0 and err == ""
    code, _, _ = explore("CVAE arithmetic --with thick --without thin --label 3 -n 1")
    assert code == 0
    code, _, err = explore("DCGAN interpolate --images thin -n 1 --steps 2 -o two.png")
    assert code == 0
    assert err.startswith("no encoder: latents of 2 images by gradient descent, RMS error of pix")


def test_an_index_is_kept_and_of_one_model(explore, runs, folder):  # noqa: F811
    line = "CVAE neighbours -n 2 -k 2 --among test --index kept.npz --force"
    code, first, _ = explore(line)
    assert code == 0
    before = (folder / "kept.npz").read_bytes()
    code, second, _ = explore(line)
    assert code == 0 and first == second and (folder / "kept.npz").read_bytes() == before
    # The images of the test split are looked for in the test split.
    rows = [row.split(": ")[1].split(" ")[1] for row in first.splitlines()[:2]]
    assert rows == ["(0),", "(0),"]
    code, _, err = explore(line.replace("CVAE", "DCGAN"))
    assert code == 2 and "kept.npz is an index of another model" in one_line(err)
    code, _, err = explore(line + " --space pixels")
    assert code == 2 and "kept.npz is of latents: give --space latents" in one_line(err)
    with np.load("kept.npz") as file:
        assert set(file) == {"vectors", "format", "about"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("nowhere interpolate", "no checkpoint nowhere"),
        ("CVAE", "Missing command"),
        ("CVAE interpolat", "No such command 'interpolat'"),
        ("CVAE interpolate --steps 1", "Invalid value for '--steps'"),
        ("CVAE interpolate --path curved", "method must be prior, linear or spherical"),
        ("CVAE interpolate -o way.pdf", "end the name in .png"),
        ("CVAE interpolate --real --split later", "later"),
        ("CVAE interpolate --images none --label 1", "there is no file or folder none"),
        ("CVAE interpolate --images thin --label 1 -n 2", "has 2 images, fewer than 4"),
        ("CVAE interpolate --images thin -n 1", "needs the label of each image"),
        ("CVAE interpolate --label 62", "labels are whole numbers from 0 to 61"),
        ("DCGAN interpolate --label 1", "DCGAN makes no classes"),
        ("CVAE arithmetic --with thin", "give --with and --without, two groups"),
        ("CVAE arithmetic --classes Ä", "glyphs/letters train has no class 'Ä': it has A, B"),
        ("CVAE arithmetic --classes A --strengths one", "'one': give numbers with commas"),
        ("CVAE traverse --coordinates 1.5", "give whole numbers with commas between"),
        ("CVAE traverse --coordinates 4", "latents has coordinates 0 to 3"),
        ("CVAE truncation --method cut", "resample or scale"),
        ("DCGAN classes", "the images of DCGAN have no classes"),
        ("DCGAN neighbours", "DCGAN has no encoder: compare features or pixels"),
        ("DCGAN responses --layer nothing", "has no layer 'nothing'"),
        ("FILE interpolate --real", "a model without its run, so without data: give --images"),
    ],
)
def test_what_the_user_did_wrong_is_one_line_and_2(line, said, explore, letters, runs):
    if "FILE" in line:
        shutil.copy(f"{runs['DCGAN']}/checkpoint.keras", "model.keras")
        line = line.replace("FILE", "model.keras")
    code, _, err = explore(line)
    assert code == 2 and said in one_line(err)
    assert not list(letters.glob("*.p*"))
