import json
import shutil
import subprocess
from pathlib import Path

import pytest

from kgen import report
from kgen.errors import CheckpointError, RecipeError
from kgen.report import page
from kgen.report.record import typed
from kgen.scores_file import append_scores
from tests.report.conftest import append, score
from tests.report.test_html import parse

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")


def page_of(folder):
    return report.write(folder).read_text(encoding="utf-8")


def test_the_page_says_what_the_folder_holds(make_run):
    folder = make_run(epochs=3)
    append(folder, (3, score("kd", 0.5, "test", deviation=0.25, n_fake=10_000, seed=1)))
    path = report.write(folder)
    assert path == folder / "report.html"
    parsed = parse(path.read_text(encoding="utf-8"))
    for text in (
        "DCGAN draws letters",  # the recipe's first line
        "finished", "3 of 3 epochs", "1 min 32 s", "Some CPU, 2 cores", "tensorflow 2.21.0",
        "0.5\u00a0±\u00a00.25", "toy(8x8) [0123456789ab], none | glyphs/letters test | 200 real",
        "10,000 fake, seed 1", "35 after epoch 3", "kgen train dcgan_glyphs --set width=32",
        "keras", "3.15.1", "2025-01-01 10:00:00", "1 to 3",
    ):  # fmt: skip
        assert text in parsed.text, text
    images = [attributes["alt"] for name, attributes in parsed.seen if name == "img"]
    assert images == [f"samples after epoch {epoch}" for epoch in range(4)]
    charts = [a["aria-label"] for n, a in parsed.seen if a.get("class") == "chart"]
    assert [text.partition(" by epoch")[0] for text in charts] == ["fd", "loss"]
    assert "validation: 45 at epoch 1, 35 at epoch 3" in charts[0]
    assert "training: 1 at epoch 1, 0.3333 at epoch 3" in charts[1]
    assert "validation: 2 at epoch 1, 0.6667 at epoch 3" in charts[1]


def test_nothing_of_the_user_s_is_taken_for_html(make_run):
    evil = "<script>alert(1)</script>"
    folder = make_run(
        options={"data": evil, "epochs": 1}, changed={"data": evil}, recipe=evil,
        versions={"tensorflow": evil},
    )  # fmt: skip
    (folder / "summary.json").write_text(json.dumps({"skipped": [evil], "test": {evil: 1.0}}))
    append(folder, (1, score(evil, 1.0, "test", features=evil, reference=evil, notes=(evil,))))
    append(folder, (1, score(evil, 1.0, features=evil)))
    (folder / "samples").rename(folder / "<i>")
    text = page_of(folder)
    parsed = parse(text)
    assert evil not in text and parsed.text.count(evil) >= 8
    assert [name for name, _ in parsed.seen].count("script") == 1  # ours
    assert "i" not in [name for name, _ in parsed.seen] and "<i>" in parsed.text


def test_scores_of_no_data_are_told_apart_by_when_they_were_taken(make_run):
    folder = make_run(epochs=2)
    path = folder / "scores.jsonl"
    smooth = {"split": None, "reference": None, "n_real": None, "better": "higher"}
    for epoch, value in ((1, 0.125), (2, 0.25)):
        append_scores(path, [score("smooth", value, **smooth)], epoch, while_training=True)
    parsed = parse(page_of(folder))
    reported, _, training = parsed.text.partition("During training")
    assert "Not yet measured" in reported and "smooth" not in reported
    assert "0.25 after epoch 2" in training and "smooth by epoch" in page_of(folder)
    append_scores(path, [score("smooth", 0.75, seed=1, **smooth)], 2)
    reported = parse(page_of(folder)).text.partition("During training")[0]
    assert "0.75" in reported and "0.25" not in reported and "Not yet" not in reported


def test_an_unfinished_run_and_an_empty_one(make_run, tmp_path):
    parsed = parse(page_of(make_run("part", epochs=2, finished=False, options={"epochs": 9})))
    assert "not finished" in parsed.text and "2 of 9 epochs" in parsed.text
    assert "kgen evaluate" in parsed.text

    folder = tmp_path / "empty"
    folder.mkdir()
    config = {"recipe": "gone", "recipe_file": "/nowhere/gone.py", "smoke": True, "options": {},
              "versions": {}}  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))
    parsed = parse(page_of(folder))
    assert "0 epochs" in parsed.text and "A smoke run" in parsed.text
    assert "kgen train gone.py --smoke" in parsed.text
    assert not {"img", "svg"} & {name for name, _ in parsed.seen}


def test_which_model_was_measured_and_what_is_to_be_known_of_it(make_run):
    """Notes stand beside their value: they make no table of their own."""
    folder = make_run()
    noted = score(value=9.0, split="test", notes=("few images",), details={"real": 0.5})
    append_scores(folder / "scores.jsonl", [noted, score("kd", 1.0, "test")], 2, model="best")
    parsed = parse(page_of(folder))
    assert "fdlower is better9real 0.5, few imagesbest model, epoch 2" in parsed.text
    captions = [a["aria-label"] for _, a in parsed.seen if "glyphs/letters test" in str(a)]
    assert len(captions) == 1


def test_what_cannot_be_read_is_named(make_run, tmp_path):
    with pytest.raises(RecipeError, match=r"nothing holds no run: it has no config\.json"):
        report.write(tmp_path / "nothing")
    folder = make_run()
    (folder / "scores.jsonl").write_text(
        '{"metric": "fd", "value": 1, "epoch": 1}\n{"metric": "f\n'
    )
    with pytest.raises(CheckpointError, match=r"scores\.jsonl, line 2 is no score"):
        report.write(folder)
    (folder / "scores.jsonl").unlink()
    (folder / "history.csv").write_text("epoch,loss\n1,many\n")
    with pytest.raises(CheckpointError, match=r"history\.csv cannot be read"):
        report.write(folder)
    assert not (folder / "report.html").exists()


def test_only_its_own_page_is_replaced(make_run, tmp_path):
    folder = make_run()
    report.write(folder)
    report.write(folder)  # derived from the folder, so made anew
    mine = tmp_path / "mine.html"
    mine.write_text("years of work")
    with pytest.raises(RecipeError, match="exists: give another name, or --force"):
        report.write(folder, mine)
    assert mine.read_text() == "years of work"
    report.write(folder, mine, force=True)
    assert mine.read_text(encoding="utf-8") == (folder / "report.html").read_text(encoding="utf-8")
    with pytest.raises(RecipeError, match=r"page\.pdf: end the name in \.html"):
        report.write(folder, tmp_path / "page.pdf")


def test_a_page_keeps_its_size_over_many_epochs(make_run, monkeypatch):
    monkeypatch.setattr(page, "MOST_ROWS", 20)
    folder = make_run(epochs=60)
    skipped = [f"broken{i}.png: no picture" for i in range(1500)]
    (folder / "summary.json").write_text(json.dumps({"skipped": skipped}))
    text = page_of(folder)
    assert "1,500 files left out" in text and "and 1,480 more, named in summary.json" in text
    assert "broken19.png" in text and "broken20.png" not in text
    assert text.count("<img") == 40 and "40 of 61 epochs are embedded here" in text
    rows = text.partition("20 of 60 rows")[2].partition("</table>")[0]
    assert rows.count("<tr>") == 21 and ">60</th>" in rows


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "none"),
        (True, "True"),
        ((), "()"),
        ([1], "(1,)"),
        (["a", "b"], "a,b"),
        ("a b", "a b"),
    ],
)
def test_options_as_they_are_typed(value, text):
    assert typed(value) == text


DRIVE = """
<script>
const said = [];
const range = document.querySelector("input");
range.value = 1;
range.dispatchEvent(new Event("input"));
said.push([...document.querySelectorAll(".film img")].map((image) => image.hidden).join());
said.push(range.getAttribute("aria-valuetext"));
const chart = document.querySelector(".chart");
const press = (key) => chart.dispatchEvent(new KeyboardEvent("keydown", { key }));
press("Home"); press("ArrowRight");
said.push(chart.parentElement.querySelector(".readout").textContent);
said.push(chart.querySelector(".cursor").getAttribute("x1"));
said.push(document.documentElement.scrollWidth <= window.innerWidth);
document.title = said.join("|");
</script></body>"""


@pytest.mark.skipif(not BROWSER, reason="needs Chromium")
def test_a_real_browser_winds_the_film_and_reads_the_curve(make_run, tmp_path):
    text = page_of(make_run(epochs=3)).replace("</body>", DRIVE)
    (tmp_path / "driven.html").write_text(text, encoding="utf-8")
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--window-size=500,900",
               f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom",
               (tmp_path / "driven.html").as_uri()]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if not done.stdout:
        pytest.skip(f"the browser does not start here: {done.stderr.splitlines()[-1:]}")
    title = done.stdout.partition("<title>")[2].partition("</title>")[0]
    # The second picture alone is shown; the second of three epochs lies half-way.
    assert title == "true,false,true,true|epoch 1|epoch 2: 40|230|true"


def test_the_wheel_ships_the_sheet_and_the_script():
    root = Path(__file__).parents[2]
    text = (root / "setup.cfg").read_text()
    for name in ("page.css", "page.js"):
        assert (root / "kgen" / "report" / name).is_file() and name in text
