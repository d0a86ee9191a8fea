"""Text files as users have them, in any alphabet and of any length; errors in one line."""

import numpy as np
import pytest

from kgen.datasets import load, strands
from kgen.datasets.splits import SPLITS, split_of
from kgen.datasets.tokens import text
from kgen.errors import DataError


def write(path, lines, encoding="utf-8"):
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return path


def rows(data, split="train"):
    batches = getattr(data, split)
    return [] if batches is None else np.concatenate(list(batches.as_numpy_iterator())).tolist()


def whole(path, **options):
    """All of a file in the training split, in batches of one, sorted."""
    options = {"batch_size": 1, "validation": 0.0, "test": 0.0, **options}
    data = load(path, **options)
    return data, sorted(rows(data))


def test_words_are_numbered_by_frequency_and_then_by_the_alphabet(tmp_path):
    """b three times, a and c twice, d once: <end> 0, <unknown> 1, b 2, a 3, c 4, d 5."""
    file = write(tmp_path / "a.txt", ["b a c", "", "  b  c ", "b a d"])
    data, tokens = whole(file)
    assert data.layout == "tokens" and data.image_shape == (3,)
    assert data.words == ("<end>", "<unknown>", "b", "a", "c", "d") and data.vocabulary == 6
    assert tokens == [[2, 3, 4], [2, 3, 5], [2, 4, 0]]
    assert next(iter(data.train)).dtype == "int32"
    assert data.class_names is None and data.sizes["train"] == 3


def test_the_vocabulary_is_bounded_by_size_and_by_count(tmp_path):
    file = write(tmp_path / "a.txt", ["b a c", "b c", "b a d"])
    data, tokens = whole(file, vocabulary=3)
    assert data.words == ("<end>", "<unknown>", "b")
    assert tokens == [[2, 1, 0], [2, 1, 1], [2, 1, 1]]
    assert whole(file, minimum_count=2)[0].words == ("<end>", "<unknown>", "b", "a", "c")
    with pytest.raises(DataError, match="no word occurs minimum_count=4 times"):
        whole(file, minimum_count=4)
    with pytest.raises(DataError, match=r"vocabulary=2 leaves no word .* at least 3"):
        whole(file, vocabulary=2)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("a front wheel.", ["a", "front", "wheel", "."]),
        ("(e-mail)—don't!?", ["(", "e-mail)—don't", "!", "?"]),
        ("$3.50 ... _", ["$", "3.50", ".", ".", ".", "_"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("cafe\u0301 caf\u00e9", ["caf\u00e9", "caf\u00e9"]),
    ],
)
def test_marks_around_a_word_are_words_and_those_within_are_not(line, words):
    assert text.words_of(line) == words


@pytest.mark.parametrize(("too_long", "kept", "said"), [("drop", 1, "left out"), ("cut", 3, "cut")])
def test_longer_sentences_are_counted_and_dropped_or_cut(tmp_path, too_long, kept, said):
    file = write(tmp_path / "a.txt", ["a b", "a b c", "a b c d"])
    with pytest.warns(UserWarning, match=f"^2 of 3 sentences .* length=2 words and were {said}"):
        data, tokens = whole(file, length=2, too_long=too_long)
    assert data.image_shape == (2,) and tokens == [[2, 3]] * kept
    assert data.words[2:] == ("a", "b")  # what was cut off is not in the vocabulary


def test_a_longer_length_is_filled_with_the_end(tmp_path):
    assert whole(write(tmp_path / "a.txt", ["a b"]), length=4)[1] == [[2, 3, 0, 0]]


def test_equal_sentences_share_a_split_that_only_their_words_choose(tmp_path):
    lines = [f"number {i}" for i in range(200)]
    once = load(write(tmp_path / "a.txt", lines), batch_size=1)
    twice = load(write(tmp_path / "b.txt", [f"  {x}\t" for x in lines[::-1]] * 2), batch_size=1)
    for split in SPLITS:
        expected = sum(split_of(line) == split for line in lines)
        assert once.sizes[split] == expected > 5
        assert twice.sizes[split] == 2 * expected
    known = set(once.words)
    held_out = {line.split()[1] for line in lines if split_of(line) != "train"}
    assert not known & held_out  # the vocabulary is of the training split alone
    assert {1} == {row[1] for row in rows(once, "test")}


def test_a_folder_has_a_file_for_each_split(tmp_path):
    write(tmp_path / "train.txt", ["a a", "b"])
    write(tmp_path / "val.txt", ["b c"])
    write(tmp_path / "test.txt", ["a", "b b"])
    write(tmp_path / "notes.txt", ["not of the data"])
    data = load(tmp_path, batch_size=1)
    assert data.sizes == {"train": 2, "validation": 1, "test": 2}
    assert sorted(rows(data)) == [[2, 2], [3, 0]]
    assert rows(data, "validation") == [[3, 1]] and rows(data, "test") == [[2, 0], [3, 3]]


def test_what_a_folder_lacks_is_taken_out_of_its_training_file(tmp_path):
    lines = [f"number {i}" for i in range(100)]
    write(tmp_path / "train.txt", lines)
    write(tmp_path / "test.txt", ["number one"])
    data = load(tmp_path, batch_size=1, layout="text")
    expected = sum(split_of(line, test=0.0) == "validation" for line in lines)
    assert data.sizes == {"train": 100 - expected, "validation": expected, "test": 1}


def test_a_limit_chooses_by_the_sentence(tmp_path):
    lines = [f"number {i}" for i in range(300)]
    first = load(write(tmp_path / "a.txt", lines), batch_size=1, limit=10)
    second = load(write(tmp_path / "b.txt", lines[::-1]), batch_size=1, limit=10)
    assert first.sizes == {"train": 10, "validation": 10, "test": 10}

    def texts(data):
        return {" ".join(data.words[t] for t in row) for row in rows(data)}

    assert texts(first) == texts(second)
    assert len(first.words) == 13  # <end>, <unknown>, number, and ten numbers


def test_windows_files_are_read_as_well(tmp_path):
    (tmp_path / "a.txt").write_bytes("\ufeffa b\r\na c\r\n".encode())
    assert whole(tmp_path / "a.txt")[0].words[2:] == ("a", "b", "c")


def test_what_cannot_be_read_is_said_in_one_line(tmp_path, monkeypatch):
    (tmp_path / "a.txt").write_bytes(b"fine\n\xff\xfe\n")
    with pytest.raises(DataError, match="line 2, is not UTF-8"):
        load(tmp_path / "a.txt")
    empty = write(tmp_path / "b.txt", ["", "  "])
    with pytest.raises(DataError, match="is empty: write a sentence a line"):
        load(empty)
    long = write(tmp_path / "c.txt", ["a b c"] * 3)
    with (
        pytest.warns(UserWarning, match="left out"),
        pytest.raises(DataError, match="no sentences to train on"),
    ):
        load(long, length=2)
    with pytest.raises(DataError, match="no folder or file"):
        load(tmp_path / "gone" / "d.txt")
    write(tmp_path / "test.txt", ["a"])
    with pytest.raises(DataError, match=r"has no train\.txt"):
        load(tmp_path, layout="text")
    write(tmp_path / "train.txt", ["a"])
    write(tmp_path / "val.txt", ["a"])
    write(tmp_path / "valid.txt", ["a"])
    with pytest.raises(DataError, match="are both validation data"):
        load(tmp_path, layout="text")
    monkeypatch.setattr(strands, "IN_MEMORY", 8)
    with pytest.raises(DataError, match="do not fit into memory: pass a length or a limit"):
        load(long)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"image_size": 8}, "is text and no image: leave image_size"),
        ({"sample_rate": 8000}, "is text and no image: leave sample_rate"),
        ({"layout": "labelled"}, "is for images and sounds"),
        ({"too_long": "wrap"}, "too_long='wrap': choose from drop, cut"),
        ({"vocabulary": 0}, "vocabulary=0: pass a whole number"),
        ({"minimum_count": None}, "minimum_count=None: pass a whole number"),
    ],
)
def test_settings_of_other_data_are_refused(tmp_path, options, said):
    with pytest.raises(DataError, match=said):
        load(write(tmp_path / "a.txt", ["a b"]), **options)


@pytest.mark.parametrize("name", ["glyphs", "ring", "tones", "grammar"])
def test_other_data_refuse_the_settings_of_texts(name):
    with pytest.raises(DataError, match="is no text file: leave too_long='cut' out"):
        load(name, too_long="cut")


def test_a_folder_of_pictures_may_have_lists_beside_them(tmp_path):
    from PIL import Image

    for number in range(4):
        Image.new("L", (8, 8), number).save(tmp_path / f"{number}.png")
    write(tmp_path / "train.txt", ["0.png", "1.png"])
    assert load(tmp_path, batch_size=1, validation=0.0, test=0.0).layout == "images"
