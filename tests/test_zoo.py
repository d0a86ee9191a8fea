import json

import pytest
from PIL import Image

from kgen import recipe, zoo
from kgen.errors import RecipeError
from kgen.scores_file import append_scores
from tests.report.conftest import append, make_run, score  # noqa: F401  a fixture


@pytest.fixture
def place(tmp_path):
    """A folder `docs/` of its own."""
    place = tmp_path / "docs"
    place.mkdir()
    return place


def test_the_page_is_not_stale():
    kept = (zoo.docs() / "zoo.md").read_text(encoding="utf-8")
    assert kept == zoo.page(zoo.docs()), "write it anew: python -m kgen.zoo"


def test_the_pictures_of_the_page_are_there():
    for path in (zoo.docs() / "results").glob("*.json"):
        picture = json.loads(path.read_text())["picture"]
        assert picture is None or (zoo.docs() / picture).is_file()


def test_every_recipe_is_on_the_page(place):
    text = zoo.page(place)
    for name in recipe.names():
        assert f"| `{name}` | {recipe.find(name).summary} |" in text


def test_a_result_is_kept_and_shown(place, make_run):  # noqa: F811
    run = make_run("letters", epochs=3)
    append(run, (2, score(value=9.0, split="test", seed=1)))
    append(run, (3, score(value=8.0, split="test", seed=1)))
    append(run, (3, score("kd", 0.5, "test", deviation=0.25, n_fake=10_000)))
    chosen_by = score("smooth", 0.5, None, reference=None, n_real=None)
    append_scores(run / "scores.jsonl", [chosen_by], 3, while_training=True)
    path = zoo.add(run, place)
    assert path == place / "results" / "letters.json"
    result = json.loads(path.read_text())
    assert [(s["metric"], s["value"], s["epoch"]) for s in result["scores"]] == [
        ("fd", 8.0, 3), ("kd", 0.5, 3),
    ]  # fmt: skip
    assert (result["seconds"], result["machine"]) == (92, "Some CPU, 2 cores")
    with (
        Image.open(place / result["picture"]) as kept,
        Image.open(run / "samples" / "epoch_0003.png") as drawn,
    ):
        assert kept.tobytes() == drawn.tobytes()

    text = zoo.page(place)
    section = text.partition("## dcgan_glyphs")[2].partition("\n## ")[0]
    for line in (
        "![what letters draws](images/zoo/letters.png)",
        "kgen train dcgan_glyphs --set width=32",
        "3 epochs, 1 min 32 s, Some CPU, 2 cores, tensorflow 2.21.0.",
        "Losses on the test split: loss 0.75.",
        "| fd ↓ | 8 | 3 | toy(8x8) [0123456789ab], none \\| glyphs/letters test \\| "
        "200 real, 100 fake \\| seed 1 |",
        "| kd ↓ | 0.5 ± 0.25 | 3 |",
    ):
        assert line in section, line
    assert "| `dcgan_glyphs`" not in text  # no longer among those without a result
    assert "/tmp" not in path.read_text()  # nor does it say where it was trained


def test_two_results_of_a_recipe_stand_beside_each_other(place, make_run):  # noqa: F811
    for name in ("plain", "averaged"):
        run = make_run(name)
        append(run, (3, score(value=8.0, split="test")))
        zoo.add(run, place)
    section = zoo.page(place).partition("## dcgan_glyphs")[2].partition("\n## ")[0]
    assert section.index("### averaged") < section.index("### plain")


def test_only_whole_measured_runs_are_kept(place, make_run):  # noqa: F811
    for name, changes, said in [
        ("part", {"finished": False}, "smoke run or not finished"),
        ("smoke", {"smoke": True}, "smoke run or not finished"),
        ("own", {"recipe_file": "own.py"}, "a recipe of your own"),
    ]:
        with pytest.raises(RecipeError, match=said):
            zoo.add(make_run(name, **changes), place)
    run = make_run("unmeasured")
    summary = json.loads((run / "summary.json").read_text())
    (run / "summary.json").write_text(json.dumps(summary | {"test": {}}))
    with pytest.raises(RecipeError, match="not measured on the test split"):
        zoo.add(run, place)
    assert list(place.iterdir()) == []

    append(run, (3, score(value=8.0, split="test")))
    path = zoo.add(run, place)
    before = path.read_text()
    append(run, (3, score(value=1.0, split="test")))
    with pytest.raises(RecipeError, match="exists: --force replaces it"):
        zoo.add(run, place)
    assert path.read_text() == before
    zoo.add(run, place, force=True)
    assert path.read_text() != before


def test_a_broken_result_is_named(place):
    (place / "results").mkdir()
    for text in ("{", '{"recipe": "gone"}', "[]"):
        (place / "results" / "bad.json").write_text(text)
        with pytest.raises(RecipeError, match=r"bad\.json is no result|no recipe 'gone'"):
            zoo.page(place)


def test_the_command(place, make_run, monkeypatch, capsys):  # noqa: F811
    monkeypatch.setattr(zoo, "docs", lambda: place)
    run = make_run("letters")
    append(run, (3, score(value=8.0, split="test")))
    assert zoo.main(["add", str(run)]) == 0
    assert capsys.readouterr().out.split() == [
        str(place / "results" / "letters.json"), str(place / "zoo.md"),
    ]  # fmt: skip
    assert (place / "zoo.md").read_text(encoding="utf-8") == zoo.page(place)
    before = (place / "zoo.md").read_bytes()
    assert zoo.main(["add", str(run)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("kgen.zoo: ") and error.count("\n") == 1
    assert (place / "zoo.md").read_bytes() == before
    assert zoo.main([]) == 0
