import csv
import inspect
from pathlib import Path
from typing import Literal

import pytest

import kgen
from kgen import recipe, run
from kgen.errors import RecipeError
from kgen.recipe import parse_value

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("name", recipe.names())
def test_smoke(name, tmp_path, monkeypatch):
    """Every recipe runs through in seconds on built-in data, and its export is the model."""
    monkeypatch.chdir(tmp_path)
    found = recipe.find(name)
    outcome = run.train(name, smoke=True, output="run", verbose=0)
    assert str(found.smoke["data"]).startswith("glyphs")
    epochs = found.smoke["epochs"]
    assert outcome.model.epochs_trained == epochs

    with open("run/history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["epoch"]) for row in rows] == list(range(1, epochs + 1))
    assert all(text for row in rows for text in row.values())
    kind = "samples" if "sample" in outcome.model.capabilities else "translations"
    for picture in (f"{kind}/epoch_0000.png", f"{kind}/epoch_{epochs:04d}.png", f"{kind}.gif"):
        assert Path("run", picture).stat().st_size > 100
    assert Path("run/report.html").stat().st_size > 10_000
    assert Path("run/scores.jsonl").exists() == bool(found.smoke.get("metrics"))
    assert outcome.export == Path("run/saved_model/1")
    assert set(outcome.differences) == set(outcome.model.signatures())
    assert max(outcome.differences.values()) <= 1e-5
    assert not Path("saved_models").exists()


@pytest.mark.parametrize("name", ["dcgan_mnist", "vae_mnist", "vae_fashion_mnist"])
def test_own_data_are_not_measured_in_a_classifier_of_other_data(name, monkeypatch):
    found = recipe.find(name)
    own = found.build(found.smoke)
    assert own.features == "auto"
    monkeypatch.setattr(kgen.datasets, "load", lambda *given, **options: own.data)
    usual = found.defaults["data"]
    assert found.build({"image_size": 14}).features == f"classifier:{usual}"
    assert found.build({"image_size": 14, "features": "auto"}).features == "auto"


@pytest.mark.parametrize("name", recipe.names())
def test_the_options_are_described(name):
    found = recipe.find(name)
    assert found.summary.endswith(".") and len(found.summary) <= 100
    described = inspect.getdoc(found.module.recipe)
    for option in found.defaults:
        assert f"\n    {option}: " in described
    for shortcut in ("data", "image_size", "epochs", "seed"):
        assert shortcut in found.defaults


def test_fields_run_over_lines(tmp_path):
    (tmp_path / "own.py").write_text(
        '"""A summary.\n\nTime:    two\n         days\nResult:  Not yet measured\n\nNotes: x\n"""\n'
    )
    found = recipe.find(tmp_path / "own.py")
    assert found.summary == "A summary."
    assert found.fields == {"Time": "two days", "Result": "Not yet measured"}
    assert not found.measured
    (tmp_path / "other.py").write_text('"""A summary.\n\nResult: FID 3.2\n"""\n')
    assert recipe.find(tmp_path / "other.py").measured


def test_recipes_are_found_where_they_are_installed(tmp_path, monkeypatch):
    """In a wheel they lie beside kgen as kgen_recipes, whatever else is called recipes."""
    assert recipe.folder() == ROOT / "recipes"
    for place in ("kgen", "kgen_recipes", "recipes"):
        (tmp_path / place).mkdir()
    monkeypatch.setattr(recipe, "__file__", str(tmp_path / "kgen" / "recipe.py"))
    assert recipe.folder() == tmp_path / "kgen_recipes"


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("64", int, 64),
        ("-3", int, -3),
        ("2e-4", float, 2e-4),
        ("1", float, 1.0),
        ("true", bool, True),
        ("No", bool, False),
        ("0", bool, False),
        ("a=b", str, "a=b"),
        ("none", int | None, None),
        ("7", int | None, 7),
        ("none", str, "none"),
        ("0.5", int | float, 0.5),
        ("(8, 4)", tuple, (8, 4)),
        ("[8, 4]", tuple[int, ...], (8, 4)),
        ("fd", tuple[str, ...], ("fd",)),
        ("fd, recall,", tuple[str, ...], ("fd", "recall")),
        ("('a',)", tuple[str, ...], ("a",)),
        ("()", tuple[str, ...], ()),
        ("conv", Literal["dense", "conv"], "conv"),
        ("2", Literal[1, 2], 2),
    ],
)
def test_parse_value(text, kind, value):
    parsed = parse_value(text, kind)
    assert parsed == value and type(parsed) is type(value)


@pytest.mark.parametrize(
    ("text", "kind"),
    [("1.5", int), ("", int), ("maybe", bool), ("none", int), ("x", float | None), ("8", tuple)],
)
def test_parse_value_refuses(text, kind):
    with pytest.raises(ValueError):
        parse_value(text, kind)


def test_settings_are_read_by_the_types_of_the_options(tmp_path):
    (tmp_path / "own.py").write_text(
        "def recipe(*, rate=0.1, flip=False, size: int | None = None, name=None, kind: str = ''):\n"
        "    ...\n"
    )
    found = recipe.find(tmp_path / "own.py")
    given = ["rate=3", "flip=yes", "size=4", "name=5", "kind=a = b"]
    assert found.parse(given) == {
        "rate": 3.0,
        "flip": True,
        "size": 4,
        "name": "5",
        "kind": "a = b",
    }
    with pytest.raises(RecipeError, match="size takes a whole number or none, for instance"):
        found.parse(["size=big"])
