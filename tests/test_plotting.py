import numpy as np
import pytest
from PIL import Image

from kgen import plotting
from kgen.files import replacing


def test_a_grid_puts_images_row_by_row():
    images = np.linspace(-1, 1, 5, dtype="float32").reshape(5, 1, 1, 1)
    drawn = np.asarray(plotting.grid(images, columns=2, scale=1))
    assert drawn.shape == (7, 5)  # three rows and two columns with a pixel of paper around each
    assert [drawn[1, 1], drawn[1, 3], drawn[3, 1], drawn[3, 3], drawn[5, 1]] == [
        0,
        64,
        128,
        191,
        255,
    ]
    assert drawn[5, 3] == drawn[0, 0] == 255


def test_a_grid_in_colour_is_enlarged_without_smoothing():
    images = np.array([1.0, -1.0, -1.0]).reshape(1, 1, 1, 3)
    picture = plotting.grid(images, scale=4)
    assert picture.mode == "RGB" and picture.size == (12, 12)
    assert sorted(picture.getcolors()) == [(16, (255, 0, 0)), (128, (255, 255, 255))]


@pytest.mark.parametrize("shape", [(2, 3, 3), (0, 3, 3, 1), (2, 3, 3, 2)])
def test_what_is_no_batch_of_images_is_refused(shape):
    with pytest.raises(ValueError, match="a grid needs images of shape"):
        plotting.grid(np.zeros(shape))


def test_stacks_of_different_sizes_are_refused():
    with pytest.raises(ValueError, match=r"different numbers of images: \[2, 3\]"):
        plotting.columns_of(np.zeros((2, 1, 1, 1)), np.zeros((3, 1, 1, 1)))


def test_an_animation_has_its_frames(tmp_path):
    paths = [tmp_path / f"{grey}.png" for grey in (0, 100, 200)]
    for path, grey in zip(paths, (0, 100, 200), strict=True):
        Image.new("L", (4, 4), grey).save(path)
    plotting.save_animation(paths, tmp_path / "all.gif", milliseconds=50)
    with Image.open(tmp_path / "all.gif") as animation:
        assert animation.n_frames == 3
        seen = []
        for frame in range(3):
            animation.seek(frame)
            seen.append((animation.convert("L").getpixel((1, 1)), animation.info["duration"]))
    assert seen == [(0, 50), (100, 50), (200, 2000)]
    with pytest.raises(ValueError, match="at least one frame"):
        plotting.save_animation([], tmp_path / "none.gif")


def test_curves_share_the_panel_with_their_validation(tmp_path):
    rows = [{"epoch": e, "loss": 1 / e, "val_loss": 2 / e, "kl": 3.0} for e in (1, 2, 3)]
    path = plotting.save_curves(rows, tmp_path / "history.png")
    with Image.open(path) as two:
        width = two.width
    plotting.save_curves([{"epoch": 1, "loss": 1.0}], path)
    with Image.open(path) as one:
        assert width == 2 * one.width
    assert plotting.save_curves([], tmp_path / "none.png") is None
    assert not (tmp_path / "none.png").exists()


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    with replacing(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert [file.name for file in tmp_path.iterdir()] == ["file.txt"]


def test_a_picture_of_a_sound_shows_its_wave_and_its_pitch():
    """A tone at an eighth of the rate, loud in the second half only."""
    seconds = np.arange(2048)
    tone = 0.5 * np.sin(2 * np.pi * seconds / 8) * (seconds >= 1024)
    (picture,) = plotting.wave_pictures(np.stack([tone])[..., None])
    assert picture.shape == (96, 96, 1) and picture.dtype == np.float32
    assert picture.min() == -1 and picture.max() == 1
    wave, spectrogram = picture[:32, :, 0], picture[32:, :, 0]
    np.testing.assert_array_equal((wave > 0).sum(axis=0)[:47], 2)  # silence is a line
    assert (wave[:, 50:] > 0).sum(axis=0) == pytest.approx(17, abs=2)  # half of the scale
    # An eighth of the rate is a quarter of the way up to half of it, and down is low.
    assert spectrogram[:, 70].argmax() == pytest.approx(64 * 3 / 4, abs=1.1)
    assert (spectrogram[:, :40] == -1).all()
    assert (plotting.wave_pictures(np.zeros((1, 300)))[0, 32:] == -1).all()
    assert plotting.wave_pictures(np.zeros((2, 3, 1))).shape == (2, 96, 96, 1)
    with pytest.raises(ValueError, match=r"needs \(n, length, 1\), not"):
        plotting.wave_pictures(np.zeros((2, 30, 2)))


def test_a_table_has_its_texts_beside_its_images():
    images = np.full((2, 3, 8, 8, 1), -1.0)
    bare, named = plotting.table(images, scale=2), plotting.table(images, "ab", "xyz", scale=2)
    assert bare.size == (56, 38) and np.asarray(bare).min() == 0
    left, above = named.width - bare.width, named.height - bare.height
    assert left > 8 and above == plotting.LETTERS + 6
    drawn = np.asarray(named)
    np.testing.assert_array_equal(drawn[above:, left:], np.asarray(bare))
    # Each text stands at the middle of its row or column, and nothing stands in the corner.
    for column in range(3):
        middle = left + 2 * (1 + column * 9) + 8
        assert (drawn[:above, middle - 6 : middle + 6] < 128).any()
    for row in range(2):
        middle = above + 2 * (1 + row * 9) + 8
        assert (drawn[middle - 6 : middle + 6, :left] < 128).any()
    assert (drawn[:above, :left] == 255).all()


def test_a_table_is_as_wide_as_its_texts_need():
    images = np.zeros((1, 2, 4, 4, 3))
    long = plotting.table(images, columns=("a very long name of a column" * 9, "b"))
    assert long.mode == "RGB" and long.width > 2 * 9 * 100
    assert plotting.table(np.zeros((20, 1, 32, 32, 1))).size == (68, 1322)  # at 64 pixels each


def test_what_is_no_table_is_refused():
    images = np.zeros((2, 3, 4, 4, 1))
    with pytest.raises(ValueError, match="a table needs images of shape"):
        plotting.table(images[0])
    with pytest.raises(ValueError, match=r"a text for each row, not .* and 1 texts"):
        plotting.table(images, rows=("one",))
    with pytest.raises(ValueError, match="2 texts above 3 columns"):
        plotting.table(images, columns="ab")
