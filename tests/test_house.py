"""The rules of the house, read from the source: imports one way, nothing missing, nothing stray."""

import ast
import configparser
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import kgen.models
from kgen import recipe as recipes
from kgen.models import GenerativeModel

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "kgen"

# What each part of the house may import of kgen, beside itself.
MAY_IMPORT = {
    "version": set(),
    "errors": set(),
    "files": set(),
    "history": {"errors", "files"},
    "scores_file": {"errors", "files", "metrics.score"},
    "training": set(),
    "layers": {"training"},
    "losses": set(),
    "networks": {"layers"},
    "models": {"errors", "training", "layers", "losses", "networks"},
    "datasets": {"errors", "files", "machine", "training.clock"},
    "plotting": {"errors", "files"},
    "sounds": {"files"},
    "export": {"errors", "files", "version"},
    "metrics": {
        "errors", "files", "datasets", "training.clock", "latent.paths", "latent.priors",
    },
    "callbacks": {
        "errors", "files", "history", "plotting", "metrics", "scores_file", "latent.paths",
        "latent.priors",
    },
    "latent": {"errors", "files", "plotting", "training.seam", "layers"},
    "collect": {"errors", "files", "version", "datasets.pictures"},
    "recipe": {"errors"},
    "machine": set(),
    "run_folder": {"errors", "files", "history", "version", "recipe", "scores_file"},
    "run_sessions": {"machine", "run_folder"},
    "run_callbacks": {
        "errors", "recipe", "run_folder", "run_sessions", "callbacks", "metrics", "datasets",
    },
    "run": {
        "errors", "files", "recipe", "run_folder", "run_callbacks", "callbacks", "export", "report",
        # only so that Keras knows the classes when it reads a checkpoint
        "models",
    },
    "run_evaluation": {
        "errors", "recipe", "run_folder", "run_callbacks", "metrics", "run", "scores_file",
    },
    "report": {
        "errors", "files", "metrics.score", "run_folder", "recipe", "machine", "scores_file",
    },
    "cli": {
        "errors", "recipe", "run", "version", "report",
        "cli_sample", "cli_scores", "cli_explore", "cli_data", "cli_translate",
    },
    "cli_sample": {
        "errors", "files", "plotting", "run", "run_callbacks", "run_images", "sounds",
    },
    "cli_scores": {"errors", "run_evaluation", "report", "metrics.registry"},
    "run_images": {
        "errors", "files", "run_folder", "datasets", "metrics.streams", "run", "run_evaluation",
    },
    "explorer": {"errors", "run", "latent", "plotting", "run_images"},
    "cli_explore": {"errors", "explorer", "latent"},
    "cli_data": {"errors", "collect"},
    "translating": {
        "errors", "files", "plotting", "datasets.pictures", "collect.raster", "collect.refusal",
    },
    "cli_translate": {"translating", "run", "run_folder", "run_evaluation"},
    "zoo": {"errors", "files", "recipe", "report", "metrics.score"},
}  # fmt: skip


def _modules():
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if parts != ("__init__",):
            yield parts[0], path


def _imports_of_kgen(path):
    """The modules of kgen that a file imports, at any depth but for `if TYPE_CHECKING`."""
    tree = ast.parse(path.read_text())
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("kgen"))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "kgen":
            for alias in node.names:
                inner = ROOT / f"{node.module}.{alias.name}".replace(".", "/")
                is_module = inner.is_dir() or inner.with_suffix(".py").is_file()
                yield f"{node.module}.{alias.name}" if is_module else node.module


@pytest.mark.parametrize(
    ("part", "path"),
    list(_modules()),
    ids=lambda value: value.stem if isinstance(value, Path) else value,
)
def test_imports_run_one_way(part, path):
    assert part in MAY_IMPORT, f"say in MAY_IMPORT what {part} may import"
    allowed = MAY_IMPORT[part] | {part}
    for module in _imports_of_kgen(path):
        tail = module.removeprefix("kgen.")
        assert any(tail == a or tail.startswith(f"{a}.") for a in allowed), (
            f"{path.relative_to(ROOT)} imports {module}; {part} may import only {sorted(allowed)}"
        )


def test_losses_know_only_tensors():
    for path in (PACKAGE / "losses").glob("*.py"):
        imported = {
            node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Import | ast.ImportFrom)
        }
        assert all(
            name in ("math", "keras") or name.startswith("kgen.losses") for name in imported
        ), (path.name, imported)


def _is_paper(thing):
    """A model of its own, and no base of a family: these have no `build_default`."""
    is_model = inspect.isclass(thing) and issubclass(thing, GenerativeModel)
    return is_model and "build_default" in vars(thing)


def _public_models():
    for name in kgen.models.__all__:
        thing = getattr(kgen.models, name)
        if _is_paper(thing):
            yield thing


@pytest.mark.parametrize("model", list(_public_models()), ids=lambda model: model.__name__)
def test_a_model_is_complete(model):
    """Its file, its export line, its recipe, its tests, and its line in the README's table."""
    file = Path(inspect.getfile(model)).relative_to(PACKAGE / "models")
    assert file.stem == model.__name__.lower(), f"{model.__name__} should live in its own file"
    test = ROOT / "tests" / "models" / file.parent / f"test_{file.name}"
    assert test.is_file(), f"write {test.relative_to(ROOT)}"
    assert "ModelContract" in test.read_text(), f"{test.name} should inherit the contract"
    used = [name for name in recipes.names() if f"models.{model.__name__}." in _source(name)]
    assert used, f"write recipes/{file.stem}_<data>.py"
    assert f"| `{model.__name__}`" in (ROOT / "README.md").read_text(), "add it to README's table"
    assert model.__doc__ and ">>>" in model.__doc__, "show an example in its docstring"


def test_every_model_class_is_exported():
    exported = set(_public_models())
    for path in (PACKAGE / "models").rglob("*.py"):
        if path.name.startswith("_"):
            continue
        module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        for thing in vars(module).values():
            if _is_paper(thing) and thing.__module__ == module.__name__:
                assert thing in exported, f"export {thing.__name__} in kgen/models/__init__.py"


def _source(name):
    return recipes.find(name).source


@pytest.mark.parametrize("name", recipes.names())
def test_a_recipe_says_command_data_time_and_result(name):
    recipe = recipes.find(name)
    assert set(recipe.fields) == set(recipes.FIELDS)
    assert f"kgen train {name}" in recipe.fields["Command"]
    assert all(recipe.fields.values())


def test_the_wheel_ships_every_package():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    packages = set(config["options"]["packages"].split())
    found = {".".join(p.parent.relative_to(ROOT).parts) for p in PACKAGE.rglob("__init__.py")}
    assert packages == found | {"kgen_recipes"}
    assert config["options"]["package_dir"].split() == ["kgen_recipes", "=", "recipes"]


def test_source_files_stay_readable():
    for path in [*PACKAGE.rglob("*.py"), *(ROOT / "recipes").glob("*.py")]:
        lines = len(path.read_text().splitlines())
        assert lines <= 420, f"{path.relative_to(ROOT)} has {lines} lines: part it"


def test_import_adds_little_to_keras():
    """`import kgen` beside `import keras`, in one process: what comes after Keras."""
    code = (
        "import keras, time; start = time.perf_counter(); import kgen; "
        "print(time.perf_counter() - start)"
    )
    seconds = min(
        float(subprocess.check_output([sys.executable, "-c", code], text=True, cwd=ROOT))
        for _ in range(2)
    )
    assert seconds < 0.3


def test_import_loads_a_model_from_its_file(tmp_path):
    """After `import kgen` alone, `keras.models.load_model` knows our classes."""
    model = kgen.models.DCGAN.build_default((8, 8, 1), 4, 4)
    model.compile()
    model.save(tmp_path / "model.keras")
    code = (
        "import keras, kgen, sys; "
        f"model = keras.models.load_model({str(tmp_path / 'model.keras')!r}); "
        "assert type(model) is kgen.models.DCGAN; "
        "assert 'tensorflow_datasets' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_docs_speak_of_no_machine():
    """No absolute path of the machine a number was measured on."""
    listed = subprocess.run(
        ["git", "ls-files", "*.py", "*.md", "*.cfg", "*.ipynb", "Makefile"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    if listed.returncode:
        pytest.skip("not a git checkout")
    for name in listed.stdout.split():
        if (ROOT / name).is_file():
            stray = re.search(r"(?<![\w.])/(work|root|home)/\w+", (ROOT / name).read_text())
            assert not stray, f"{name}: {stray.group()}"
