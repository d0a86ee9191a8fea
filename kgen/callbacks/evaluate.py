"""Scores while a model trains, where other callbacks can see them."""

from __future__ import annotations

import contextlib
import math
import os
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from kgen import scores_file
from kgen.errors import MetricError
from kgen.metrics.demands import check_source
from kgen.metrics.score import Score

if TYPE_CHECKING:
    from kgen.datasets import Splits


class Evaluate(keras.callbacks.Callback):
    """Measures the model on the validation split, and puts the values into the epoch's logs.

    It measures after the model's first epoch, after each `every`-th and after the last one that
    `fit` was asked for. Each value stands in the logs under the metric's name, so that a
    `BestCheckpoint`, Keras's `ModelCheckpoint(monitor="fid", mode="min")` and `EarlyStopping`,
    given later in the list, just work. In between the last value is repeated, which is no
    improvement to them; their patience counts epochs. Which epoch one of them stops at is not known
    when it is this callback's turn, so the last epoch is measured then only if it is due. A model
    with a moving average of its weights is measured with it, because it samples with it.

    Choosing the best of many models on the test split would make its score too good, so only the
    validation split is taken here. Measure the chosen model on the test split once, at the end.

    Measuring changes nothing in the training: samples have seeds of their own.

    Args:
        evaluator: A `kgen.metrics.Evaluator` of the validation split, or any function of the model
            that returns `Score`s; or the data, for which an `Evaluator` is made.
        metrics: With data: which metrics, by the keys of `kgen.metrics.METRICS`.
        every: Measure after each `every`-th epoch.
        folder: The run's folder: scores are added to `<folder>/scores.jsonl`. A training that
            goes on from an earlier epoch drops what a training has measured of later ones; scores
            of `kgen evaluate` stay. `None` writes no file.
        n: With data: how many samples, and how many real images at most.
        **options: With data: further arguments of `Evaluator`, such as `features` and `seed`.

    Raises:
        CheckpointError: At the start of training, if `scores.jsonl` holds a line that is no score.
        MetricError: For the test split; at the start of training for a metric that the model cannot
            give; at the end of an epoch for a value that is not finite, or
            a metric that is called as one of the model's losses.

    Example:

        model.fit(data.train, epochs=20, callbacks=[
            Evaluate(data, ["fd", "precision", "recall"], every=2, folder="run"),
            BestCheckpoint("run/best.keras", "fd"),
        ])
    """

    def __init__(
        self,
        evaluator: Callable[[keras.Model], Sequence[Score]] | Splits,
        metrics: str | Sequence[str] | None = None,
        every: int = 1,
        folder: str | os.PathLike | None = None,
        n: int | None = None,
        **options: Any,
    ):
        super().__init__()
        if every < 1:
            raise ValueError(f"every={every}: measure after every 1st, 2nd, ... epoch")
        if callable(evaluator):
            given = {"metrics": metrics, "n": n, **options}
            if unused := [name for name, value in given.items() if value is not None]:
                raise ValueError(f"{', '.join(unused)}: give these to the evaluator itself")
        else:
            evaluator = _evaluator(evaluator, metrics, 2_000 if n is None else n, options)
        _refuse_other_splits(getattr(evaluator, "split", None))
        self.evaluator = evaluator
        self.every = every
        self.path = None if folder is None else Path(folder) / scores_file.NAME
        self._values: dict[str, float] = {}

    def on_train_begin(self, logs=None):
        """Refuses what the model cannot give, and drops scores of epochs that it has not seen."""
        from kgen.metrics.evaluation import Evaluator

        if isinstance(self.evaluator, Evaluator):
            check_source(self.model, self.evaluator.metrics, None)
        self._values = {}
        if self.path and (dropped := scores_file.drop_unseen(self.path, self.model.epochs_trained)):
            print(
                f"{self.path}: {dropped} scores of epochs after {self.model.epochs_trained} are "
                "dropped, which are trained again"
            )

    def on_epoch_end(self, epoch, logs=None):
        """Measures where it is time, and completes the logs."""
        if self._is_due(epoch):
            with _global_randomness_kept():
                scores = list(self.evaluator(self.model))
            for score in scores:
                self._check(score)
            self._values = {score.metric: float(score.value) for score in scores}
            if self.path:
                scores_file.append_scores(
                    self.path, scores, self.model.epochs_trained, while_training=True
                )
        if logs is None:
            return
        if taken := sorted(self._values.keys() & logs.keys()):
            raise MetricError(
                f"{', '.join(taken)} is in the logs already, as a loss or by another Evaluate: "
                "leave it out of the metrics"
            )
        logs.update(self._values)

    def get_run_state(self) -> dict:
        """What a `Checkpoint` keeps of this callback: the last values."""
        return {"values": self._values}

    def set_run_state(self, state: dict) -> None:
        """Takes the values of the checkpoint."""
        self._values = state["values"]

    def _is_due(self, epoch):
        trained = self.model.epochs_trained
        last = self.model.stop_training or epoch + 1 == (self.params or {}).get("epochs")
        return not self._values or trained == 1 or trained % self.every == 0 or last

    def _check(self, score):
        _refuse_other_splits(score.split)
        if not math.isfinite(score.value):
            raise MetricError(
                f"{score.metric} is {score.value} after epoch {self.model.epochs_trained}: "
                "look at the samples, or leave it out of the metrics"
            )


def _evaluator(data, metrics, n, options):
    from kgen.metrics.evaluation import Evaluator

    split = options.pop("split", "validation")
    _refuse_other_splits(split)
    return Evaluator(data, ("fd",) if metrics is None else metrics, n=n, split=split, **options)


def _refuse_other_splits(split):
    if split not in (None, "validation"):
        raise MetricError(
            f"Evaluate takes the validation split, not {split!r}: the best of many models on the "
            "test split scores better there than on new data, and on the training split copies "
            'score best; make the evaluator with split="validation"'
        )


@contextlib.contextmanager
def _global_randomness_kept():
    """A user's data may be drawn with Python's or NumPy's global generator: both stay put."""
    states = random.getstate(), np.random.get_state()  # noqa: NPY002  it is the user's
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002
