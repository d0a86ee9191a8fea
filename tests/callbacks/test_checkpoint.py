import os
import signal
import zipfile

import keras
import numpy as np
import pytest

from kgen.callbacks import Checkpoint, HistoryFile
from kgen.callbacks.checkpoint import load_checkpoint, read_run_state
from kgen.errors import CheckpointError


def assert_same(a, b):
    """Every weight, seed and counter, and every optimizer's slots."""
    pairs = [*zip(a.variables, b.variables, strict=True)]
    pairs += zip(a.optimizer.variables, b.optimizer.variables, strict=True)
    assert len(pairs) > 20
    for x, y in pairs:
        np.testing.assert_array_equal(x, y, err_msg=x.path)


def callbacks(folder):
    stopping = keras.callbacks.EarlyStopping("generator_loss", mode="min", patience=99)
    others = [stopping, HistoryFile(folder)]
    return [*others, Checkpoint(folder / "checkpoint.keras", others=others)]


def test_a_resumed_training_is_the_uninterrupted_one(make_model, fit, tmp_path):
    whole, part = make_model(), make_model()
    fit(whole, 4, callbacks(tmp_path / "whole"))
    fit(part, 2, callbacks(tmp_path / "part"))
    with open(tmp_path / "part" / "history.csv", "a") as file:
        file.write("3,0.5,0.5,0.5,0.5\n")  # as if killed between the history and the checkpoint
    resumed = load_checkpoint(tmp_path / "part" / "checkpoint.keras")
    assert resumed.epochs_trained == 2
    fit(resumed, 4, callbacks(tmp_path / "part"))
    assert_same(whole, resumed)
    histories = [(tmp_path / run / "history.csv").read_text() for run in ("whole", "part")]
    assert histories[0] == histories[1]
    states = [read_run_state(tmp_path / run / "checkpoint.keras") for run in ("whole", "part")]
    assert states[0] == states[1]
    assert states[0]["callbacks"]["EarlyStopping.1"]["best"] is not None
    assert (states[0]["epoch"], states[0]["until"], states[0]["stopped"]) == (4, 4, False)


def test_there_is_a_checkpoint_before_the_first_epoch(make_model, fit, tmp_path):
    path = tmp_path / "checkpoint.keras"
    seen = []
    look = keras.callbacks.LambdaCallback(
        on_train_batch_begin=lambda *_, **__: seen.append(read_run_state(path)["epoch"])
    )
    fit(make_model(), 1, [look, Checkpoint(path)])
    assert seen == [0, 0, 0]
    assert read_run_state(path)["epoch"] == 1
    assert [file.name for file in tmp_path.iterdir()] == ["checkpoint.keras"]


def test_another_model_does_not_overwrite_it(make_model, fit, tmp_path):
    path = tmp_path / "checkpoint.keras"
    fit(make_model(), 1, [Checkpoint(path)])
    kept = path.read_bytes()
    with pytest.raises(CheckpointError, match=r"holds a run of 1 epochs.*has 0: load"):
        fit(make_model(), 1, [Checkpoint(path)])
    assert path.read_bytes() == kept


def test_what_callbacks_have_learned_is_restored(make_model, tmp_path):
    def learned():
        return [
            keras.callbacks.EarlyStopping("loss", patience=5, restore_best_weights=True),
            keras.callbacks.ModelCheckpoint(tmp_path / "best.keras", "loss", save_best_only=True),
            keras.callbacks.ReduceLROnPlateau("loss"),
            keras.callbacks.EarlyStopping("val_loss"),
        ]

    model = make_model()
    before = learned()
    before[0].best, before[0].wait, before[0].best_epoch = np.float32(0.25), 3, 4
    before[0].best_weights = [np.arange(6.0).reshape(2, 3), np.array([7], "int32")]
    before[1].best = 0.125
    before[2].best, before[2].cooldown_counter = float("inf"), 2
    before[3].wait = 1
    writer = Checkpoint(tmp_path / "checkpoint.keras", others=before)
    writer.set_model(model)
    model.stop_training = False
    writer.on_epoch_end(0)

    after = learned()
    reader = Checkpoint(tmp_path / "checkpoint.keras", others=after)
    reader.set_model(model)
    for callback in [*after, reader]:
        callback.on_train_begin()
    reader.on_train_end()
    assert (after[0].best, after[0].wait, after[0].best_epoch) == (0.25, 3, 4)
    np.testing.assert_array_equal(after[0].best_weights[0], [[0, 1, 2], [3, 4, 5]])
    assert after[0].best_weights[1].dtype == "int32"
    assert after[1].best == 0.125
    assert (after[2].best, after[2].cooldown_counter) == (float("inf"), 2)
    assert after[3].wait == 1


class PressCtrlC(keras.callbacks.Callback):
    def __init__(self, epoch, batch, times=1):
        super().__init__()
        self.when, self.times = (epoch, batch), times

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == self.when:
            for _ in range(self.times):
                os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_puts_the_half_epoch_aside(make_model, fit, tmp_path, capsys):
    path = tmp_path / "checkpoint.keras"
    handler = signal.getsignal(signal.SIGINT)
    model = make_model()
    with pytest.raises(KeyboardInterrupt):
        fit(model, 3, [PressCtrlC(1, 1), Checkpoint(path)])
    assert signal.getsignal(signal.SIGINT) is handler
    aside = load_checkpoint(tmp_path / "interrupted.keras")
    assert (aside.epochs_trained, aside.steps_trained) == (1, 5)
    assert load_checkpoint(path).steps_trained == 3
    said = capsys.readouterr().err.strip().splitlines()
    assert said[0] == "stopping after this batch; Ctrl-C again stops at once"
    assert said[-1] == (
        f"interrupted: {tmp_path / 'interrupted.keras'} keeps the unfinished epoch's model; "
        f"to go on after epoch 1: resume from {path}"
    )

    whole, resumed = make_model(), load_checkpoint(path)
    fit(whole, 3, [])
    fit(resumed, 3, [Checkpoint(path)])
    assert_same(whole, resumed)
    assert [file.name for file in tmp_path.iterdir()] == ["checkpoint.keras"]  # superseded


def test_the_model_put_aside_stays_until_it_is_superseded(make_model, fit, tmp_path):
    path, aside = tmp_path / "checkpoint.keras", tmp_path / "interrupted.keras"
    with pytest.raises(KeyboardInterrupt):
        fit(make_model(), 3, [PressCtrlC(1, 1), Checkpoint(path)])
    kept = aside.read_bytes()
    fit(load_checkpoint(path), 1, [Checkpoint(path)])  # trains nothing: the epoch is not ended
    assert aside.read_bytes() == kept
    failing = keras.callbacks.LambdaCallback(on_train_end=lambda *_: aside.write_bytes(kept[:-9]))
    fit(load_checkpoint(path), 2, [failing, Checkpoint(path)])
    assert aside.read_bytes() == kept[:-9]  # no whole file of ours: left alone
    aside.write_bytes(kept)
    fit(load_checkpoint(path), 3, [Checkpoint(path)])
    assert not aside.exists() and read_run_state(path)["epoch"] == 3


@pytest.mark.parametrize("times", [1, 2])
def test_the_command_that_goes_on_is_said(make_model, fit, tmp_path, capsys, times):
    checkpoint = Checkpoint(tmp_path / "c.keras", resume="kgen train x --resume --output y")
    with pytest.raises(KeyboardInterrupt):
        fit(make_model(), 1, [PressCtrlC(0, 0, times), checkpoint])
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert last.endswith("kgen train x --resume --output y")


def test_ctrl_c_in_the_last_batch_of_an_epoch_loses_nothing(make_model, fit, tmp_path):
    path = tmp_path / "checkpoint.keras"
    with pytest.raises(KeyboardInterrupt):
        fit(make_model(), 3, [PressCtrlC(1, 2), Checkpoint(path)])
    assert read_run_state(path)["epoch"] == 2
    assert not (tmp_path / "interrupted.keras").exists()


def test_a_second_ctrl_c_stops_at_once(make_model, fit, tmp_path):
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        fit(make_model(), 1, [PressCtrlC(0, 0, times=2), Checkpoint(tmp_path / "c.keras")])
    assert not (tmp_path / "interrupted.keras").exists()
    assert signal.getsignal(signal.SIGINT) is handler


@pytest.mark.parametrize("where", ["outside", "in another model's training"])
def test_ctrl_c_after_a_training_that_failed_is_an_ordinary_one(where, make_model, fit, tmp_path):
    def fail(*_, **__):
        raise RuntimeError("no")

    failing = keras.callbacks.LambdaCallback(on_train_batch_end=fail)
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(RuntimeError):
        fit(make_model(), 1, [failing, Checkpoint(tmp_path / "c.keras")])
    with pytest.raises(KeyboardInterrupt):
        if where == "outside":
            os.kill(os.getpid(), signal.SIGINT)
        else:
            fit(make_model(), 1, [PressCtrlC(0, 0)])
    assert signal.getsignal(signal.SIGINT) is handler


@pytest.mark.parametrize("keep", [0, 100, 0.5, -1])
def test_a_checkpoint_cut_short(keep, make_model, fit, tmp_path):
    path = tmp_path / "checkpoint.keras"
    fit(make_model(), 1, [Checkpoint(path)])
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * keep) if isinstance(keep, float) else keep])
    for read in (load_checkpoint, read_run_state):
        with pytest.raises(CheckpointError, match="is cut short or damaged") as error:
            read(path)
        assert "\n" not in str(error.value)


def test_a_damaged_byte_is_noticed(make_model, fit, tmp_path):
    path = tmp_path / "checkpoint.keras"
    fit(make_model(), 1, [Checkpoint(path)])
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    path.write_bytes(damaged)
    with pytest.raises(CheckpointError, match="is cut short or damaged"):
        load_checkpoint(path)


def test_other_files_are_told_apart(make_model, tmp_path):
    with pytest.raises(CheckpointError, match="there is no checkpoint"):
        read_run_state(tmp_path / "none.keras")
    make_model().save(tmp_path / "plain.keras")
    assert load_checkpoint(tmp_path / "plain.keras").epochs_trained == 0
    with pytest.raises(CheckpointError, match="no checkpoint of a run"):
        read_run_state(tmp_path / "plain.keras")
    with zipfile.ZipFile(tmp_path / "other.keras", "w") as archive:
        archive.writestr("note.txt", "hello")
    with pytest.raises(CheckpointError, match=r"is no \.keras file"):
        load_checkpoint(tmp_path / "other.keras")
    with pytest.raises(ValueError, match=r"must end in \.keras"):
        Checkpoint(tmp_path / "model.h5")
