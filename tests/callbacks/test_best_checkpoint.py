import json
import zipfile

import keras
import numpy as np
import pytest

from kgen.callbacks import BestCheckpoint, Checkpoint, Evaluate, load_checkpoint
from kgen.callbacks.checkpoint import read_run_state
from kgen.errors import CheckpointError, MetricError
from tests.metrics.toys import FixedFeatures


class Say(keras.callbacks.Callback):
    """Puts given values into the logs, one an epoch."""

    def __init__(self, *values, name="fid"):
        super().__init__()
        self.values, self.name = values, name

    def on_epoch_end(self, epoch, logs=None):
        logs[self.name] = self.values[epoch]


@pytest.mark.core
def test_the_best_epoch_is_kept_when_quality_falls(make_fading, fit_on, splits, tmp_path, capsys):
    """By Keras's callbacks and by ours, on an FID that `Evaluate` measures."""
    inception = FixedFeatures("inception-2015-12-05, in a test's stead")
    stopping = keras.callbacks.EarlyStopping("fid", mode="min", patience=2)
    callbacks = [
        Evaluate(splits, "fid", features=inception, n=128, folder=tmp_path),
        stopping,
        keras.callbacks.ModelCheckpoint(
            tmp_path / "keras.keras", monitor="fid", mode="min", save_best_only=True
        ),
        BestCheckpoint(tmp_path / "best.keras", "fid"),
    ]
    history = fit_on(make_fading(peak=3), 9, callbacks).history["fid"]
    assert np.argmin(history) == 2 and history[0] > 1.5 * history[2] < history[4] / 1.5
    assert len(history) == 5 and stopping.stopped_epoch == 4 and stopping.best_epoch == 2
    kept = [keras.models.load_model(tmp_path / name) for name in ("keras.keras", "best.keras")]
    assert [model.epochs_trained for model in kept] == [3, 3]
    assert f"best fid: {history[2]:.5g} after epoch 3, {tmp_path}" in capsys.readouterr().out
    assert load_checkpoint(tmp_path / "best.keras").epochs_trained == 3
    with pytest.raises(CheckpointError, match="no checkpoint of a run"):
        read_run_state(tmp_path / "best.keras")


@pytest.mark.parametrize(
    ("monitor", "mode", "values", "best"),
    [
        ("fid", None, (3.0, 2.0, 2.0, 4.0), 2),  # the first of two equal ones
        ("precision", None, (0.3, 0.9, 0.2, 0.9), 2),
        ("val_generator_loss", None, (3.0, 2.0, 1.0, 4.0), 3),
        ("mine", "max", (3.0, 2.0, 1.0, 4.0), 4),
        ("fid", None, (float("nan"), 5.0, float("-inf"), 6.0), 2),
    ],
)
def test_which_way_is_better(monitor, mode, values, best, make_fading, fit_on, tmp_path):
    callback = BestCheckpoint(tmp_path / "best.keras", monitor, mode)
    fit_on(make_fading(), 4, [Say(*values, name=monitor), callback])
    assert (callback.best, callback.best_epoch) == (values[best - 1], best)
    assert keras.models.load_model(tmp_path / "best.keras").epochs_trained == best


def test_a_resumed_run_remembers_the_best(make_fading, fit_on, tmp_path):
    def callbacks(*values):
        best = BestCheckpoint(tmp_path / "best.keras", "fid")
        return [Say(*values), best, Checkpoint(tmp_path / "checkpoint.keras", others=[best])]

    fit_on(make_fading(), 2, callbacks(3.0, 5.0))
    resumed = load_checkpoint(tmp_path / "checkpoint.keras")
    again = callbacks(None, None, 4.0, 2.0)
    fit_on(resumed, 3, again)
    assert (again[1].best, again[1].best_epoch) == (3.0, 1)
    assert keras.models.load_model(tmp_path / "best.keras").epochs_trained == 1
    fit_on(resumed, 4, callbacks(None, None, None, 2.0))
    assert keras.models.load_model(tmp_path / "best.keras").epochs_trained == 4
    assert not list(tmp_path.glob("*aside*"))


def test_a_resumed_run_that_chooses_by_another_value(make_fading, fit_on, tmp_path, capsys):
    def callbacks(name, *values):
        best = BestCheckpoint(tmp_path / "best.keras", name)
        checkpoint = Checkpoint(tmp_path / "checkpoint.keras", others=[best])
        return [Say(*values, name=name), best, checkpoint]

    fit_on(make_fading(), 1, callbacks("fid", 0.5))
    again = callbacks("kid", None, 3.0)  # no better than 0.5, which was of another value
    fit_on(load_checkpoint(tmp_path / "checkpoint.keras"), 2, again)
    assert (again[1].best, again[1].best_epoch) == (3.0, 2)
    assert "is now best.aside.keras" in capsys.readouterr().out
    epochs = {"best.keras": 2, "best.aside.keras": 1}
    for name, epoch in epochs.items():
        assert keras.models.load_model(tmp_path / name).epochs_trained == epoch


def test_killed_between_the_best_model_and_its_checkpoint(make_fading, fit_on, tmp_path):
    def callbacks(*values, kill=None):
        def stop(epoch, logs=None):
            if epoch == kill:
                raise KeyboardInterrupt

        best = BestCheckpoint(tmp_path / "best.keras", "fid")
        killer = keras.callbacks.LambdaCallback(on_epoch_end=stop)
        checkpoint = Checkpoint(tmp_path / "checkpoint.keras", others=[best])
        return [Say(*values), best, killer, checkpoint]

    for kill in (0, 1):  # also before the first checkpoint that knows of a best model
        with pytest.raises(KeyboardInterrupt):
            path = tmp_path / "checkpoint.keras"
            model = load_checkpoint(path) if path.exists() else make_fading()
            fit_on(model, 3, callbacks(3.0, 2.0, 4.0, kill=kill))
    again = callbacks(3.0, 2.0, 4.0)
    fit_on(load_checkpoint(tmp_path / "checkpoint.keras"), 3, again)
    assert (again[1].best, again[1].best_epoch) == (2.0, 2)
    assert keras.models.load_model(tmp_path / "best.keras").epochs_trained == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["best.keras", "checkpoint.keras"]


def test_what_is_remembered_is_what_the_file_holds(make_fading, fit_on, tmp_path):
    """A killed run has replaced the file, and the epoch turns out worse when trained again."""

    def callbacks(*values):
        best = BestCheckpoint(tmp_path / "best.keras", "fid")
        return [Say(*values), best, Checkpoint(tmp_path / "checkpoint.keras", others=[best])]

    fit_on(make_fading(), 1, callbacks(3.0))
    killed = load_checkpoint(tmp_path / "checkpoint.keras")
    fit_on(killed, 2, callbacks(None, 2.0)[:2])
    again = callbacks(None, 3.5)
    fit_on(load_checkpoint(tmp_path / "checkpoint.keras"), 2, again)
    with zipfile.ZipFile(tmp_path / "best.keras") as archive:
        kept = json.loads(archive.read("kgen_best.json"))
    assert kept == {"monitor": "fid", "value": 3.5, "epoch": 2}
    assert again[1].get_run_state() == {"value": 3.5, "epoch": 2}


def test_a_file_of_another_training_is_put_aside(make_fading, fit_on, tmp_path, capsys):
    path = tmp_path / "best.keras"
    for values in ((1.0,), (5.0,), (6.0,)):
        fit_on(make_fading(), 1, [Say(*values), BestCheckpoint(path, "fid")])
    assert "was of another training, and is now best.aside.keras" in capsys.readouterr().out
    values = []
    for name in ("best.aside.keras", "best.aside1.keras", "best.keras"):
        with zipfile.ZipFile(tmp_path / name) as archive:
            values.append(json.loads(archive.read("kgen_best.json"))["value"])
    assert values == [1.0, 5.0, 6.0]


def test_a_training_that_goes_on_without_checkpoint_asks_the_file(make_fading, fit_on, tmp_path):
    model, path = make_fading(), tmp_path / "best.keras"
    fit_on(model, 2, [Say(1.0, 2.0), BestCheckpoint(path, "fid")])
    fit_on(model, 3, [Say(0.0, 0.0, 1.5), BestCheckpoint(path, "fid")])
    assert keras.models.load_model(path).epochs_trained == 1


def test_a_failed_save_leaves_the_old_file(make_fading, fit_on, tmp_path, monkeypatch):
    model, path = make_fading(), tmp_path / "best.keras"
    fit_on(model, 1, [Say(2.0), BestCheckpoint(path, "fid")])
    kept = path.read_bytes()

    def fail(place):
        place.write_bytes(b"half a model")
        raise OSError("disk full")

    monkeypatch.setattr(model, "save", fail)
    with pytest.raises(OSError, match="disk full"):
        fit_on(model, 2, [Say(0.0, 1.0), BestCheckpoint(path, "fid")])
    assert path.read_bytes() == kept
    assert [file.name for file in tmp_path.iterdir()] == ["best.keras"]


def test_refusals(make_fading, fit_on, tmp_path):
    with pytest.raises(ValueError, match=r"must end in \.keras"):
        BestCheckpoint(tmp_path / "best.h5", "fid")
    with pytest.raises(ValueError, match="which of my_score is better"):
        BestCheckpoint(tmp_path / "best.keras", "my_score")
    with pytest.raises(ValueError, match="which of ms_ssim is better"):  # neither way
        BestCheckpoint(tmp_path / "best.keras", "ms_ssim")
    with pytest.raises(MetricError, match=r"^the logs lack 'fid': .* monitor one of loss$"):
        fit_on(make_fading(), 1, [BestCheckpoint(tmp_path / "best.keras", "fid")])
    make_fading().save(tmp_path / "mine.keras")
    with pytest.raises(CheckpointError, match="was not written by BestCheckpoint"):
        fit_on(make_fading(), 1, [Say(1.0), BestCheckpoint(tmp_path / "mine.keras", "fid")])
