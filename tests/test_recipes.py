import csv
import dataclasses
import inspect
from pathlib import Path
from typing import Literal

import pytest

import kgen
from kgen import recipe, run
from kgen.errors import RecipeError
from kgen.recipe import parse_value

ROOT = Path(__file__).parent.parent


def base_of(name):
    """The recipe whose smoke a variation has, and then runs through for both."""
    found = recipe.find(name)
    base = getattr(found.module.recipe, "base", None)
    return base if base is not None and base.smoke == found.smoke else None


@pytest.mark.parametrize("name", [name for name in recipe.names() if base_of(name) is None])
def test_smoke(name, tmp_path, monkeypatch):
    """Every recipe runs through in seconds on built-in data, and its export is the model."""
    monkeypatch.chdir(tmp_path)
    found = recipe.find(name)
    outcome = run.train(name, smoke=True, output="run", verbose=0)
    built_in = ("blocks", "glyphs", "grammar", "grid", "oracle", "ring", "tones")
    assert str(found.smoke["data"]).startswith(built_in)
    epochs = found.smoke["epochs"]
    assert outcome.model.epochs_trained == epochs

    with open("run/history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["epoch"]) for row in rows] == list(range(1, epochs + 1))
    assert all(text for row in rows for text in row.values())
    can = outcome.model.capabilities
    kinds = {"sample": "samples", "translate": "translations", "reconstruct": "reconstructions"}
    kind = next(kinds[capability] for capability in kinds if capability in can)
    kind = "density" if found.smoke["data"] in ("ring", "grid") else kind
    of_tokens = hasattr(outcome.model, "texts")
    ending, animations = ("txt", []) if of_tokens else ("png", [f"{kind}.gif"])
    drawn = [f"{kind}/epoch_{epoch:04d}.{ending}" for epoch in (0, epochs)] + animations
    of_rows = found.smoke["data"] == "blocks"  # of which there are no pictures
    for picture in [] if of_rows else drawn:
        assert Path("run", picture).stat().st_size > 100
    assert Path("run/report.html").stat().st_size > 10_000
    assert Path("run/scores.jsonl").exists() == bool(found.smoke.get("metrics"))
    assert outcome.export == Path("run/saved_model/1")
    assert set(outcome.differences) == set(outcome.model.signatures())
    assert max(outcome.differences.values()) <= 1e-5
    assert not Path("saved_models").exists()


@pytest.mark.parametrize("name", [name for name in recipe.names() if base_of(name)])
def test_a_variation_builds_what_it_varies(name):
    """The other recipe runs through above."""
    found, base = recipe.find(name), base_of(name)
    varied, original = found.build(found.smoke), base.build(base.smoke)
    assert isinstance(varied.model, type(original.model))
    assert varied.model.compiled
    assert varied.data.image_shape[:-1] == original.data.image_shape[:-1]
    assert found.defaults.keys() == base.defaults.keys()
    assert found.defaults != base.defaults


@pytest.mark.parametrize("name", ["dcgan_glyphs", "vae_glyphs", "ae_glyphs"])
def test_samples_are_measured_in_a_classifier_of_their_own_data(name, monkeypatch):
    found = recipe.find(name)
    letters = found.build(found.smoke)
    assert letters.features == "auto"
    digits = dataclasses.replace(letters.data, name="mnist")
    monkeypatch.setattr(kgen.datasets, "load", lambda *given, **options: digits)
    assert found.build(found.smoke).features == "classifier:mnist"


def test_a_recipe_may_choose_other_features():
    found = recipe.find("dcgan_mnist")
    chosen = "keras:MobileNetV2"
    assert found.build({**found.smoke, "features": chosen}).features == chosen


@pytest.mark.parametrize("name", recipe.names())
def test_the_options_are_described(name):
    found = recipe.find(name)
    assert found.summary.endswith(".") and len(found.summary) <= 100
    described = inspect.getdoc(found.module.recipe)
    for option in found.defaults:
        assert f"\n    {option}: " in described
    of_images = str(found.smoke["data"]).startswith("glyphs")
    for shortcut in ("data", "epochs", "seed", *["image_size"][:of_images]):
        assert shortcut in found.defaults


def test_a_variation_says_only_what_differs(tmp_path):
    """It has the options of the recipe it varies, and notices when that one changes."""
    own = tmp_path / "own.py"
    own.write_text(
        '"""A summary."""\n\nfrom kgen.recipe import variation\n\n'
        'recipe, SMOKE = variation("dcgan_glyphs", epochs=3, width=8)\n'
    )
    found, base = recipe.find(own), recipe.find("dcgan_glyphs")
    assert found.defaults == {**base.defaults, "epochs": 3, "width": 8}
    assert found.smoke == base.smoke
    assert found.parse(["epochs=5", "ema_momentum=none"]) == {"epochs": 5, "ema_momentum": None}
    built = found.build({**found.smoke, "width": 4})
    assert built.epochs == base.smoke["epochs"]
    assert built.model.generator.name == base.build(base.smoke).model.generator.name

    before = found.source_hash
    changed = recipe.Recipe(own)
    changed.module.recipe.base.__dict__["source"] = base.source + "\n"
    assert changed.source_hash != before

    with pytest.raises(RecipeError, match="no option 'widht': did you mean 'width'"):
        recipe.variation("dcgan_glyphs", widht=8)


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
