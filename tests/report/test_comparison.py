import csv
import io
import json

import pytest

from kgen import report
from kgen.errors import RecipeError
from kgen.metrics.score import Score
from kgen.scores_file import append_scores
from tests.report.conftest import append, score
from tests.report.test_html import parse


@pytest.fixture
def runs(make_run):
    """Three runs: two measured alike, the third with fewer samples."""
    first, second, third = make_run("first"), make_run("second"), make_run("third", epochs=2)
    append(first, (3, score(value=9.0, split="test")))
    append(first, (3, score("recall", 0.4, "test", better="higher")))
    append(second, (3, score(value=7.0, split="test", seed=5)))
    append(second, (3, score("recall", 0.6, "test", better="higher", deviation=0.125)))
    append(third, (2, score(value=1.0, split="test", n_fake=50)))
    return first, second, third


def test_only_one_protocol_shares_a_column(runs):
    comparison = report.compare(runs)
    columns = [
        (c.metric, [cell.score.value if cell else None for cell in c.cells], c.winners)
        for c in comparison.columns
    ]
    assert columns == [
        ("fd", [9.0, 7.0, None], {1}),  # another seed is no other protocol
        ("fd", [None, None, 1.0], set()),  # 1 is no victory over 7: nobody else ran so
        ("recall", [0.4, 0.6, None], {1}),
    ]
    assert comparison.warnings == (
        "fd stands in 2 columns, since the protocols differ: n_fake 100 or 50",
    )


@pytest.mark.parametrize(
    "change",
    [
        {"features": "other"}, {"checksum": "f" * 12}, {"resize": "clean"}, {"n_real": 7},
        {"reference": "mnist"}, {"method": "of 8-bit levels"}, {"features": None},
    ],
)  # fmt: skip
def test_every_part_of_the_protocol_counts(make_run, change):
    a, b = make_run("a"), make_run("b")
    append(a, (3, score(value=9.0, split="test")))
    append(b, (3, score(value=9.0, split="test", **change)))
    assert len(report.compare([a, b]).columns) == 2
    append(b, (3, score(value=8.0, split="test")))
    assert len(report.compare([a, b]).columns) == 2
    assert [column.winners for column in report.compare([a, b]).columns] == [{1}, set()]


def test_what_splits_several_metrics_alike_is_said_once(runs):
    append(runs[2], (2, score("recall", 0.5, "test", better="higher", n_fake=50)))
    append(runs[2], (2, score("kd", 0.5, "test", n_fake=70)))
    append(runs[0], (2, score("kd", 0.5, "test")))
    assert report.compare(runs).warnings == (
        "fd, recall stand each in 2 columns, since the protocols differ: n_fake 100 or 50",
        "kd stands in 2 columns, since the protocols differ: n_fake 100 or 70",
    )


def test_notes_are_remarks_and_split_no_column(make_run):
    a, b = make_run("a"), make_run("b")
    few = ("legacy", "few images")
    append(a, (3, score(value=9.0, split="test", notes=few)))
    append(b, (3, score(value=7.0, split="test", notes=("legacy",))))
    append(b, (3, score("kd", 7.0, "test", notes=("legacy",))))
    comparison = report.compare([a, b])
    assert [(c.metric, c.winners) for c in comparison.columns] == [("fd", {1}), ("kd", set())]
    assert comparison.warnings == () and len(comparison.protocols()) == 1
    remarks = ["fd, kd: legacy", "fd of a: few images"]
    assert comparison.remarks() == remarks
    for text in (comparison.text(), comparison.markdown(), comparison.html()):
        assert all(remark in text for remark in remarks)


def test_which_model_was_measured_is_said(make_run):
    a, b = make_run("a"), make_run("b")
    best = score(value=9.0, split="test")
    append_scores(a / "scores.jsonl", [best], 2, model="best")
    append_scores(a / "scores.jsonl", [score("kd", 1.0, "test")], 3, model="last")
    append_scores(b / "scores.jsonl", [score(value=7.0, split="test")], 3, model="last")
    comparison = report.compare([a, b])
    said = ["best model, epoch 2", "last model, epoch 3"]
    assert [comparison.measured(place) for place in (0, 1)] == [said, said[1:]]
    assert "; ".join(said) in comparison.text() and "; ".join(said) in comparison.markdown()
    cells = parse(comparison.html()).text.replace("\u00a0", " ")
    assert "a9best model, epoch 2" in cells  # each by itself, where they differ
    assert "blast model, epoch 37best value" in cells  # else once for the run
    assert comparison.warnings == ("fd is of different kinds of models: best of a, last of b",)
    rows = list(csv.DictReader(io.StringIO(comparison.csv())))
    assert [(r["run"], r["model"], r["epoch"]) for r in rows] == [
        ("a", "best", "2"), ("a", "last", "3"), ("b", "last", "3"),
    ]  # fmt: skip


def test_what_chose_a_model_is_not_what_is_reported_of_it(make_run):
    a, b = make_run("a"), make_run("b")
    smooth = {"split": None, "reference": None, "n_real": None}
    for run, value in ((a, 1.0), (b, 2.0)):
        append_scores(run / "scores.jsonl", [score("smooth", value, **smooth)], 3, True)
        append_scores(run / "scores.jsonl", [score("smooth", value + 5, **smooth)], 3)
        append_scores(run / "scores.jsonl", [score("fd", value, "validation")], 3)
    (column,) = report.compare([a, b]).columns
    assert column.metric == "smooth" and column.winners == {0}
    assert [cell.score.value for cell in column.cells] == [6.0, 7.0]


def test_the_last_measurement_counts_and_not_the_best(make_run):
    a, b = make_run("a"), make_run("b")
    append(a, (3, score(value=1.0, split="test")), (3, score(value=5.0, split="test")))
    append(b, (3, score(value=4.0, split="test")))
    (column,) = report.compare([a, b]).columns
    assert [cell.score.value for cell in column.cells] == [5.0, 4.0] and column.winners == {1}


@pytest.mark.parametrize(
    ("better", "values", "winners"),
    [
        ("lower", [(2.0, None), (2.0, None), (3.0, None)], {0, 1}),
        ("lower", [(2.0, None), (2.0, None)], set()),  # nothing tells them apart
        ("higher", [(2.0, None), (3.0, None)], {1}),
        (None, [(2.0, None), (3.0, None)], set()),
        # 0.3 and 0.4 make 0.5: 2.5 is as good as 2, and 2.6 is not.
        ("lower", [(2.0, 0.3), (2.5, 0.4), (2.6, 0.4)], {0, 1}),
        ("lower", [(2.0, 0.3), (2.5, 0.4)], set()),
    ],
)
def test_winners(make_run, better, values, winners):
    runs = [make_run(f"run{place}") for place in range(len(values))]
    for run, (value, deviation) in zip(runs, values, strict=True):
        append(run, (3, score("x", value, "test", better=better, deviation=deviation)))
    (column,) = report.compare(runs).columns
    assert column.winners == winners


def test_what_was_not_tested_is_said(make_run):
    a, b = make_run("a"), make_run("b", finished=False, smoke=True)
    comparison = report.compare([a, b])
    assert [column.key[4] for column in comparison.columns] == ["validation"]
    assert comparison.warnings == (
        "these scores are not of the test split: kgen evaluate RUN measures on it",
        "b is not finished",
        "b is a smoke run, no result",
    )
    append(a, (3, score(value=2.0, split="test")))
    comparison = report.compare([a, b])
    assert [column.key[4] for column in comparison.columns] == ["test"]
    assert comparison.warnings[0].startswith("b has no score on the test split yet")


def test_runs_of_different_machines_are_said(make_run):
    a, b = make_run("a"), make_run("b")
    sessions = json.loads((b / "sessions.json").read_text())
    sessions["sessions"][0]["machine"]["processor"] = "Other CPU"
    (b / "sessions.json").write_text(json.dumps(sessions))
    assert report.compare([a, b]).warnings[-1] == (
        "times are of different machines and cannot be compared: "
        "Other CPU, 2 cores; Some CPU, 2 cores"
    )


def test_the_table_of_a_terminal(runs):
    assert report.compare(runs[:2]).text().splitlines() == [
        "run     fd ↓ [1]  recall ↑ [1]  model    epochs  time",
        "first   9         0.4           epoch 3  3       1 min 32 s",
        "second  7 *       0.6 ± 0.12 *  epoch 3  3       1 min 32 s",
        "[1] toy(8x8) [0123456789ab], none | glyphs/letters test | 200 real, 100 fake",
        "* best of its column, or within the deviations of the best",
    ]
    third = report.compare(runs).text().splitlines()[3]
    assert third.split() == ["third", "-", "1", "-", "epoch", "2", "2", "1", "min", "1", "s"]


def test_markdown(runs):
    lines = report.compare(runs).markdown().splitlines()
    assert lines[0] == "| run | fd ↓ [1] | fd ↓ [2] | recall ↑ [1] | model | epochs | time |"
    assert lines[1] == "| --- | --- | --- | --- | --- | --- | --- |"
    assert lines[2] == "| first | 9 | - | 0.4 | epoch 3 | 3 | 1 min 32 s |"
    assert lines[3] == "| second | **7** | - | **0.6 ± 0.12** | epoch 3 | 3 | 1 min 32 s |"
    assert lines[4] == "| third | - | 1 | - | epoch 2 | 2 | 1 min 1 s |"
    assert lines[6].startswith("- [1] toy(8x8) [0123456789ab], none \\| glyphs/letters test \\|")
    assert lines[-1].startswith("- fd stands in 2 columns")


def test_csv_is_long_and_loses_nothing(runs):
    """A row for each run, metric and protocol, from which the scores can be read again."""
    more = {"details": {"real": 0.25}, "notes": ("a, b", "c")}
    whole = score(value=1 / 3, split="test", **more)
    append(runs[0], (3, whole))
    rows = list(csv.DictReader(io.StringIO(report.compare(runs).csv())))
    named = [(row["run"], row["metric"], row["better"], row["n_fake"]) for row in rows]
    assert named == [
        ("first", "fd", "lower", "100"),
        ("first", "recall", "higher", "100"),
        ("second", "fd", "lower", "100"),
        ("second", "recall", "higher", "100"),
        ("third", "fd", "lower", "50"),
    ]
    (first, _, second, third, _) = rows
    assert float(first["value"]) == 1 / 3 and third["deviation"] == "0.125"
    assert (second["seed"], second["method"], second["deviation"]) == ("5", "", "")
    assert rows[4]["run_seconds"] == "61.0" and rows[4]["run_epochs"] == rows[4]["epoch"] == "2"
    numbers = {"n_real": int, "n_fake": int, "seed": int, "value": float}
    record = {name: numbers.get(name, str)(text) for name, text in first.items() if text}
    record |= {name: json.loads(first[name]) for name in ("notes", "details")}
    assert Score.from_json(record) == whole


def test_the_page(runs):
    text = report.compare(runs).html()
    parsed = parse(text)
    marked = text.split("<mark>")[1:]
    assert [part.partition("</mark>")[0] for part in marked] == ["7", "0.6\u00a0±\u00a00.12"]
    images = [attributes["alt"] for name, attributes in parsed.seen if name == "img"]
    assert images == [
        "samples of first after epoch 3", "samples of second after epoch 3",
        "samples of third after epoch 2",
    ]  # fmt: skip
    charts = [a["aria-label"] for _, a in parsed.seen if a.get("class") == "chart"]
    assert len(charts) == 2
    assert charts[0].startswith("fd by epoch. first: 45 at epoch 1, 35 at epoch 3")
    assert "third: 45 at epoch 1, 40 at epoch 2" in charts[0]
    assert "second, validation: 2 at epoch 1" in charts[1]
    assert "fd stands in 2 columns" in parsed.text
    assert text.count('class="warning"') == 1  # one list of them, not a box each
    options = parsed.text.partition("How they differ")[2]
    assert "epochs332" in options and "width" not in options  # only what differs


def test_runs_of_one_name_are_told_apart(make_run, tmp_path):
    a, b = make_run("one/run"), make_run("two/run")
    assert report.compare([a, b]).names == ("one/run", "two/run")
    assert report.compare([a, tmp_path / "one" / ".." / "two" / "run", b]).names == (
        "one/run", "two/run",
    )  # fmt: skip


def test_one_run_is_no_comparison(make_run):
    run = make_run()
    for given in ([run], [run, run], []):
        with pytest.raises(RecipeError, match="give two or more run folders"):
            report.compare(given)


def test_nothing_is_overwritten(runs, tmp_path):
    comparison = report.compare(runs)
    for name in ("table.html", "table.md", "table.csv"):
        path = tmp_path / name
        assert comparison.write(path) == path
        before = path.read_bytes()
        with pytest.raises(RecipeError, match="exists: give another name, or --force"):
            report.compare(runs[:2]).write(path)
        assert path.read_bytes() == before
        report.compare(runs[:2]).write(path, force=True)
        assert path.read_bytes() != before
    with pytest.raises(RecipeError, match=r"end the name in \.csv or \.html or \.md"):
        comparison.write(tmp_path / "table.txt")
    (tmp_path / "folder.md").mkdir()
    with pytest.raises(RecipeError, match="exists"):
        comparison.write(tmp_path / "folder.md", force=True)
