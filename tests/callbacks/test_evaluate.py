import random

import keras
import numpy as np
import pytest

from kgen.callbacks import Checkpoint, Evaluate, HistoryFile, load_checkpoint
from kgen.errors import CheckpointError, MetricError
from kgen.metrics import Evaluator, Score
from kgen.scores_file import Measured, append_scores, read_scores
from tests.metrics.toys import FixedFeatures


def by_epoch(split="validation"):
    """An evaluator whose value is 10 times the epochs trained."""
    return lambda model: [Score(metric="fd", value=10.0 * model.epochs_trained, split=split)]


def same_weights(a, b):
    for x, y in zip(a.variables, b.variables, strict=True):
        np.testing.assert_array_equal(
            keras.ops.convert_to_numpy(x), keras.ops.convert_to_numpy(y), err_msg=x.path
        )


def test_after_the_first_each_every_th_and_the_last_epoch(make_fading, fit_on, tmp_path):
    history = fit_on(make_fading(), 8, [Evaluate(by_epoch(), every=3, folder=tmp_path)]).history
    assert history["fd"] == [10, 10, 30, 30, 30, 60, 60, 80]  # repeated in between
    rows = read_scores(tmp_path / "scores.jsonl")
    assert rows == [
        Measured(epoch, Score(metric="fd", value=10.0 * epoch, split="validation"), True)
        for epoch in (1, 3, 6, 8)
    ]


def test_the_values_are_those_of_an_evaluator_of_the_validation_split(make_fading, fit_on, splits):
    model = make_fading()
    evaluate = Evaluate(splits, "fd,sliced_wasserstein", features=FixedFeatures(), n=32, seed=5)
    history = fit_on(model, 1, [evaluate]).history
    own = Evaluator(
        splits, ["fd", "sliced_wasserstein"], split="validation", n=32, seed=5,
        features=FixedFeatures(),
    )  # fmt: skip
    for score in own(model):
        assert history[score.metric] == [score.value]
    assert evaluate.evaluator.split == "validation" and score.split == "validation"


@pytest.mark.core
def test_measuring_leaves_the_training_as_it_was(make_fading, fit_on, splits):
    def careless(model):
        random.random(), np.random.random()  # noqa: NPY002  as third-party metrics do
        return Evaluator(splits, "fd", split="validation", n=16, features=FixedFeatures())(model)

    models, draws = [make_fading(), make_fading()], []
    for model, callbacks in zip(models, ([Evaluate(careless)], []), strict=True):
        random.seed(3), np.random.seed(3)  # noqa: NPY002
        fit_on(model, 2, callbacks)
        draws.append((random.random(), np.random.random()))  # noqa: NPY002
    same_weights(*models)
    assert draws[0] == draws[1]


@pytest.mark.core
def test_a_resumed_run_is_the_uninterrupted_one(make_fading, fit_on, tmp_path):
    def callbacks(run):
        others = [Evaluate(by_epoch(), every=3, folder=tmp_path / run), HistoryFile(tmp_path / run)]
        return [*others, Checkpoint(tmp_path / run / "checkpoint.keras", others=others)]

    whole, part = make_fading(), make_fading()
    fit_on(whole, 7, callbacks("whole"))
    fit_on(part, 5, callbacks("part"))  # an evaluation, the last one, that `whole` does not have
    scores = tmp_path / "part" / "scores.jsonl"
    append_scores(scores, [Score(metric="fd", value=9.0, split="validation")], 6, True)  # killed
    append_scores(scores, [Score(metric="fd", value=8.0, split="test")], 6)
    resumed = load_checkpoint(tmp_path / "part" / "checkpoint.keras")
    fit_on(resumed, 7, callbacks("part"))
    same_weights(whole, resumed)
    rows = [(one.epoch, one.score.split, one.score.value) for one in read_scores(scores)]
    assert rows == [
        (1, "validation", 10), (3, "validation", 30), (5, "validation", 50), (6, "test", 8.0),
        (6, "validation", 60), (7, "validation", 70),
    ]  # fmt: skip
    assert len({row[:2] for row in rows}) == len(rows)


def test_values_between_evaluations_survive_a_resume(make_fading, fit_on, tmp_path):
    def callbacks():
        evaluate = Evaluate(by_epoch(), every=100)
        return [evaluate, Checkpoint(tmp_path / "checkpoint.keras", others=[evaluate])]

    class StopAfter(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit_on(make_fading(), 4, [*callbacks(), StopAfter()])
    resumed = load_checkpoint(tmp_path / "checkpoint.keras")
    assert resumed.epochs_trained == 2
    assert fit_on(resumed, 4, callbacks()).history["fd"] == [10, 40]


def test_what_is_dropped_is_said(make_fading, fit_on, tmp_path, capsys):
    fit_on(make_fading(), 2, [Evaluate(by_epoch(), folder=tmp_path)])
    fit_on(make_fading(), 1, [Evaluate(by_epoch(), folder=tmp_path)])
    assert "2 scores of epochs after 0 are dropped" in capsys.readouterr().out
    assert [row.epoch for row in read_scores(tmp_path / "scores.jsonl")] == [1]


def test_a_damaged_file_is_refused_before_anything_is_trained(make_fading, fit_on, tmp_path):
    (tmp_path / "scores.jsonl").write_text('{"metric": "f\n')
    model = make_fading()
    with pytest.raises(CheckpointError, match=r"line 1 is no score"):
        fit_on(model, 1, [Evaluate(by_epoch(), folder=tmp_path)])
    assert model.steps_trained == 0


def test_the_epoch_that_another_callback_stops_at(make_fading, fit_on, tmp_path):
    stop = keras.callbacks.EarlyStopping("fd", mode="min", patience=1)  # 10 twice: after 2 epochs
    fit_on(make_fading(), 9, [Evaluate(by_epoch(), every=3, folder=tmp_path), stop])
    assert stop.stopped_epoch == 1
    assert [row.epoch for row in read_scores(tmp_path / "scores.jsonl")] == [1]


@pytest.mark.parametrize("split", ["test", "train"])
def test_other_splits_are_refused(split, splits, make_fading, fit_on):
    options = {"split": split, "features": FixedFeatures()}
    with pytest.raises(MetricError, match=f"takes the validation split, not '{split}'"):
        Evaluate(splits, "fd", **options)
    with pytest.raises(MetricError, match="takes the validation split"):
        Evaluate(Evaluator(splits, "fd", **options))
    with pytest.raises(MetricError, match="takes the validation split"):
        fit_on(make_fading(), 1, [Evaluate(by_epoch(split))])


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_value_that_is_no_number_stops(value, make_fading, fit_on, tmp_path):
    evaluate = Evaluate(lambda model: [Score(metric="fd", value=value)], folder=tmp_path)
    with pytest.raises(MetricError, match=f"^fd is {value} after epoch 1: "):
        fit_on(make_fading(), 1, [evaluate])
    assert not (tmp_path / "scores.jsonl").exists()


def test_a_metric_does_not_hide_a_loss(make_fading, fit_on):
    evaluate = Evaluate(lambda model: [Score(metric="loss", value=1.0)])
    with pytest.raises(MetricError, match=r"^loss is in the logs already"):
        fit_on(make_fading(), 1, [evaluate])


def test_arguments_of_an_evaluator_are_its_own(splits):
    with pytest.raises(ValueError, match=r"^metrics, seed: give these to the evaluator"):
        Evaluate(by_epoch(), metrics="fd", seed=3)
    with pytest.raises(ValueError, match="every=0"):
        Evaluate(by_epoch(), every=0)


def test_what_the_model_cannot_give_is_refused_before_anything_is_trained(
    make_fading, fit_on, splits, tmp_path
):
    model = make_fading()
    with pytest.raises(MetricError, match="Fading has no likelihood, so it has no nll"):
        fit_on(model, 1, [Evaluate(splits, "nll", folder=tmp_path)])
    assert model.epochs_trained == 0 and not list(tmp_path.iterdir())
