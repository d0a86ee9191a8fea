import json

import pytest

from kgen.errors import CheckpointError
from kgen.metrics.score import Score
from kgen.scores_file import Measured, append_scores, drop_unseen, read_scores


def score(value, split=None):
    return Score(metric="fd", value=value, split=split)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run" / "scores.jsonl"


def test_a_line_a_score(path):
    assert read_scores(path) == []
    append_scores(path, [score(1.5, "validation")], 2, while_training=True)
    append_scores(path, [score(2.5, "test"), score(3.5)], 3)
    assert [json.loads(line) for line in path.read_text().splitlines()] == [
        {
            "metric": "fd", "value": 1.5, "split": "validation",
            "epoch": 2, "while_training": True,
        },
        {"metric": "fd", "value": 2.5, "split": "test", "epoch": 3},
        {"metric": "fd", "value": 3.5, "epoch": 3},
    ]  # fmt: skip
    assert read_scores(path) == [
        Measured(2, score(1.5, "validation"), True),
        Measured(3, score(2.5, "test")),
        Measured(3, score(3.5)),
    ]


@pytest.mark.parametrize(
    ("split", "while_training", "reported"),
    [
        ("test", False, True),
        (None, False, True),  # of no data, such as the path length
        (None, True, False),
        ("validation", True, False),
        ("validation", False, False),
        ("train", False, False),
    ],
)
def test_what_speaks_of_the_trained_model(split, while_training, reported):
    assert Measured(1, score(1.0, split), while_training).reported is reported


def test_only_a_training_s_own_later_scores_are_dropped(path):
    for epoch in (1, 2, 3):
        append_scores(path, [score(1.0, "validation"), score(2.0)], epoch, while_training=True)
        append_scores(path, [score(3.0, "validation"), score(4.0, "test")], epoch)
    before = path.read_bytes()
    assert drop_unseen(path, 3) == 0 and path.read_bytes() == before
    assert drop_unseen(path, 1) == 4
    assert [(epoch, one.value) for epoch, one, _ in read_scores(path)] == [
        (1, 1.0), (1, 2.0), (1, 3.0), (1, 4.0), (2, 3.0), (2, 4.0), (3, 3.0), (3, 4.0),
    ]  # fmt: skip
    assert drop_unseen(path, 0) == 2


def test_lines_that_others_wrote_stay_as_they_are(path):
    path.parent.mkdir()
    mine = '{ "epoch": 1,  "metric": "fd", "value": 1, "by": "hand" }'
    path.write_text(f"{mine}\n\n")
    append_scores(path, [score(2.0)], 2)
    assert path.read_text().splitlines() == [mine, '{"metric": "fd", "value": 2.0, "epoch": 2}']


@pytest.mark.parametrize(
    "line", ['{"metric": "f', "7", "[]", "{}", '{"metric": "fd", "value": 1}', '{"epoch": 1}']
)
def test_a_line_that_is_no_score_is_named_and_nothing_is_lost(path, line):
    append_scores(path, [score(1.0)], 3)
    with open(path, "a") as file:
        file.write(line)
    before = path.read_bytes()
    for use in (
        read_scores,
        lambda path: append_scores(path, [score(2.0)], 4),
        lambda path: drop_unseen(path, 0),
    ):
        with pytest.raises(CheckpointError, match=r"scores\.jsonl, line 2 is no score"):
            use(path)
    assert path.read_bytes() == before
