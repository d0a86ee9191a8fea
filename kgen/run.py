"""Running a recipe: one folder a run, which can be killed at any moment and resumed exactly.

runs/<name>/
    config.json         the recipe, its options, the versions; written first
    checkpoint.keras    the model and the state of the run, replaced after every epoch
    best.keras          the model of the epoch that the validation split found best
    restored.keras      where EarlyStopping took an earlier epoch's weights back: that model
    history.csv, .png   one row an epoch; the curves
    scores.jsonl        one score a line, with its protocol and epoch
    sessions.json       when, where and how fast it was trained
    samples/, .gif      a grid an epoch from the same latents, and their animation
                        (translations/, reconstructions/ of models that make these; a file of
                        texts an epoch of models of tokens)
    tensorboard/        the same for TensorBoard
    summary.json        written last: what the finished run left where
    report.html         a page made of all this
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shlex
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kgen import report
from kgen.errors import CheckpointError, DataError, RecipeError
from kgen.files import replacing
from kgen.recipe import Recipe, Run, find
from kgen.recipe import folder as recipes_folder
from kgen.run_callbacks import assemble, best_model, drop_unmeasurable, evaluation
from kgen.run_folder import RunFolder, read_json, write_json

if TYPE_CHECKING:
    import keras
    import tensorflow as tf


@dataclasses.dataclass
class Outcome:
    """What `train` did.

    Attributes:
        folder: The run folder.
        model: The trained model.
        seconds: How long this call trained; 0 if the run was finished already.
        export: The SavedModel, or `None` on a backend that cannot write one.
        differences: The largest difference of each signature between the model and its export,
            read back by a process without kgen.
        scores: The losses on the test split, where the recipe validates.
    """

    folder: RunFolder
    model: keras.Model
    seconds: float = 0.0
    export: Path | None = None
    differences: dict[str, float] = dataclasses.field(default_factory=dict)
    scores: dict[str, float] = dataclasses.field(default_factory=dict)

    def table(self) -> list[tuple[str, str]]:
        """Where everything is: pairs of a thing and its place."""
        rows = [(what, str(place)) for what, place in self.folder.contents().items()]
        if self.export:
            worst = max(self.differences.values(), default=0.0)
            rows.append(("SavedModel", str(self.export)))
            rows.append(("", f"read back without kgen: largest difference {worst:.1e}"))
        if self.scores:
            scores = ", ".join(f"{name} {value:.4g}" for name, value in self.scores.items())
            rows.append(("test split", scores))
        return rows


def train(
    recipe: str | Path | Recipe,
    options: Mapping[str, Any] | None = None,
    *,
    smoke: bool = False,
    resume: bool = False,
    output: str | os.PathLike | None = None,
    saved_models: str | os.PathLike | None = None,
    verbose: str | int = "auto",
    tell: Callable[[str], object] = print,
) -> Outcome:
    """Trains a recipe in a run folder of its own, and exports the model.

    Args:
        recipe: The name of a recipe, a recipe file, or a `Recipe`.
        options: Options that differ from the recipe's defaults.
        smoke: Run the recipe's `SMOKE` options: seconds, on built-in data.
        resume: Go on with the run in the folder from its last whole epoch. Its options are those
            it was started with; only a larger `epochs` may be given.
        output: The run folder; by default `runs/<name>`, or `runs/<name>_smoke`.
        saved_models: Where the export goes, as `<saved_models>/<name of the run folder>/<next
            version>`; by default `saved_models`, and for smoke runs the run folder.
        verbose: As in `keras.Model.fit`.
        tell: Takes each line for the user.

    Returns:
        What was made and where.

    Raises:
        RecipeError: If the recipe or an option does not exist, the folder is in the way, or another
            process trains in it.
        CheckpointError: If the run to resume cannot be read.
        DataError: If the data cannot be used, or lack the classes that the model draws.

    Example:

        outcome = kgen.run.train("dcgan_glyphs", {"epochs": 2}, output="runs/try")
        outcome.model.sample(64, seed=1)
    """
    recipe = recipe if isinstance(recipe, Recipe) else find(recipe)
    given = dict(options or {})
    recipe.check(given)
    smoked = "_smoke" if smoke else ""
    folder = RunFolder(Path(output or f"runs/{recipe.name}{smoked}"))
    if resume:
        chosen = folder.resumed_options(recipe, given)
        with folder.reserved():
            pass  # nobody else trains in it
        smoke = folder.read_config()["smoke"]
        if changes := folder.changes(recipe):
            tell(f"the run may not go on exactly as it would have: {'; '.join(changes)}")
    else:
        folder.refuse_used()
        chosen = recipe.defaults | (recipe.smoke if smoke else {}) | given

    if chosen.get("epochs", 1) < 1 or chosen.get("seed", 0) < 0:
        raise RecipeError("epochs must be at least 1 and seed at least 0")
    if resume and not folder.checkpoint.exists() and "history" in folder.contents():
        raise CheckpointError(
            f"{folder.checkpoint} is missing, and without it the run can only start anew: "
            "give another folder with --output"
        )

    import keras

    keras.utils.set_random_seed(int(chosen.get("seed", 0)))
    run = build(recipe, chosen)
    _refuse_missing_classes(run)
    ended = _take_up(run, folder, tell) if folder.checkpoint.exists() else False
    done = run.model.epochs_trained
    if ended and folder.restored.exists():
        run.model = load(folder.restored)
    if ended and folder.summary.exists():
        tell(f"{folder.path} is finished: {done} epochs; a larger --epochs trains it on")
        left = read_json(folder.summary)
        exported = Path(left["export"]) if left["export"] else None
        return Outcome(folder, run.model, 0.0, exported, left["differences"], left["test"])
    drop_unmeasurable(run, tell)
    best_model(run, folder)  # refuses what cannot be chosen by
    evaluate = evaluation(run, folder, chosen.get("data_dir"), smoke)
    folder.summary.unlink(missing_ok=True)
    folder.write_config(recipe, chosen, smoke)  # now that nothing was refused
    tell_skipped(run.data.skipped, tell, folder.summary)
    if resume:
        tell(f"{folder.path}: going on after epoch {done} of {run.epochs}")

    outcome = Outcome(folder, run.model)
    if not ended:
        # Preparing the metrics may have trained a network of theirs, or found it in the cache: the
        # run is to be the same either way.
        keras.utils.set_random_seed(int(chosen.get("seed", 0)))
        again = resume_command(recipe, folder, saved_models)
        callbacks, data = assemble(run, folder, evaluate, chosen, again)
        with _collapse_told(tell), folder.reserved():
            folder.restored.unlink(missing_ok=True)
            outcome.seconds = _fit(run, callbacks, data, verbose)
            done = _keep_restored(run, folder, tell)
    if run.validate and run.data.test is not None:
        outcome.scores = run.model.evaluate(run.data.test, verbose=0, return_dict=True)
    if saved_models is None and smoke:
        place = folder.path / "saved_model"
    else:
        place = Path(saved_models or "saved_models") / folder.path.resolve().name
    if keras.backend.backend() == "tensorflow":
        outcome.export, outcome.differences = export_model(run.model, place)
    else:
        tell(f"for a SavedModel: KERAS_BACKEND=tensorflow kgen export {folder.path}")
    write_json(
        folder.summary,
        {
            "epochs": done,
            "restored": run.model.epochs_trained if folder.restored.exists() else None,
            "seconds": round(folder.seconds(), 1),
            "export": outcome.export,
            "differences": outcome.differences,
            "test": outcome.scores,
            "skipped": run.data.skipped,
        },
    )
    report.write(folder.path)
    return outcome


def build(recipe: Recipe, options: Mapping[str, Any]) -> Run:
    """`recipe.build`, leaving the files that cannot be read to `tell_skipped`."""
    with warnings.catch_warnings():
        # Meant for those who load data themselves.
        warnings.filterwarnings("ignore", r".* cannot be read, left out")
        return recipe.build(options)


def tell_skipped(skipped: Sequence[str], tell: Callable[[str], object], all_in: Path) -> None:
    """Says in one line which files were left out of the data, and where all of them are named."""
    if not skipped:
        return
    files = f"{len(skipped):,} files were" if len(skipped) > 1 else "1 file was"
    more = f"; ... (all are named in {all_in})" if len(skipped) > 3 else ""
    tell(f"{files} left out: {'; '.join(skipped[:3])}{more}")


def resume_command(
    recipe: Recipe, folder: RunFolder, saved_models: str | os.PathLike | None = None
) -> str:
    """The command that goes on with a run.

    Example:

        >>> resume_command(find("dcgan_glyphs"), RunFolder(Path("runs/my try")))
        "kgen train dcgan_glyphs --resume --output 'runs/my try'"
    """
    shipped = recipe.path.parent == recipes_folder()
    words = ["kgen", "train", recipe.name if shipped else str(recipe.path)]
    words += ["--resume", "--output", str(folder.path)]
    if saved_models is not None:
        words += ["--saved-models", str(saved_models)]
    return shlex.join(words)


def export_model(
    model: keras.Model, place: Path, uint8: bool = False
) -> tuple[Path, dict[str, float]]:
    """Exports to the next version under `place`, and reads the export back.

    Returns:
        The folder, and the largest difference of each signature.
    """
    from kgen import export

    path = export.save(model, export.next_version(place), uint8=uint8)
    return path, export.verify(model, path)


def load(path: str | os.PathLike) -> keras.Model:
    """Loads the model that a run ended with or has come to, or that of a `.keras` file.

    Raises:
        CheckpointError: If there is none, or it is cut short.

    Example:

        kgen.run.load("runs/dcgan_glyphs").sample(64, seed=1)
    """
    import kgen.models  # noqa: F401  its classes are looked up by name
    from kgen.callbacks import load_checkpoint

    path = Path(path)
    if path.is_dir():
        folder = RunFolder(path)
        own_file = folder.config.exists() and folder.read_config()["recipe_file"]
        if own_file and Path(own_file).is_file():
            _ = Recipe(Path(own_file)).module  # it may define the model's class
        path = folder.model
    return load_checkpoint(path)


def _take_up(run: Run, folder: RunFolder, tell: Callable[[str], object]) -> bool:
    """Puts the checkpoint's model into the run, and says whether its training has ended."""
    from kgen.callbacks import load_checkpoint, read_run_state

    state = read_run_state(folder.checkpoint)
    built, run.model = run.model, load_checkpoint(folder.checkpoint)
    # Asked of the checkpoint and not of the options: these are recorded at once, and a run killed
    # before its next checkpoint would forget that it was made longer.
    until = state.get("until")
    longer = until is not None and run.epochs > until
    if longer and _take_schedules(built, run.model):
        tell(
            f"the learning rate follows the schedule of {run.epochs} epochs from here, "
            f"no longer that of {until}"
        )
    return run.model.epochs_trained >= run.epochs or (state["stopped"] and not longer)


def _take_schedules(built: keras.Model, loaded: keras.Model) -> bool:
    """Gives a loaded model the learning-rate schedules of the model just built, where they differ.

    The optimizers keep their slots and their steps. A rate that is a number stays as it is, since
    callbacks may have lowered it. Says whether anything changed.
    """
    import keras

    changed = False
    for player in built.players:
        new, old = built.player_optimizer(player), loaded.player_optimizer(player)
        config = new.get_config()["learning_rate"]
        if isinstance(config, dict) and config != old.get_config()["learning_rate"]:
            old.learning_rate = keras.optimizers.schedules.deserialize(config)
            changed = True
    return changed


@contextlib.contextmanager
def _collapse_told(tell: Callable[[str], object]) -> Iterator[None]:
    """Says what the monitor warns of in one line, without the place in the source."""
    from kgen.callbacks import CollapseWarning

    show = warnings.showwarning

    def told(message, category, *rest, **more):
        if issubclass(category, CollapseWarning):
            tell(f"warning: {message}")
        else:
            show(message, category, *rest, **more)

    with warnings.catch_warnings():
        warnings.showwarning = told
        yield


def _fit(run: Run, callbacks: list, data: tf.data.Dataset, verbose: str | int) -> float:
    start = time.perf_counter()
    run.model.fit(
        data,
        epochs=run.epochs,
        initial_epoch=run.model.epochs_trained,
        verbose=verbose,
        validation_data=run.data.validation if run.validate else None,
        callbacks=callbacks,
    )
    return time.perf_counter() - start


def _keep_restored(run: Run, folder: RunFolder, tell: Callable[[str], object]) -> int:
    """Keeps a model that a callback gave an earlier epoch's weights when training ended.

    `EarlyStopping(restore_best_weights=True)` does, after the checkpoint, which must stay that of
    the last epoch: from there a run goes on.

    Returns:
        How many epochs the run was trained.
    """
    from kgen.callbacks import read_run_state

    trained, has = read_run_state(folder.checkpoint)["epoch"], run.model.epochs_trained
    if has != trained:
        with replacing(folder.restored) as temporary:
            run.model.save(temporary)
        tell(
            f"the weights of epoch {has} were restored at the end, after epoch {trained}: "
            f"{folder.restored} has them, and is what is exported, sampled and evaluated"
        )
    return trained


def _refuse_missing_classes(run: Run) -> None:
    """A model that draws by class needs data with classes."""
    if "labels" in run.model.capabilities.get("sample", ()) and not run.data.num_classes:
        raise DataError(
            f"{type(run.model).__name__} draws by class, and {run.data.name} has no classes: load "
            "data with classes, a folder with a sub-folder per class or glyphs/letters, in the "
            'layout "labelled"'
        )
