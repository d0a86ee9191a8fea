"""The callbacks of a run, in the order in which they must come.

First what looks at the training itself (NaNs, speed), then what adds values to the logs (scores,
diversity), then what reads them: the recipe's own callbacks, the best model, TensorBoard, the
history. The clock takes the speed out of the logs before the history is written, and the
checkpoint comes last, because it keeps the state of all the others.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kgen.errors import KgenError, MetricError, RecipeError
from kgen.recipe import Run
from kgen.run_folder import RunFolder

if TYPE_CHECKING:
    import keras
    import numpy as np
    import tensorflow as tf

    from kgen.callbacks import Evaluate
    from kgen.callbacks.picture_each_epoch import PictureEachEpoch
    from kgen.datasets import Splits

SAMPLES = 64  # in a grid
HELD_OUT = 24  # images in a picture of given images: three rows of eight
COMPARED = 256  # real images that the samples' diversity is compared with
SMALLEST = 16  # validation images; with fewer, a score says nothing
SMOKE_SAMPLES = 32
FEATURES = {"features", "classifier"}  # needs of a metric that a feature network serves
POINTS = 2500  # in a picture of a density
#: The layouts whose held-out batches begin with images to compare with.
IMAGES = ("images", "labelled", "semi-supervised")


def drop_unmeasurable(run: Run, tell: Callable[[str], object]) -> None:
    """Takes metrics out of a run that its data do not allow, and says so.

    Recipes ask for metrics that suit their own data; on a handful of images, or on photographs
    where no network for these is installed, one still wants to train.

    Raises:
        MetricError: For an unknown metric, or one that the model cannot give.
    """
    from kgen.metrics.demands import check_source
    from kgen.metrics.features import find
    from kgen.metrics.registry import METRICS, parse_metrics

    if run.data.validation is None and (run.best or "").startswith("val_"):
        tell(f"no model is kept as the best by {run.best}: there are no validation images")
        run.best = None
    if not run.metrics:
        return
    names = parse_metrics(run.metrics)
    check_source(run.model, names, run.data.image_shape, run.data.layout)
    kept, reason = names, ""
    validation = run.data.sizes.get("validation", 0)
    if run.data.validation is None or validation < SMALLEST:
        kept = ()
        reason = f"{validation} validation images are too few, it takes {SMALLEST} at least"
    elif run.features == "auto" and run.data.layout in IMAGES:
        plain = tuple(name for name in names if not FEATURES & set(METRICS[name].needs))
        if plain != names:
            try:
                run.features = find("auto", run.data.image_shape)
            except MetricError as error:
                kept, reason = plain, str(error)
    if kept != names:
        dropped = [name for name in names if name not in kept]
        tell(f"{', '.join(dropped)} will not be measured while it trains: {reason}")
        run.metrics = kept
        run.best = None if run.best in dropped else run.best


def evaluation(
    run: Run, folder: RunFolder, data_dir: str | None = None, smoke: bool = False
) -> Evaluate | None:
    """The callback that takes the recipe's metrics; `None` where it asks for none.

    Args:
        run: The run.
        folder: Its folder, which gets `scores.jsonl`.
        data_dir: Where TensorFlow Datasets finds its files, for a classifier trained on such data.
        smoke: Whether it is a run of seconds, which draws few samples.

    Raises:
        MetricError: For an unknown metric, or data that it cannot be taken on.
        RecipeError: If the recipe gives an argument that is none, or is out of range.
    """
    if not run.metrics:
        return None
    from kgen.callbacks import Evaluate

    try:
        return Evaluate(
            run.data,
            run.metrics,
            every=run.evaluate_every,
            folder=folder.path,
            n=min(run.evaluation_samples, SMOKE_SAMPLES) if smoke else run.evaluation_samples,
            features=features_for(run, run.features, run.metrics, data_dir),
            **run.evaluation,
        )
    except KgenError:
        raise
    except (TypeError, ValueError) as error:  # how constructors refuse arguments
        raise RecipeError(f"the recipe's evaluation: {error}") from error


def features_for(run: Run, spec: Any, metrics: Sequence[str], data_dir: str | None) -> Any:
    """The features for an `Evaluator`: a classifier of data of its own is told where they lie."""
    from kgen.metrics.features import find
    from kgen.metrics.registry import METRICS, parse_metrics

    trained = ("classifier:", "stacked:classifier:")
    if not isinstance(spec, str) or not spec.startswith(trained) or data_dir is None:
        return spec
    wanted = {need for name in parse_metrics(metrics) for need in METRICS[name].needs}
    if not wanted & {*FEATURES, "train"}:  # it takes minutes to train
        return spec
    return find(spec, run.data.image_shape, data_dir=data_dir)


def best_model(run: Run, folder: RunFolder) -> list[keras.callbacks.Callback]:
    """The callback that keeps the best model, where there is a value to choose by.

    Raises:
        RecipeError: If nobody logs the value, or nobody knows which way of it is better.
    """
    from kgen.callbacks import BestCheckpoint
    from kgen.metrics.registry import parse_metrics

    metrics = parse_metrics(run.metrics) if run.metrics else ()
    monitor = run.best or next(iter(metrics), None)
    if monitor is None:
        return []
    _refuse_unlogged(run, monitor, metrics)
    try:
        return [BestCheckpoint(folder.best, monitor)]
    except ValueError as error:
        raise RecipeError(
            f"the best model cannot be chosen by {monitor!r} ({error}): name another value, "
            "Run(best=...)"
        ) from error


def _refuse_unlogged(run: Run, monitor: str, metrics: Sequence[str]) -> None:
    """Refuses a value that no epoch will log; what the recipe's own callbacks log is not known."""
    from kgen.metrics.registry import METRICS

    trackers = getattr(run.model, "trackers", None)
    if run.callbacks or trackers is None:
        return
    losses = [*trackers, *(f"val_{name}" for name in trackers if run.validate)]
    loss = monitor.endswith("loss")
    if (monitor in METRICS and monitor not in metrics) or (loss and monitor not in losses):
        known = ", ".join([*metrics, *losses])
        unseen = monitor.startswith("val_") and not run.validate
        hint = "set Run(validate=True), or " if unseen else ""
        raise RecipeError(
            f"the best model cannot be chosen by {monitor!r}, which no epoch logs: {hint}name one "
            f"of {known}, or add it to Run(metrics=...)"
        )


def assemble(
    run: Run,
    folder: RunFolder,
    evaluate: Evaluate | None,
    options: Mapping[str, Any],
    resume: str | None = None,
) -> tuple[list[keras.callbacks.Callback], tf.data.Dataset]:
    """All callbacks of a run, and the training data as the speed is measured on them.

    Args:
        run: The run.
        folder: Its folder.
        evaluate: What `evaluation` gave.
        options: The recipe's options, as TensorBoard's hyperparameters.
        resume: The command that goes on with the run, said after Ctrl-C.
    """
    from kgen import callbacks
    from kgen.run_sessions import SessionClock

    speed = callbacks.Throughput()
    drawn = pictures(run, folder.path)
    extra = run.callbacks(folder.path) if callable(run.callbacks) else run.callbacks
    others = [
        callbacks.NaNGuard(),
        speed,
        *([evaluate] if evaluate else []),
        *collapse_monitor(run),
        *drawn,
        *extra,
        *best_model(run, folder),
        *_tensorboard(folder, drawn, options),
        SessionClock(folder.path),
        callbacks.HistoryFile(folder.path),
    ]
    checkpoint = callbacks.Checkpoint(folder.checkpoint, others=others, resume=resume)
    data = speed.watch(run.data.train) if _one_device(run.model) else run.data.train
    return [*others, checkpoint], data


def collapse_monitor(run: Run) -> list[keras.callbacks.Callback]:
    """The monitor of the samples' diversity, for models with a generator and its judge."""
    can = run.model.capabilities
    pictures = run.data.layout in IMAGES and not of_rows(run.data)
    if not {"sample", "discriminate"} <= can.keys() or not pictures:
        return []
    from kgen.callbacks import CollapseMonitor

    images, *labels = held_out(run.data, COMPARED)
    if len(images) < 2:
        return []
    return [CollapseMonitor(images, labels[0] if "labels" in can["sample"] else None)]


def of_rows(data: Splits) -> bool:
    """Whether the examples are rows of numbers, such as the nodes of a graph, and no pictures."""
    return data.layout == "semi-supervised" and len(data.image_shape) == 1


def _tensorboard(
    folder: RunFolder, drawn: Sequence[keras.callbacks.Callback], options: Mapping[str, Any]
) -> list[keras.callbacks.Callback]:
    import importlib.util

    if importlib.util.find_spec("tensorboard") is None:
        return []
    from kgen.callbacks import TensorBoard

    return [TensorBoard(folder.path, drawn, options)]


def _one_device(model: keras.Model) -> bool:
    """Whether one process feeds one device; several read ahead, and their waiting says nothing."""
    import keras

    strategy = getattr(model, "distribute_strategy", None)
    replicas = strategy.num_replicas_in_sync if strategy else 1
    return replicas == 1 and keras.distribution.distribution() is None


def pictures(run: Run, folder: Path) -> list[keras.callbacks.Callback]:
    """The pictures, or texts, that the model's capabilities and the data's layout allow."""
    from kgen import callbacks

    can = run.model.capabilities
    rows = of_rows(run.data)
    drawn = []
    if "sample" in can and run.data.layout == "points":
        drawn.append(callbacks.Density(folder, held_out(run.data, POINTS)[0]))
    elif "sample" in can and run.data.layout == "tokens":
        drawn.append(callbacks.SampleTexts(folder, SAMPLES))
    elif "sample" in can and "features" not in can["sample"] and not rows:
        labels = None
        if "labels" in can["sample"]:
            labels = [i % run.data.num_classes for i in range(SAMPLES)]
        drawn.append(callbacks.SampleGrid(folder, SAMPLES, labels=labels))
    elif "sample" in can and run.data.layout == "features":
        conditions = held_out(run.data)[1]
        given = conditions if isinstance(conditions, dict) else {"features": conditions}
        drawn.append(callbacks.SampleGrid(folder, len(given["features"]), **given))
    elif "translate" in can:
        drawn += translations(run.model, run.data, folder)
    if "reconstruct" in can and run.data.layout in IMAGES:
        images, *labels = held_out(run.data)
        given = {"labels": labels[0]} if "labels" in can["reconstruct"] else {}
        drawn.append(callbacks.Reconstructions(folder, images, **given))
    return drawn


def translations(
    model: keras.Model, data: Splits, folder: Path, count: int | None = None, split="validation"
) -> list[PictureEachEpoch]:
    """The picture of a model that translates, if it can translate such data.

    Args:
        model: Has the capability `translate`.
        data: What is translated.
        folder: The run's.
        count: How many images of each side; by default what suits the picture.
        split: Where they are from.
    """
    import numpy as np

    from kgen import callbacks

    if "labels" in model.capabilities["translate"]:
        if not data.num_classes:
            return []
        domains = range(data.num_classes)
        labels = np.eye(len(domains)) if data.layout == "attributes" else domains
        columns = callbacks.DomainTranslations.columns
        images, own = (
            part[: count or columns] for part in held_out(data, count or HELD_OUT, split)
        )
        return [callbacks.DomainTranslations(folder, images, labels, own=own)]
    if data.layout not in ("paired", "unpaired"):
        return []
    a, b = held_out(data, count or HELD_OUT, split)
    if data.layout == "paired":
        return [callbacks.Translations(folder, {"b": a}, targets={"b": b})]
    return [callbacks.Translations(folder, {"b": a, "a": b}, back={"b": "a", "a": "b"})]


def held_out(data: Splits, count: int = HELD_OUT, split: str = "validation") -> list[np.ndarray]:
    """So many images from all over a split, or the training data, and what comes with them."""
    import numpy as np
    from keras import tree

    dataset = getattr(data, split)
    dataset = data.train if dataset is None else dataset
    # Neighbours are often alike, so a few are taken from each of several batches.
    batches = min(count, max(1, int(dataset.cardinality())))
    each = math.ceil(count / batches)
    taken = []
    for batch in dataset.shard(max(1, int(dataset.cardinality()) // batches), 0).take(batches):
        parts = batch if isinstance(batch, tuple) else (batch,)
        taken.append(tree.map_structure(lambda part: np.asarray(part)[:each], list(parts)))
    return tree.map_structure(lambda *parts: np.concatenate(parts)[:count], *taken)
