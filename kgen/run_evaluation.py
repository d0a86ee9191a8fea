"""Measuring a trained run: its model, on the data of its recipe."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from kgen.errors import CheckpointError, MetricError, RecipeError
from kgen.recipe import Recipe, find
from kgen.run_callbacks import features_for
from kgen.run_folder import RunFolder
from kgen.scores_file import Measured, append_scores

#: `kgen.callbacks.Evaluate` draws with seed 0; what is reported should be of fresh samples.
FRESH_SEED = 1
#: The capabilities that there are metrics of.
MEASURABLE = {"sample", "reconstruct", "log_prob", "translate"}


def evaluate(
    run: str | os.PathLike,
    metrics: str | Sequence[str] = ("fd", "precision", "recall"),
    *,
    n: int = 10_000,
    split: str = "test",
    features: Any = None,
    seed: int = FRESH_SEED,
    data_dir: str | None = None,
    best: bool = False,
    log_prob_samples: int | None = None,
    nearest: bool = True,
    tell: Callable[[str], object] = print,
) -> list[Measured]:
    """Measures the model of a run folder, and adds the scores to its `scores.jsonl`.

    The data are those of the run's recipe with the run's options. Beside other metrics stands
    `nearest_train`, because copies of the training images would score well in most of them.

    Args:
        run: The run folder.
        metrics: Keys of `kgen.metrics.METRICS`.
        n: Samples, and real images at most.
        split: `"test"`, `"validation"` or `"train"`.
        features: The feature network; by default that of the recipe.
        seed: The seed of the samples.
        data_dir: Where TensorFlow Datasets finds its files, if no longer where the run found them.
        best: Measure `best.keras`, the model that the validation split chose, and not the one the
            run ended with.
        log_prob_samples: Importance samples of `nll`, where the model's likelihood is a bound that
            takes them; by default as many as it takes itself.
        nearest: Whether to add `nearest_train` where samples are measured.
        tell: Takes each line for the user.

    Returns:
        The scores, each with the epochs that the model had been trained for.

    Raises:
        RecipeError: If the folder holds no run, or its recipe is gone.
        CheckpointError: If there is no such model in it, or one of its files cannot be read.
        MetricError: If a metric is unknown or cannot be taken, or importance samples are told to a
            model that takes none.
        DataError: If the data are not to be had.

    Example:

        kgen.run_evaluation.evaluate("runs/dcgan_glyphs", "fd,pr")
    """
    from kgen.metrics import Evaluator, parse_metrics
    from kgen.metrics.demands import check_source
    from kgen.metrics.registry import METRICS
    from kgen.run import build, load, tell_skipped

    folder = RunFolder(Path(run))
    recipe = recipe_of(folder)
    names = parse_metrics(metrics)
    folder.read_scores()  # what is measured could not be added to a damaged file
    model = load(best_of(folder) if best else folder.path)
    if not MEASURABLE & model.capabilities.keys():
        raise MetricError(
            f"the model of {run} can {', '.join(model.capabilities)}, and metrics are of what it "
            f"can {', '.join(sorted(MEASURABLE))}: look at the pictures in its folder"
        )
    if log_prob_samples is not None:
        _check_importance(model, names)
    check_source(model, names, None)  # before data are loaded and features trained for it
    if edited := [line for line in folder.changes(recipe) if line.endswith("edited")]:
        tell(f"the data may not be those that the run was trained on: {'; '.join(edited)}")

    options = folder.resumed_options(recipe, {})
    if data_dir is not None:
        recipe.check(["data_dir"])
        options["data_dir"] = data_dir
    built = build(recipe, options)
    tell_skipped(built.data.skipped, tell, folder.summary)
    images = built.data.layout not in ("points", "tokens")
    of_samples = any("sample" in METRICS[name].needs for name in names)
    if nearest and images and of_samples and "sample" in model.capabilities:
        names = tuple(dict.fromkeys((*names, "nearest_train")))
    chosen = built.features if features is None else features
    chosen = features_for(built, chosen, names, options.get("data_dir"))
    protocol = {**built.evaluation, "n": n, "split": split, "features": chosen, "seed": seed}
    if log_prob_samples is not None:
        protocol["log_prob_samples"] = log_prob_samples
    evaluator = Evaluator(built.data, names, **protocol)
    scores = evaluator(model)
    ended_with = "last" if folder.model == folder.checkpoint else "restored"
    which = "best" if best else ended_with
    append_scores(folder.scores, scores, model.epochs_trained, model=which)
    return [Measured(model.epochs_trained, score, model=which) for score in scores]


def _check_importance(model: Any, names: Sequence[str]) -> None:
    """Refuses a number of importance samples that nothing would take."""
    if "nll" not in names:
        raise MetricError("importance samples are of nll: name it among the metrics")
    if "samples" not in model.capabilities.get("log_prob", ()):
        raise MetricError(
            f"the likelihood of {type(model).__name__} takes no importance samples: leave their "
            "number out"
        )


def recipe_of(folder: RunFolder) -> Recipe:
    """The recipe that a run was started with.

    Raises:
        RecipeError: If the folder holds no run, or its recipe is gone.
    """
    config = folder.read_config()
    if own_file := config["recipe_file"]:
        if not Path(own_file).is_file():
            raise RecipeError(
                f"{folder.path} was trained by {own_file}, which is gone: put the recipe back there"
            )
        return find(Path(own_file))
    return find(config["recipe"])


def best_of(folder: RunFolder) -> Path:
    """The best model of a run.

    Raises:
        CheckpointError: If it has none.
    """
    if not folder.best.exists():
        raise CheckpointError(
            f"{folder.path} has no {folder.best.name}: its recipe takes no metric while it trains; "
            "leave --best out to measure the last model"
        )
    return folder.best
