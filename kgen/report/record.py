"""All of a run folder that a page needs, read without Keras."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kgen import machine
from kgen import recipe as recipes
from kgen.errors import KgenError
from kgen.run_folder import RunFolder, read_json
from kgen.scores_file import Measured


@dataclasses.dataclass(frozen=True)
class RunRecord:
    """What a run has left, finished or not.

    Attributes:
        folder: Its folder.
        config: How it was started.
        summary: What it left when it finished; empty before.
        history: One row an epoch.
        scores: The scores in the order they were taken.
        sessions: When, where and how fast it was trained.
        pictures: The pictures by kind and epoch.
        texts: The texts by kind and epoch.
    """

    folder: RunFolder
    config: dict[str, Any]
    summary: dict[str, Any]
    history: list[dict[str, float]]
    scores: list[Measured]
    sessions: list[dict[str, Any]]
    pictures: dict[str, dict[int, Path]]
    texts: dict[str, dict[int, Path]]

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.path.resolve().name

    @property
    def epochs(self) -> int:
        """How many epochs were trained."""
        return int(self.history[-1]["epoch"]) if self.history else 0

    @property
    def epochs_wanted(self) -> int | None:
        """How many epochs were asked for, where the recipe has such an option."""
        return self.config["options"].get("epochs")

    @property
    def finished(self) -> bool:
        """Whether the run came to its end."""
        return bool(self.summary)

    @property
    def seconds(self) -> float:
        """How long it was trained, over all its sessions."""
        return self.folder.seconds()

    @property
    def machines(self) -> list[str]:
        """The machines it was trained on, each in words."""
        words = [machine.in_words(session["machine"]) for session in self.sessions]
        return list(dict.fromkeys(filter(None, words)))

    @property
    def backend(self) -> str:
        """The backend and its version."""
        versions = self.config["versions"]
        known = (name for name in ("tensorflow", "jax", "torch") if name in versions)
        return "".join(f"{name} {versions[name]}" for name in known)

    @property
    def recipe_summary(self) -> str:
        """The recipe's first line, which speaks of its own data; empty where the run had others."""
        if {"data", "image_size", "channels"} & self.config.get("changed", {}).keys():
            return ""
        try:
            own_file = self.config.get("recipe_file")
            return recipes.find(Path(own_file) if own_file else self.config["recipe"]).summary
        except (KgenError, OSError):
            return ""

    @property
    def command(self) -> str:
        """The command that starts such a run again."""
        return self._command()

    @property
    def public_command(self) -> str:
        """The same without the place of the data on this machine."""
        return self._command(leave_out=("data_dir",))

    def _command(self, leave_out: Sequence[str] = ()) -> str:
        own_file = self.config.get("recipe_file")
        words = ["kgen", "train", Path(own_file).name if own_file else self.config["recipe"]]
        if self.config["smoke"]:
            words.append("--smoke")
        changed = self.config.get("changed", {})
        for name, value in ((n, v) for n, v in changed.items() if n not in leave_out):
            words += ["--set", f"{name}={typed(value)}"]
        return shlex.join(words)


def typed(value: Any) -> str:
    """An option's value as it is typed on the command line.

    Example:

        >>> typed(None), typed(["fd", "recall"]), typed([]), typed([8, 4]), typed(0.5)
        ('none', 'fd,recall', '()', '(8, 4)', '0.5')
    """
    if value is None:
        return "none"
    if isinstance(value, list | tuple):  # JSON has no tuples
        if value and all(isinstance(item, str) for item in value):
            return ",".join(value)
        return str(tuple(value))
    return str(value)


def read(path: str | Path) -> RunRecord:
    """Reads a run folder.

    Raises:
        RecipeError: If it holds no run.
        CheckpointError: If one of its files cannot be read.
    """
    folder = RunFolder(Path(path))
    config = folder.read_config()
    return RunRecord(
        folder=folder,
        config=config,
        summary=read_json(folder.summary) if folder.summary.exists() else {},
        history=folder.read_history(),
        scores=folder.read_scores(),
        sessions=folder.read_sessions(),
        pictures=folder.pictures(),
        texts=folder.texts(),
    )
