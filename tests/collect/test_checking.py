import json

import numpy as np
import pytest
from PIL import Image

from kgen.collect.checking import check
from kgen.collect.perceptual import distance, low_frequencies, perceptual_hash
from kgen.errors import DataError
from tests.collect.site import bomb, encoded
from tests.collect.test_perceptual import noise


def fill(folder):
    """Two good pictures, and one of every kind that is not."""
    contents = {
        "a.png": encoded(noise(1, 120)),
        "sub/b.jpg": encoded(noise(2, 120), "JPEG"),
        "copy of a.png": encoded(noise(1, 120)),
        "sub/smaller a.jpg": encoded(noise(1, 90), "JPEG"),
        "broken.png": encoded(noise(3))[:300],
        "no picture.png": b"<html>",
        "bomb.png": bomb(),
        "tiny.png": encoded(noise(4, 47)),
        "black.png": encoded(Image.new("RGB", (64, 64))),
        "white.png": encoded(Image.new("RGB", (64, 64), "white")),
        "black too.bmp": encoded(Image.new("L", (64, 64)), "BMP"),
        "notes.txt": b"mine",
    }
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return contents


GOOD = {"a.png", "sub/b.jpg", "black.png", "white.png", "black too.bmp", "notes.txt"}


def read(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_what_is_wrong_is_named_and_moved_and_nothing_is_lost(tmp_path):
    folder, aside = tmp_path / "raw", tmp_path / "raw_aside"
    contents = fill(folder)
    looked = check(folder, dry_run=True)
    assert read(tmp_path) == {f"raw/{name}": content for name, content in contents.items()}
    assert looked.report is None

    result = check(folder)
    assert result.found == looked.found and result.lines() == looked.lines()
    assert result.checked == 11
    assert set(result.broken) == {"broken.png", "no picture.png", "bomb.png"}
    assert result.small == {"tiny.png": (47, 47)}
    assert result.exact == {"copy of a.png": "a.png"}
    assert result.near["sub/smaller a.jpg"][0] == "a.png" and len(result.near) == 1
    assert str(result) == "11 pictures: 3 broken, 1 too small, 2 duplicates (1 exact), 5 good"
    assert read(folder) == {name: contents[name] for name in GOOD}
    moved = read(aside)
    report = json.loads(moved.pop("report.json"))
    assert moved == {name: contents[name] for name in set(contents) - GOOD}
    assert set(report["moved_to"]) == set(moved) and report["checked"] == 11
    assert report["near_duplicates"]["sub/smaller a.jpg"][0] == "a.png"

    again = check(folder)
    assert again.found == [] and again.report is None and again.checked == 5


def test_nothing_aside_is_overwritten(tmp_path):
    folder = tmp_path / "raw"
    fill(folder)
    check(folder)
    (folder / "tiny.png").write_bytes(encoded(noise(9, 20)))
    second = check(folder)
    assert second.found == ["tiny.png"]
    aside = read(tmp_path / "raw_aside")
    assert aside["tiny.png"] == encoded(noise(4, 47))
    assert aside["tiny_2.png"] == encoded(noise(9, 20))
    assert {"report.json", "report_2.json"} <= set(aside)
    assert json.loads(aside["report_2.json"])["moved_to"]["tiny.png"].endswith("tiny_2.png")


def test_two_files_do_not_get_one_place_aside(tmp_path):
    """a.png goes to a_2.png, as a.png is taken; and so a_2.png does not."""
    folder, aside = tmp_path / "raw", tmp_path / "raw_aside"
    contents = {"a.png": encoded(noise(1, 20)), "a_2.png": encoded(noise(2, 20))}
    for place in (folder, aside):
        place.mkdir()
    (aside / "a.png").write_bytes(b"mine")
    for name, content in {**contents, "good.png": encoded(noise(3, 120))}.items():
        (folder / name).write_bytes(content)
    assert check(folder).found == ["a.png", "a_2.png"]
    moved = read(aside)
    report = json.loads(moved.pop("report.json"))["moved_to"]
    assert moved == {
        "a.png": b"mine", "a_2.png": contents["a.png"], "a_2_2.png": contents["a_2.png"],
    }  # fmt: skip
    assert [report[name] for name in contents] == [
        str(aside / "a_2.png"), str(aside / "a_2_2.png"),
    ]  # fmt: skip
    assert set(read(folder)) == {"good.png"}


def test_the_largest_stays_and_likeness_has_no_chains(tmp_path):
    """a ~ b ~ c where a and c are not alike: b goes with a, and c stays."""
    first, last = (np.asarray(noise(seed, 96), np.float64) for seed in (20, 21))
    # Bits flip one by one on the way from one picture to the other.
    for name, share in (("a", 0.0), ("b", 0.1), ("c", 0.2)):
        mixed = (1 - share) * first + share * last
        Image.fromarray(np.rint(mixed).astype(np.uint8)).save(tmp_path / f"{name}.png")
    a, b, c = (
        perceptual_hash(low_frequencies(Image.open(tmp_path / f"{name}.png"))) for name in "abc"
    )
    near = max(distance(a, b), distance(b, c))
    assert near < distance(a, c)
    aside = tmp_path.with_name("aside_of_chain")
    assert check(tmp_path, near=near, aside=aside, dry_run=True).near == {
        "b.png": ("a.png", distance(a, b))
    }
    assert check(tmp_path, near=None, dry_run=True).near == {}
    Image.fromarray(np.rint(first).astype(np.uint8)).resize((200, 200)).save(tmp_path / "z.png")
    assert check(tmp_path, near=near, dry_run=True).near["a.png"][0] == "z.png"


def test_bad_requests(tmp_path):
    with pytest.raises(DataError, match="no folder"):
        check(tmp_path / "none")
    with pytest.raises(DataError, match="no pictures"):
        check(tmp_path)
    fill(tmp_path / "raw")
    with pytest.raises(DataError, match="would be trained on"):
        check(tmp_path / "raw", aside=tmp_path / "raw" / "aside")
    with pytest.raises(DataError, match="near=40"):
        check(tmp_path / "raw", near=40)
