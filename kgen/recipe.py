"""What a recipe is: one documented, runnable training run in one Python file.

A recipe file has a docstring (a summary line, then the fields Command, Data, Time and Result; the
result is *measured*, or says 'not yet measured'), one function, and one dictionary:

    def recipe(*, data="glyphs", image_size=32, epochs=20, seed=0) -> kgen.recipe.Run:
        splits = kgen.datasets.load(data, image_size=image_size, seed=seed)
        model = kgen.models.DCGAN.build_default(image_shape=splits.image_shape)
        model.compile()
        return kgen.recipe.Run(model=model, data=splits, epochs=epochs)

    SMOKE = dict(image_size=16, epochs=1)

The function's keywords, each with a default, *are* the options of the run: `--set image_size=64`
is read by the type of the default or of the annotation. `SMOKE` changes them for a run of seconds
on built-in data. Listing recipes reads their docstrings and imports nothing.

The same model on other data is a `variation` of a recipe that stands, and says only what differs.
"""

from __future__ import annotations

import ast
import dataclasses
import difflib
import functools
import hashlib
import importlib.util
import inspect
import sys
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kgen.errors import KgenError, RecipeError

if TYPE_CHECKING:
    import keras

    from kgen.datasets import Splits

#: Labelled data that samples are measured in a classifier of, and not in one of letters.
OWN_CLASSIFIER = ("mnist", "fashion_mnist", "glyphs/digits")
FIELDS = ("Command", "Data", "Time", "Result")


@dataclasses.dataclass
class Run:
    """What a recipe returns: all that `kgen.run.train` needs.

    Attributes:
        model: A compiled model.
        data: Its data; `data.train` is trained on, `data.validation` gives the images of grids.
        epochs: Epochs of the whole run.
        callbacks: Callbacks beside those of every run (pictures, history, NaN guard, checkpoint),
            or a function of the run's folder that returns them.
        validate: Whether each epoch ends with an evaluation on `data.validation`, and the run with
            one on `data.test`.
        metrics: Metrics of samples (keys of `kgen.metrics.METRICS`) to take on `data.validation`.
        evaluate_every: Take them after the first, each so many-th and the last epoch.
        evaluation_samples: How many samples to draw for them.
        features: The feature network, as `kgen.metrics.Evaluator` takes it; by default a
            classifier of the data for digits and clothes, and `"auto"` for other data.
        best: The metric, or another logged value, by which `best.keras` is chosen; by default the
            first of `metrics`.
        evaluation: Further arguments of `kgen.metrics.Evaluator`, such as its `mixture`.
    """

    model: keras.Model
    data: Splits
    epochs: int
    callbacks: (
        Sequence[keras.callbacks.Callback] | Callable[[Path], Sequence[keras.callbacks.Callback]]
    ) = ()
    validate: bool = False
    metrics: Sequence[str] = ()
    evaluate_every: int = 1
    evaluation_samples: int = 2000
    features: Any = None
    best: str | None = None
    evaluation: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def __post_init__(self):
        if self.features is None:
            own = self.data.name in OWN_CLASSIFIER
            self.features = f"classifier:{self.data.name}" if own else "auto"


@dataclasses.dataclass(frozen=True)
class Recipe:
    """A recipe file: what its docstring says, its options, and the run it makes.

    Attributes:
        path: The Python file.
    """

    path: Path

    @property
    def name(self) -> str:
        """The file's name without its ending; run folders and exports are named by it."""
        return self.path.stem

    @functools.cached_property
    def source(self) -> str:
        """The text of the file."""
        return self.path.read_text(encoding="utf-8")

    @property
    def source_hash(self) -> str:
        """SHA-256 of the file, by which a resumed run notices that its recipe has changed.

        A variation's also changes with the recipe that it varies.
        """
        base = getattr(self.module.recipe, "base", None)
        return hashlib.sha256(
            (self.source + (base.source_hash if base else "")).encode()
        ).hexdigest()

    @functools.cached_property
    def docstring(self) -> str:
        """The file's docstring, read without importing it."""
        try:
            return ast.get_docstring(ast.parse(self.source)) or ""
        except SyntaxError as error:
            raise self._syntax_error(error) from error

    @property
    def summary(self) -> str:
        """The docstring's first line."""
        return self.docstring.partition("\n")[0]

    @functools.cached_property
    def fields(self) -> dict[str, str]:
        """The docstring's fields, each on one line here: Command, Data, Time, Result."""
        found: dict[str, str] = {}
        current = None
        for line in self.docstring.splitlines():
            head, colon, rest = line.partition(":")
            if colon and head in FIELDS:
                current, line = head, rest
                found[current] = ""
            elif line and not line[0].isspace():
                current = None
            if current:
                found[current] = f"{found[current]} {line.strip()}".strip()
        return found

    @property
    def measured(self) -> bool:
        """Whether the docstring gives a measured result."""
        result = self.fields.get("Result", "").lower()
        return bool(result) and not result.startswith("not yet measured")

    @functools.cached_property
    def module(self) -> types.ModuleType:
        """The imported file."""
        name = f"kgen_recipes.{self.name}"
        spec = importlib.util.spec_from_file_location(name, self.path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module  # a class of the recipe's own is looked up there at loading
        try:
            spec.loader.exec_module(module)
        except SyntaxError as error:
            raise self._syntax_error(error) from error
        if not callable(getattr(module, "recipe", None)):
            raise RecipeError(f"{self.path} has no function `recipe`, so it is not a recipe")
        return module

    @functools.cached_property
    def defaults(self) -> dict[str, Any]:
        """The options and their defaults: the keywords of the function `recipe`."""
        parameters = inspect.signature(self.module.recipe).parameters.values()
        for parameter in parameters:
            if parameter.default is parameter.empty:
                raise RecipeError(
                    f"{self.path}: the argument {parameter.name!r} of `recipe` needs a default"
                )
        return {parameter.name: parameter.default for parameter in parameters}

    @property
    def smoke(self) -> dict[str, Any]:
        """The options of a run of seconds."""
        smoke = getattr(self.module, "SMOKE", None)
        if smoke is None:
            raise RecipeError(f"{self.path} has no SMOKE = dict(...), so it has no --smoke run")
        self.check(smoke)
        return dict(smoke)

    def check(self, names: Iterable[str]) -> None:
        """Refuses a name that is no option of this recipe, with the nearest one that is."""
        for name in names:
            if name not in self.defaults:
                near = difflib.get_close_matches(name, self.defaults, n=1)
                hint = f"did you mean {near[0]!r}? " if near else ""
                raise RecipeError(
                    f"recipe {self.name!r} has no option {name!r}: {hint}"
                    f"its options are {', '.join(self.defaults)}"
                )

    def parse(self, settings: Iterable[str]) -> dict[str, Any]:
        """Reads `key=value` texts by the types of the options.

        Raises:
            RecipeError: If a text has no `=`, its key is no option, or its value has another type.
        """
        options = {}
        hints = typing.get_type_hints(self.module.recipe)
        for setting in settings:
            name, equals, text = setting.partition("=")
            name = name.strip().replace("-", "_")
            if not equals:
                raise RecipeError(f"--set {setting}: write it as key=value")
            self.check([name])
            default = self.defaults[name]
            kind = hints.get(name, str if default is None else type(default))
            try:
                options[name] = parse_value(text.strip(), kind)
            except (ValueError, SyntaxError):
                raise RecipeError(
                    f"{name}={text}: {name} takes {_said(kind)}, for instance {name}={default}"
                ) from None
        return options

    def build(self, options: Mapping[str, Any]) -> Run:
        """Calls the recipe's function with the defaults changed by `options`.

        Raises:
            RecipeError: If an option does not exist, or a network, a model or the recipe itself
                refuses the value of one.
            DataError: If the data cannot be used.
        """
        self.check(options)
        try:
            run = self.module.recipe(**options)
        except KgenError:
            raise
        except (ValueError, TypeError) as error:  # how constructors refuse sizes and options
            raise RecipeError(f"recipe {self.name!r}: {error}") from error
        if not isinstance(run, Run):
            raise RecipeError(
                f"{self.path}: `recipe` must return a kgen.recipe.Run, not {type(run).__name__}"
            )
        return run

    def _syntax_error(self, error: SyntaxError) -> RecipeError:
        return RecipeError(f"{self.path}, line {error.lineno}: {error.msg}")


def variation(of: str, **defaults: Any) -> tuple[Callable[..., Run], dict[str, Any]]:
    """Another recipe with other defaults: the same model, trained on other data.

    Args:
        of: The name of one of kgen's own recipes.
        **defaults: The options whose defaults differ.

    Returns:
        What a recipe file has to define: the function, with the options of the other one, and
        its `SMOKE`.

    Raises:
        RecipeError: There is no such recipe, or it has no such option.

    Example:

        >>> recipe, SMOKE = variation("wgan_glyphs", data="my_photos", image_size=64)
        >>> options = inspect.signature(recipe).parameters
        >>> options["image_size"].default, options["latent_dim"].default
        (64, 100)
    """
    base = find(of)
    base.check(defaults)

    @functools.wraps(base.module.recipe)
    def recipe(**options: Any) -> Run:
        return base.module.recipe(**{**defaults, **options})

    signature = inspect.signature(base.module.recipe)
    recipe.__signature__ = signature.replace(
        parameters=[
            option.replace(default=defaults.get(name, option.default))
            for name, option in signature.parameters.items()
        ]
    )
    recipe.base = base
    return recipe, base.smoke


def folder() -> Path:
    """Where kgen's own recipes lie: `kgen_recipes/` where installed, `recipes/` in a clone."""
    beside = Path(__file__).resolve().parent.parent
    installed = beside / "kgen_recipes"
    return installed if installed.is_dir() else beside / "recipes"


def names() -> list[str]:
    """The names of kgen's own recipes."""
    return sorted(path.stem for path in folder().glob("*.py") if not path.stem.startswith("_"))


def find(name_or_file: str | Path) -> Recipe:
    """Finds one of kgen's own recipes by name, or any recipe by its file.

    Raises:
        RecipeError: If there is none, naming the nearest.
    """
    text = str(name_or_file)
    if text.endswith(".py") or isinstance(name_or_file, Path):
        path = Path(name_or_file)
        if not path.is_file():
            raise RecipeError(f"there is no recipe file {path}")
        return Recipe(path)
    if text not in names():
        near = difflib.get_close_matches(text, names(), n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise RecipeError(
            f"there is no recipe {text!r}: {hint}`kgen list` shows all, and a file ends in .py"
        )
    return Recipe(folder() / f"{text}.py")


def parse_value(text: str, kind: Any) -> Any:
    """Reads a text as a value of a type.

    Args:
        text: What was typed.
        kind: `bool`, `int`, `float`, `str`, `tuple`, `list`, a `Literal`, or a union of these
            with `None` (typed `none`). Several texts (`tuple[str, ...]`) stand between commas.

    Raises:
        ValueError: If it is none. (A `SyntaxError` for a malformed tuple or list.)

    Example:

        >>> parse_value("64", int), parse_value("2e-4", float), parse_value("no", bool)
        (64, 0.0002, False)
        >>> parse_value("none", int | None), parse_value("(8, 8)", tuple)
        (None, (8, 8))
        >>> parse_value("fd, recall", tuple[str, ...])
        ('fd', 'recall')
    """
    members = typing.get_args(kind)
    if typing.get_origin(kind) in (types.UnionType, typing.Union):
        if text.lower() == "none" and type(None) in members:
            return None
        for member in members:
            if member is not type(None):
                try:
                    return parse_value(text, member)
                except (ValueError, SyntaxError):
                    continue
        raise ValueError(text)
    if typing.get_origin(kind) is typing.Literal:
        for member in members:
            if str(member) == text:
                return member
        raise ValueError(text)
    kind = typing.get_origin(kind) or kind
    if kind is bool:
        known = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
        if text.lower() not in known:
            raise ValueError(text)
        return known[text.lower()]
    if kind in (tuple, list):
        if members[:1] == (str,) and text[:1] not in ("(", "["):
            return kind(part.strip() for part in text.split(",") if part.strip())
        value = ast.literal_eval(text)
        if not isinstance(value, tuple | list):
            raise ValueError(text)
        return kind(value)
    return kind(text)


def _said(kind: Any) -> str:
    members = typing.get_args(kind)
    if typing.get_origin(kind) is typing.Literal:
        return f"one of {', '.join(map(str, members))}"
    if typing.get_origin(kind) in (types.UnionType, typing.Union):
        return " or ".join(_said(member) for member in members)
    names_of = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}
    names_of[type(None)] = "none"
    if typing.get_origin(kind) in (tuple, list) and members[:1] == (str,):
        return "names with commas between"
    return names_of.get(kind, getattr(kind, "__name__", str(kind)))
