import json
import threading

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
    assert [(one.epoch, one.score.value) for one in read_scores(path)] == [
        (1, 1.0), (1, 2.0), (1, 3.0), (1, 4.0), (2, 3.0), (2, 4.0), (3, 3.0), (3, 4.0),
    ]  # fmt: skip
    assert drop_unseen(path, 0) == 2


def test_lines_that_others_wrote_stay_as_they_are(path):
    path.parent.mkdir()
    mine = '{ "epoch": 1,  "metric": "fd", "value": 1, "by": "hand" }'
    path.write_text(f"{mine}\n\n")
    append_scores(path, [score(2.0)], 2)
    assert path.read_text() == f'{mine}\n\n{{"metric": "fd", "value": 2.0, "epoch": 2}}\n'


@pytest.mark.parametrize(
    "line",
    ['{"metric": "f\n', "7", "[]", "{}", '{"metric": "fd", "value": 1}', '{"epoch": 1}\n'],
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


def test_a_last_line_cut_short_is_no_score_and_is_replaced(path):
    """As a crash leaves it: the file ends within a record."""
    append_scores(path, [score(1.0), score(2.0)], 3)
    whole = path.read_bytes()
    for torn in (b"{", b'{"metric": "fd", "va', b'{"metric": "fd", "value": 3.0, "epoch": 3'):
        path.write_bytes(whole + torn)
        assert [one.score.value for one in read_scores(path)] == [1.0, 2.0]
        assert path.read_bytes() == whole + torn  # reading changes nothing
        append_scores(path, [score(4.0)], 4)
        assert [one.score.value for one in read_scores(path)] == [1.0, 2.0, 4.0]
        assert path.read_bytes().startswith(whole + b'{"metric": "fd", "value": 4.0')
    path.write_bytes(whole + b'{"metric": "fd", "value": 5.0, "epoch": 5}')  # lacks its end only
    append_scores(path, [score(6.0)], 6)
    assert [one.score.value for one in read_scores(path)] == [1.0, 2.0, 5.0, 6.0]


def test_several_writers_lose_nothing(path):
    """Each thread opens the file anew, as another process would."""
    append_scores(path, [score(0.0, "validation")], 9, while_training=True)
    start = threading.Barrier(5)

    def add(number):
        start.wait()
        for row in range(20):
            append_scores(path, [score(float(number)), score(float(row))], row)

    def drop():
        start.wait()
        drop_unseen(path, 1)

    threads = [threading.Thread(target=add, args=(number,)) for number in range(4)]
    threads.append(threading.Thread(target=drop))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = read_scores(path)
    assert len(rows) == 4 * 20 * 2 and not any(row.while_training for row in rows)
    assert [file.name for file in path.parent.iterdir()] == [path.name]  # nor any file of theirs


def test_which_model_was_measured(path):
    append_scores(path, [score(1.0, "test")], 3, model="best")
    append_scores(path, [score(1.0, "validation")], 4, while_training=True)
    best, training = read_scores(path)
    assert (best.model, best.which) == ("best", "best model, epoch 3")
    assert (training.model, training.which) == (None, "epoch 4")
    assert "model" not in json.loads(path.read_text().splitlines()[1])
