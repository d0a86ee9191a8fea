"""The commands evaluate, compare and report."""

# ruff: noqa: F811  fixtures of other test modules are imported by name

import json
import subprocess
import sys
import textwrap

import pytest

from kgen import cli
from kgen.metrics.registry import listing, markdown
from kgen.run_folder import RunFolder
from kgen.version import __version__
from tests.report.conftest import append, make_run, score  # noqa: F401  a fixture
from tests.test_cli import ENVIRONMENT, folder, kgen_command, one_line  # noqa: F401
from tests.test_run_measured import place  # noqa: F401


def test_evaluate_prints_a_line_a_score_and_keeps_them(kgen_command, place):
    scores = RunFolder(place / "run").scores
    before = scores.read_text()
    code, out, err = kgen_command("evaluate", str(place / "run"), "--metrics", "fd,pr", "--n", "12")
    assert code == 0 and err == ""
    lines = out.splitlines()
    assert [line.split()[0] for line in lines] == ["fd", "precision", "recall", "nearest_train"]
    for line in lines:
        assert " | glyphs/letters test | 12 real, 12 fake | seed 1" in line
        assert line.endswith(" | last model, epoch 3")
    assert scores.read_text().startswith(before)
    assert len(scores.read_text().splitlines()) == len(before.splitlines()) + 4


def test_evaluate_as_json(kgen_command, place):
    arguments = [
        "--metrics",
        "fd",
        "-n",
        "12",
        "--seed",
        "7",
        "--split",
        "validation",
        "--no-nearest",
        "--best",
        "--json",
    ]
    code, out, _ = kgen_command("evaluate", str(place / "run"), *arguments)
    (line,) = out.splitlines()
    assert code == 0
    record = json.loads(line)
    assert record == json.loads(RunFolder(place / "run").scores.read_text().splitlines()[-1])
    assert (record["metric"], record["split"], record["seed"]) == ("fd", "validation", 7)
    assert record["model"] == "best"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("evaluate nowhere", "nowhere holds no run"),
        ("evaluate RUN --metrics fidd", "there is no metric 'fidd': did you mean 'fid'?"),
        ("evaluate RUN --metrics label_accuracy", "DCGAN draws no classes"),
        ("evaluate RUN --metrics linear_probe", "is loaded as 'images'"),
        ("evaluate RUN --metrics fid", "fid"),
        ("evaluate RUN --split holdout", "holdout"),
        ("evaluate RUN --features nonsense --metrics fd", "nonsense"),
        ("evaluate RUN --features auto --inception x.pb", "give --features or --inception"),
        ("evaluate RUN --inception x.pb", "there is no file x.pb"),
        ("evaluate RUN --n 0", "Invalid value for '-n' / '--n'"),
        ("evaluate RUN --n many", "Invalid value for '-n' / '--n'"),
        ("evaluate RUN --seed -1", "Invalid value for '--seed'"),
        ("evaluate", "Missing argument"),
        ("evaluate RUN RUN", "kgen evaluate --help shows what it takes"),
        ("compare RUN", "give two or more run folders to compare"),
        ("compare RUN nowhere", "nowhere holds no run"),
        ("compare", "Missing argument"),
        ("compare RUN OTHER -o table.pdf", "table.pdf: end the name in .csv or .html or .md"),
        ("compare RUN OTHER -o taken.md", "taken.md exists: give another name, or --force"),
        ("report nowhere", "nowhere holds no run"),
        ("report RUN -o taken.html", "taken.html exists: give another name, or --force"),
        ("report RUN -o page.txt", "page.txt: end the name in .html"),
        ("report RUN --nonsense", "No such option: --nonsense"),
        ("report", "Missing argument"),
    ],
)
def test_what_is_wrong_is_one_line_and_2(arguments, said, kgen_command, folder, place, make_run):
    other = make_run("other")
    for name in ("taken.md", "taken.html"):
        (folder / name).write_text("mine")
    before = (place / "run" / "scores.jsonl").read_bytes()
    words = {"RUN": str(place / "run"), "OTHER": str(other)}
    code, out, err = kgen_command(*(words.get(word, word) for word in arguments.split()))
    assert code == 2 and out == ""
    assert said in one_line(err)
    assert (place / "run" / "scores.jsonl").read_bytes() == before
    assert (folder / "taken.md").read_text() == (folder / "taken.html").read_text() == "mine"


def test_compare_prints_the_table_and_writes_it(kgen_command, folder, make_run):
    a, b = make_run("a"), make_run("b", start=40.0)
    append(a, (3, score(value=9.0, split="test")))
    append(b, (3, score(value=7.0, split="test")))
    code, out, err = kgen_command("compare", str(a), str(b), "-o", "table.html")
    assert code == 0 and err == ""
    assert [line.split()[:2] for line in out.splitlines()[1:3]] == [["a", "9"], ["b", "7"]]
    assert out.splitlines()[2].split()[2] == "*" and out.endswith("table.html\n")
    first = (folder / "table.html").read_text()
    assert "<mark>7</mark>" in first

    append(b, (3, score(value=11.0, split="test")))
    code, *_ = kgen_command("compare", str(a), str(b), "-o", "table.html", "--force")
    assert code == 0 and "<mark>9</mark>" in (folder / "table.html").read_text()


def test_report_makes_the_page_anew(kgen_command, folder, make_run):
    run = make_run()
    code, out, _ = kgen_command("report", str(run))
    assert code == 0 and out == f"{run / 'report.html'}\n"
    append(run, (3, score(value=0.125, split="test")))
    assert kgen_command("report", str(run))[0] == 0
    assert "0.125" in (run / "report.html").read_text()
    assert kgen_command("report", str(run), "-o", "page.html")[0] == 0
    assert (folder / "page.html").read_bytes() == (run / "report.html").read_bytes()


def test_metrics_are_listed(kgen_command):
    code, out, err = kgen_command("metrics")
    assert code == 0 and err == "" and out == listing() + "\n"
    assert kgen_command("metrics", "--markdown") == (0, markdown(), "")


def test_the_default_seed_is_shown(kgen_command):
    _, out, _ = kgen_command("evaluate", "--help")
    assert "[default: 1]" in out.partition("--seed")[2].partition("--data-dir")[0]


def test_version(kgen_command):
    assert kgen_command("--version") == (0, f"kgen {__version__}\n", "")


def test_pages_need_neither_keras_nor_tensorflow(make_run):
    a, b = make_run("a"), make_run("b")
    code = textwrap.dedent("""
        import sys
        sys.argv[0] = "kgen"
        from kgen.cli import main
        for arguments in (["report", sys.argv[1]], ["compare", *sys.argv[1:]], ["metrics"]):
            try:
                main(arguments)
            except SystemExit as ended:
                assert not ended.code, ended.code
        heavy = {"tensorflow", "keras", "matplotlib", "scipy", "sklearn"} & set(sys.modules)
        assert not heavy, heavy
    """)
    done = subprocess.run(
        [sys.executable, "-c", code, str(a), str(b)], env=ENVIRONMENT, capture_output=True
    )
    assert done.returncode == 0, done.stderr


def test_the_commands_are_those_of_the_help(kgen_command):
    _, out, _ = kgen_command("--help")
    commands = cli.app.registered_commands
    names = {command.name or command.callback.__name__ for command in commands}
    assert names == {
        "list", "train", "sample", "export", "evaluate", "compare", "report", "metrics",
        "translate",
    }  # fmt: skip
    groups = {group.name for group in cli.app.registered_groups}
    assert groups == {"data", "explore"}
    assert all(name in out for name in names | groups)
