import numpy as np
import pytest
from PIL import Image

from kgen import cli, latent
from kgen.errors import DataError
from kgen.models import PPGN, VAE, GatedPixelCNN, PixelCNN, WaveNet


@pytest.fixture(scope="module")
def model():
    return PixelCNN.build_default((6, 8, 1), width=4, blocks=1)


@pytest.fixture(scope="module")
def images():
    return np.where(np.random.default_rng(0).uniform(size=(2, 6, 8, 1)) < 0.5, -1.0, 1.0)


@pytest.mark.parametrize("part", ["lower", "upper", "left", "right", "middle"])
def test_the_part_that_is_missing(part):
    known = latent.mask_without(part, 6, 8)
    share = 1 / 4 if part == "middle" else 1 / 2
    assert known.shape == (6, 8)
    # A quarter of 6 is 1.5: the middle begins after one row and ends after four.
    assert abs((~known).mean() - share) < 1e-9
    opposite = {"lower": "upper", "left": "right"}.get(part)
    if opposite is not None:
        assert (known == ~latent.mask_without(opposite, 6, 8)).all()
    corner = {"lower": (-1, 0), "upper": (0, 0), "left": (0, 0), "right": (0, -1)}
    assert not known[corner.get(part, (3, 4))] and known.any()


def test_rows_show_the_image_what_is_known_and_draws(model, images):
    known = latent.mask_without("lower", 6, 8)
    table = latent.completions(model, images, known, draws=3, seed=1)
    assert table.columns == ("image", "known", "1", "2", "3")
    assert table.images.shape == (2, 5, 6, 8, 1)
    np.testing.assert_array_equal(table.images[:, 0], images)
    assert (table.images[:, 1, 3:] == 0).all()
    for column in range(1, 5):
        np.testing.assert_array_equal(table.images[:, column, :3], images[:, :3])
    drawn = table.images[:, 2:, 3:]
    assert (np.abs(drawn) == 1).all() and (drawn[:, 0] != drawn[:, 1]).any()
    again = latent.completions(model, images, known, draws=3, seed=1)
    np.testing.assert_array_equal(again.images, table.images)
    other = latent.completions(model, images, known, draws=3, seed=2)
    assert (other.images != table.images).any()


def test_each_image_has_its_own_mask(model, images):
    masks = np.stack([latent.mask_without(part, 6, 8) for part in ("left", "right")])
    table = latent.completions(model, images, masks, draws=1)
    np.testing.assert_array_equal(table.images[0, 2, :, 4:], images[0, :, 4:])
    np.testing.assert_array_equal(table.images[1, 2, :, :4], images[1, :, :4])
    assert (table.images[0, 1, :, :4] == 0).all() and (table.images[1, 1, :, 4:] == 0).all()


def test_classes_are_told(images):
    model = GatedPixelCNN.build_default((6, 8, 1), width=4, blocks=1, classes=3)
    known = latent.mask_without("lower", 6, 8)
    seed = int(np.random.SeedSequence(0).generate_state(1)[0])
    table = latent.completions(model, images, known, draws=1, labels=2)
    told = model.complete(images, known, labels=[2, 2], seed=seed)
    np.testing.assert_array_equal(table.images[:, 2], told)
    with pytest.raises(DataError, match="whole numbers from 0 to 2"):
        latent.completions(model, images, known, labels=3)


@pytest.fixture
def command(tmp_path, monkeypatch, capfd):
    """`command(model, "--missing left")`: exit code, stdout, stderr; in a folder with pictures."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    (tmp_path / "mine").mkdir()
    for name in "ab":
        Image.fromarray(rng.integers(0, 256, (20, 24), "uint8")).save(f"mine/{name}.png")
    mask = np.full((12, 16), 255, "uint8")
    mask[:6, :8] = 0
    Image.fromarray(mask).save("mask.png")

    def run(model, line):
        model.save("model.keras")
        with pytest.raises(SystemExit) as done:
            cli.main(["explore", "model.keras", "complete", *line.split()])
        return done.value.code or 0, *capfd.readouterr()

    return run


def test_the_command_draws_it(model, command):
    code, out, _ = command(model, "--images mine -n 2 --draws 3 --mask mask.png")
    assert code == 0 and out.endswith("complete.png\n")
    with Image.open("complete.png") as picture:
        assert picture.width >= 3 * (5 * 9 + 1)
    code, _, err = command(model, "--images mine -n 2 --missing half -o other.png")
    assert code == 2 and "lower, upper, left, right, middle, got 'half'" in " ".join(err.split())
    code, _, err = command(model, "-n 2 -o other.png")
    assert code == 2 and "without data: give --images" in " ".join(err.split())


def test_the_command_asks_for_classes_or_leaves_them_out(command):
    conditional = GatedPixelCNN.build_default((8, 8, 1), width=4, blocks=1, classes=3)
    assert command(conditional, "--images mine -n 1 --label 2 --missing middle")[0] == 0
    chains = PPGN.build_default((8, 8, 1), 3, classes=3, iterations=3, hidden=(4,))
    assert command(chains, "--images mine -n 1 --draws 1 -o chains.png")[0] == 0
    assert command(chains, "--images mine -n 1 --draws 1 --label 1 -o steered.png")[0] == 0
    code, _, err = command(VAE.build_default((8, 8, 1), 3), "--images mine -o none.png")
    assert code == 2 and "VAE completes no images" in " ".join(err.split())


def test_what_completes_no_images_says_so(model, images):
    known = latent.mask_without("lower", 6, 8)
    with pytest.raises(DataError, match="VAE completes no images"):
        latent.completions(VAE.build_default((8, 8, 1), 3), images, known)
    sound = WaveNet.build_default(length=16, stacks=1, layers=2, width=2, skip_width=2)
    with pytest.raises(DataError, match="WaveNet completes no images"):
        latent.completed_shape(sound)
    with pytest.raises(DataError, match="draws=0"):
        latent.completions(model, images, known, draws=0)
    with pytest.raises(DataError, match="lower, upper, left, right, middle, got 'top'"):
        latent.mask_without("top", 6, 8)
