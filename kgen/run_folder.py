"""The folder of a run: what it holds, and the record of how the run was started."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.metadata
import json
import platform
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kgen import version
from kgen.errors import CheckpointError, RecipeError
from kgen.files import replacing
from kgen.history import read_history
from kgen.recipe import Recipe
from kgen.recipe import folder as recipes_folder
from kgen.scores_file import Measured, read_scores

#: What a run's `config.json` holds at the least.
NEEDED = ("recipe", "recipe_file", "smoke", "options", "versions")


@dataclasses.dataclass(frozen=True)
class RunFolder:
    """The places of a run's files, and its two records.

    `config.json` is written first: the recipe, its options, the versions. `summary.json` is written
    last, so it marks a finished run. `sessions.json` grows with each epoch: a session is a process
    that trained, with its machine and how long each of its epochs took. `scores.jsonl` holds one
    score a line, `report.html` is made from all of them.

    Attributes:
        path: The folder.
    """

    path: Path

    @property
    def config(self) -> Path:
        """How the run was started."""
        return self.path / "config.json"

    @property
    def checkpoint(self) -> Path:
        """The model and the state of the run after the last whole epoch."""
        return self.path / "checkpoint.keras"

    @property
    def summary(self) -> Path:
        """What the finished run left."""
        return self.path / "summary.json"

    @property
    def best(self) -> Path:
        """The model of the epoch that a metric found best."""
        return self.path / "best.keras"

    @property
    def restored(self) -> Path:
        """The model of the earlier epoch that `EarlyStopping` went back to when the run ended."""
        return self.path / "restored.keras"

    @property
    def model(self) -> Path:
        """The model that the run ended with, or has come to."""
        return self.restored if self.restored.exists() else self.checkpoint

    @property
    def history(self) -> Path:
        """One row an epoch."""
        return self.path / "history.csv"

    @property
    def scores(self) -> Path:
        """One score a line, with its protocol and its epoch."""
        return self.path / "scores.jsonl"

    @property
    def sessions(self) -> Path:
        """When, where and how fast the run was trained."""
        return self.path / "sessions.json"

    @property
    def report(self) -> Path:
        """The page made from all of these."""
        return self.path / "report.html"

    def contents(self) -> dict[str, Path]:
        """What lies in the folder, by what it is."""
        places = {}
        for kind in self.pictures():
            places[kind] = self.path / kind
            places[f"{kind}, animated"] = self.path / f"{kind}.gif"
        for kind in self.texts():
            places[kind] = self.path / kind
        places["history"] = self.history
        places["curves"] = self.path / "history.png"
        places["scores"] = self.scores
        places["TensorBoard"] = self.path / "tensorboard"
        places["checkpoint"] = self.checkpoint
        places["best model"] = self.best
        places["restored model"] = self.restored
        places["report"] = self.report
        return {what: place for what, place in places.items() if place.exists()}

    def pictures(self) -> dict[str, dict[int, Path]]:
        """The pictures drawn each epoch: by kind (the folder's name, samples first) and epoch."""
        return self._by_epoch(".png")

    def texts(self) -> dict[str, dict[int, Path]]:
        """The texts drawn each epoch, as `pictures` are."""
        return self._by_epoch(".txt")

    def _by_epoch(self, ending: str) -> dict[str, dict[int, Path]]:
        kinds = {}
        for place in sorted(self.path.glob(f"*/epoch_*{ending}")):
            epoch = place.stem.removeprefix("epoch_")
            if epoch.isdecimal():
                kinds.setdefault(place.parent.name, {})[int(epoch)] = place
        ordered = sorted(kinds, key=lambda kind: (kind != "samples", kind))
        return {kind: dict(sorted(kinds[kind].items())) for kind in ordered}

    def read_history(self) -> list[dict[str, float]]:
        """The rows of `history.csv`, `epoch` as a whole number; none if there is no such file.

        Raises:
            CheckpointError: If the file cannot be read.
        """
        return read_history(self.history)

    def read_scores(self) -> list[Measured]:
        """The lines of `scores.jsonl` in their order; none if there is no such file.

        Raises:
            CheckpointError: If a line is no score.
        """
        return read_scores(self.scores)

    def read_sessions(self) -> list[dict[str, Any]]:
        """What `sessions.json` records; nothing if there is no such file."""
        return read_json(self.sessions)["sessions"] if self.sessions.exists() else []

    def seconds(self) -> float:
        """How long the run was trained, over all its sessions."""
        return sum(row["seconds"] for session in self.read_sessions() for row in session["epochs"])

    def refuse_used(self) -> None:
        """Raises `RecipeError` unless the folder is free for a new run."""
        if self.path.exists() and (not self.path.is_dir() or any(self.path.iterdir())):
            raise RecipeError(
                f"{self.path} exists and is never overwritten: continue its run with --resume, "
                "or give another folder with --output"
            )

    @contextlib.contextmanager
    def reserved(self) -> Iterator[None]:
        """Keeps other processes from training in the folder, until the block or the process ends.

        Raises:
            RecipeError: If another one trains in it.
        """
        try:
            import fcntl
        except ImportError:  # no such locks on Windows
            yield
            return
        self.path.mkdir(parents=True, exist_ok=True)
        with open(self.path / ".lock", "w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise RecipeError(
                    f"{self.path} is being trained by another process: wait for it, or give "
                    "another folder with --output"
                ) from None
            yield

    def write_config(self, recipe: Recipe, options: Mapping[str, Any], smoke: bool) -> None:
        """Records how the run was started."""
        shipped = recipe.path.parent == recipes_folder()
        usual = recipe.defaults | (recipe.smoke if smoke else {})
        write_json(
            self.config,
            {
                "recipe": recipe.name,
                "recipe_file": None if shipped else str(recipe.path.resolve()),
                "recipe_sha256": recipe.source_hash,
                "smoke": smoke,
                "options": dict(options),
                "changed": {
                    name: value for name, value in options.items() if usual.get(name) != value
                },
                "versions": versions(),
            },
        )

    def read_config(self) -> dict[str, Any]:
        """Reads what `write_config` recorded.

        Raises:
            RecipeError: If the folder holds no run.
            CheckpointError: If the record cannot be read, or is none.
        """
        if not self.config.exists():
            raise RecipeError(f"{self.path} holds no run: it has no {self.config.name}")
        record = read_json(self.config)
        if missing := [name for name in NEEDED if name not in record]:
            raise CheckpointError(
                f"{self.config} is no record of a run, it lacks {', '.join(missing)}: give another "
                "folder"
            )
        return record

    def resumed_options(self, recipe: Recipe, given: Mapping[str, Any]) -> dict[str, Any]:
        """The options the run was started with, with a larger number of epochs if one is given.

        Raises:
            RecipeError: If the folder holds no run or another recipe's, or an option contradicts.
        """
        stored = self.read_config()
        if stored["recipe"] != recipe.name:
            raise RecipeError(
                f"{self.path} holds a run of {stored['recipe']!r}, not of {recipe.name!r}"
            )
        recipe.check(stored["options"])
        options = recipe.defaults | stored["options"]
        for name, default in recipe.defaults.items():
            if isinstance(default, tuple) and isinstance(options[name], list):
                options[name] = tuple(options[name])  # JSON has no tuples
        for name, value in given.items():
            if name == "epochs" and value >= options[name]:
                options[name] = value
            elif value != options[name]:
                raise RecipeError(
                    f"{self.path} was started with {name}={options[name]}, not {value}: leave it "
                    "out to resume, or start another run with --output"
                )
        return options

    def changes(self, recipe: Recipe) -> list[str]:
        """What differs from when the run was started, so that it may not go on exactly."""
        stored = self.read_config()
        now = versions()
        changed = [
            f"{name} was {before}, is {now.get(name, 'absent')}"
            for name, before in stored["versions"].items()
            if now.get(name) != before
        ]
        if stored["recipe_sha256"] != recipe.source_hash:
            changed.insert(0, f"{recipe.path.name} was edited")
        return changed


def versions() -> dict[str, str]:
    """The versions that a run's numbers depend on; the backend is among the names."""
    import keras

    packages = ("keras", keras.backend.backend(), "numpy")
    return {
        "kgen": version.__version__,
        **{name: importlib.metadata.version(name) for name in packages},
        "python": platform.python_version(),
    }


def write_json(path: Path, record: Mapping[str, Any]) -> None:
    """Writes a record whole or not at all; what JSON cannot hold, such as a path, becomes text."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(record, indent=2, default=str) + "\n", encoding="utf-8")


def read_json(path: Path) -> dict[str, Any]:
    """Reads a record.

    Raises:
        CheckpointError: If the file is no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CheckpointError(f"{path} cannot be read: {error}") from None
