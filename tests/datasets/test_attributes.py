"""Attribute vectors from a table beside the images."""

import numpy as np
import pytest
from PIL import Image

from kgen.datasets import from_arrays, load
from kgen.errors import DataError

NAMES = ("Bald", "Smiling", "Young")


def fill(root, n=6):
    root.mkdir(parents=True, exist_ok=True)
    for number in range(n):
        Image.new("RGB", (16, 16), (number,) * 3).save(root / f"{number}.png")


def values(number):
    return [number % 2, number // 2 % 2, number // 4 % 2]


def loaded(root, **options):
    return load(
        root, **{"layout": "attributes", "batch_size": 2, "validation": 0, "test": 0, **options}
    )


def check(data, n=6):
    assert (data.layout, data.class_names, data.sizes["train"]) == ("attributes", NAMES, n)
    seen = 0
    for images, attributes in data.train.as_numpy_iterator():
        assert attributes.dtype == np.float32 and attributes.shape == (2, 3)
        for image, row in zip(images, attributes, strict=True):
            assert row.tolist() == values(round((image[0, 0, 0] + 1) * 127.5))
            seen += 1
    assert seen == n


def test_celebas_list(tmp_path):
    fill(tmp_path / "img_align_celeba")
    lines = ["6", " ".join(NAMES)]
    for number in range(6):
        signs = " ".join(f"{2 * value - 1:2}" for value in values(number))
        lines.append(f"{number}.png  {signs}")
    (tmp_path / "list_attr_celeba.txt").write_text("\n".join(lines) + "\n")
    (tmp_path / "readme.txt").write_text("not a table")
    check(loaded(tmp_path))


def test_plain_csv(tmp_path):
    fill(tmp_path)
    lines = ["file, " + ", ".join(NAMES)]
    lines += [f"{n}.png, {', '.join(map(str, values(n)))}" for n in range(6)]
    (tmp_path / "attributes.csv").write_text("\n".join(lines) + "\n")
    data = loaded(tmp_path)
    check(data)
    assert load(tmp_path, batch_size=2).layout == "images"  # only if they are asked for
    Image.new("RGB", (16, 16)).save(tmp_path / "new.png")
    lines.append("gone.png,1,0,0")
    (tmp_path / "attributes.csv").write_text("\n".join(lines))
    data = loaded(tmp_path)
    assert data.skipped == (
        "gone.png: in attributes.csv, and no such image",
        "new.png: not in attributes.csv",
    )
    check(data)


def test_held_out_and_too_large_for_memory(tmp_path, monkeypatch):
    from kgen.datasets import strands

    fill(tmp_path, 20)
    lines = ["file,odd"] + [f"{n}.png,{n % 2}" for n in range(20)]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    monkeypatch.setattr(strands, "IN_MEMORY", 0)
    data = loaded(tmp_path, validation=0.3)
    assert data.sizes["validation"] > 0
    for images, attributes in data.validation.as_numpy_iterator():
        np.testing.assert_array_equal(
            np.round((images[:, 0, 0, 0] + 1) * 127.5) % 2, attributes[:, 0]
        )


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (None, "need one table in .* found none"),
        ("", "has no line of names"),
        ("file,a\n0.png,yes\n", "line 2: write 1 values after the file, each 1, 0 or -1"),
        ("file,a\n0.png,1\n\n1.png,1,0\n", "line 4: write 1 values"),
        ("file,a\nother.png,1\n", "names no image"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, table, message):
    fill(tmp_path)
    if table is not None:
        (tmp_path / "a.csv").write_text(table)
    with pytest.raises(DataError, match=message):
        loaded(tmp_path)


def test_two_images_of_one_name_need_their_path(tmp_path):
    fill(tmp_path / "x", 2)
    fill(tmp_path / "y", 2)
    (tmp_path / "a.csv").write_text("file,odd\n0.png,1\n")
    with pytest.raises(DataError, match=r"names 0\.png, of which .* has several"):
        loaded(tmp_path)
    (tmp_path / "a.csv").write_text("file,odd\nx/0.png,0\ny/1.png,1\n")
    assert loaded(tmp_path).sizes["train"] == 2


def test_attributes_of_arrays():
    images = np.zeros((4, 8, 8, 1), np.uint8)
    attributes = np.array([[0, 1], [1, 1], [0, 0], [1, 0]])
    data = from_arrays(images, attributes, batch_size=4, class_names=("x", "y"))
    assert (data.layout, data.num_classes) == ("attributes", 2)
    (batch,) = data.train.as_numpy_iterator()
    assert batch[1].dtype == np.float32
    np.testing.assert_array_equal(np.sort(batch[1], axis=0), np.sort(attributes, axis=0))
    one = from_arrays(images, attributes[:, :1], layout="attributes", batch_size=4)
    assert next(iter(one.train))[1].shape == (4, 1)
    with pytest.raises(DataError, match=r"pass \(4, k\) of 0 and 1"):
        from_arrays(images, attributes * 2, batch_size=4)


def test_some_of_them_in_the_order_asked_for(tmp_path):
    fill(tmp_path)
    lines = ["file," + ",".join(NAMES)]
    lines += [f"{n}.png,{','.join(map(str, values(n)))}" for n in range(6)]
    (tmp_path / "attributes.csv").write_text("\n".join(lines) + "\n")
    data = loaded(tmp_path, attributes=["Young", "Bald"], batch_size=6)
    assert data.class_names == ("Young", "Bald") and data.num_classes == 2
    images, given = next(data.train.as_numpy_iterator())
    for image, row in zip(images, given, strict=True):
        bald, _, young = values(round((image[0, 0, 0] + 1) * 127.5))
        assert row.tolist() == [young, bald]
    for wanted, said in (
        (["Yuong"], "attributes.csv has no attribute Yuong: did you mean Young"),
        (["Hat"], "no attribute Hat: it has Bald, Smiling, Young"),
        (["Bald", "Bald"], "pass one name or more, each once"),
        ([], "pass one name or more"),
    ):
        with pytest.raises(DataError, match=said):
            loaded(tmp_path, attributes=wanted)
    with pytest.raises(DataError, match="pass that as well"):
        load(tmp_path, attributes=["Bald"])
