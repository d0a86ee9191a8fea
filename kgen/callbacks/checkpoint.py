"""One file that holds a whole run, replaced in one step after every epoch."""

from __future__ import annotations

import inspect
import os
import signal
import sys
import threading
import zipfile
from collections.abc import Sequence
from pathlib import Path

import keras

from kgen.callbacks import run_state
from kgen.errors import CheckpointError
from kgen.files import replacing


class Checkpoint(keras.callbacks.Callback):
    """Saves the model and the state of the other callbacks after each epoch, in one `.keras` file.

    The file is written under a temporary name and renamed, so however the process ends, the file
    is whole and is that of the last finished epoch (before the first, of epoch 0). To go on, load
    the model with `load_checkpoint` (or `keras.models.load_model`) and call `fit` with the same
    callbacks: they get their state back, `history.csv` its rows. Give this callback last in the
    list, because it restores the others after their own `on_train_begin`.

    Ctrl-C is honoured at the next batch: the model in the middle of its epoch is put aside as
    `interrupted.keras` in the same folder, and `KeyboardInterrupt` is raised. The checkpoint stays
    that of the last whole epoch, since only from there can a run go on as if never stopped. A
    second Ctrl-C stops at once. When a later training ends, whose checkpoint has trained that epoch
    to its end, `interrupted.keras` is superseded and removed.

    Args:
        path: The `.keras` file.
        others: The other callbacks given to `fit`, whose state is to be kept.
        resume: How the user goes on after a Ctrl-C, such as a command; said then.

    Raises:
        CheckpointError: At the start of training, if the file exists and is not that of the model
            to be trained. It is never overwritten by another run.

    Example:

        others = [keras.callbacks.EarlyStopping("val_loss", patience=3), HistoryFile("run")]
        checkpoint = Checkpoint("run/checkpoint.keras", others=others)
        model.fit(data.train, epochs=20, callbacks=[*others, checkpoint])

        # and in another process:
        model = load_checkpoint("run/checkpoint.keras")
        model.fit(data.train, epochs=20, initial_epoch=model.epochs_trained,
                  callbacks=[*others, checkpoint])
    """

    def __init__(
        self,
        path: str | os.PathLike,
        others: Sequence[keras.callbacks.Callback] = (),
        resume: str | None = None,
    ):
        super().__init__()
        self.path = Path(path)
        if self.path.suffix != ".keras":
            raise ValueError(f"a checkpoint's name must end in .keras, not {self.path.name!r}")
        self.others = list(others)
        self.resume = resume or f"resume from {self.path}"
        self._interrupted = False
        self._previous_handler = None

    @property
    def interrupted_path(self) -> Path:
        """Where the model goes when Ctrl-C stops it within an epoch."""
        return self.path.with_name("interrupted.keras")

    def on_train_begin(self, logs=None):
        """Restores the other callbacks from the file, or writes it for epoch 0."""
        if self.path.exists():
            state = read_run_state(self.path)
            if state["epoch"] != self.model.epochs_trained:
                raise CheckpointError(
                    f"{self.path} holds a run of {state['epoch']} epochs, the model to be trained "
                    f"has {self.model.epochs_trained}: load the checkpoint first to continue it, "
                    "or choose another path"
                )
            run_state.restore(self.others, state["callbacks"])
        else:
            self._save(self.path)
        self._catch_interrupts()

    def on_train_batch_begin(self, batch, logs=None):
        """Stops here after a Ctrl-C, putting the unfinished epoch aside."""
        # The batch's end would do as well, but would make Keras wait for each batch's logs.
        if self._interrupted and batch > 0:
            self._save(self.interrupted_path)
            self._stop(f"{self.interrupted_path} keeps the unfinished epoch's model; ")
        if self._interrupted:
            self._stop()

    def on_epoch_end(self, epoch, logs=None):
        """Replaces the file."""
        self._save(self.path)
        if self._interrupted:
            self._stop()

    def on_train_end(self, logs=None):
        """Gives Ctrl-C back to whom it belonged, and removes what the training has superseded."""
        self._release_interrupts()
        if self._superseded():
            self.interrupted_path.unlink()

    def _superseded(self):
        """Whether the unfinished epoch's model is one that the checkpoint has trained further."""
        try:  # every byte of both files is looked at
            aside = read_run_state(self.interrupted_path)["epoch"]
            return read_run_state(self.path)["epoch"] > aside
        except CheckpointError:  # none, or not ours
            return False

    def _save(self, path):
        state = {
            "epoch": self.model.epochs_trained,
            "until": (self.params or {}).get("epochs"),
            "stopped": bool(self.model.stop_training),
            "callbacks": run_state.collect(self.others),
        }
        with replacing(path) as temporary:
            self.model.save(temporary)
            run_state.append(temporary, state)

    def _stop(self, aside=""):
        self._release_interrupts()
        epochs = self.model.epochs_trained
        self._say(f"interrupted: {aside}to go on after epoch {epochs}: {self.resume}")
        raise KeyboardInterrupt

    def _say(self, line):
        print(f"\n{line}", file=sys.stderr, flush=True)

    def _catch_interrupts(self):
        self._interrupted = False
        if threading.current_thread() is threading.main_thread():  # Python's rule for handlers
            self._previous_handler = signal.signal(signal.SIGINT, self._on_interrupt)

    def _release_interrupts(self):
        if self._previous_handler is not None:
            signal.signal(signal.SIGINT, self._previous_handler)
            self._previous_handler = None

    def _on_interrupt(self, signum, frame):
        # A training that died of an exception never reaches `on_train_end`; a Ctrl-C after it is
        # not ours.
        if self._training(frame) and not self._interrupted:
            self._interrupted = True
            self._say("stopping after this batch; Ctrl-C again stops at once")
            return
        if self._interrupted:
            self._say(f"stopped: to go on after the last whole epoch: {self.resume}")
        self._release_interrupts()
        raise KeyboardInterrupt

    def _training(self, frame):
        """Whether this very model's `fit` is on the stack, which it is exactly while it trains."""
        fit = inspect.unwrap(type(self.model).fit).__code__
        while frame is not None:
            if frame.f_code is fit and frame.f_locals.get(fit.co_varnames[0]) is self.model:
                return True
            frame = frame.f_back
        return False


def read_run_state(path: str | os.PathLike) -> dict:
    """Reads the state of the run in a checkpoint.

    Returns:
        `epoch`: the epochs trained; `until`: the epochs `fit` was asked for, or `None` outside it;
        `stopped`: whether a callback ended the training; `callbacks`: their states.

    Raises:
        CheckpointError: If the file is missing, cut short, or was not written by `Checkpoint`.
    """
    try:
        return run_state.read(path)
    except FileNotFoundError:
        raise CheckpointError(f"there is no checkpoint {path}") from None
    except KeyError:
        raise CheckpointError(
            f"{path} is a saved model but no checkpoint of a run: it lacks {run_state.MEMBER}"
        ) from None
    except (zipfile.BadZipFile, OSError, EOFError, ValueError) as error:
        raise CheckpointError(f"{path} is cut short or damaged ({error})") from None


def load_checkpoint(path: str | os.PathLike) -> keras.Model:
    """Loads a model with its optimizers, seeds and epoch, ready to be trained on.

    Args:
        path: A checkpoint, or any `.keras` file of a `GenerativeModel`.

    Raises:
        CheckpointError: If the file is missing, cut short, or of a class that is not imported.
    """
    path = Path(path)
    if not path.exists():
        raise CheckpointError(f"there is no checkpoint {path}")
    try:
        with zipfile.ZipFile(path) as archive:
            if broken := archive.testzip():
                raise zipfile.BadZipFile(f"{broken} is damaged")
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        raise CheckpointError(f"{path} is cut short or damaged ({error})") from error
    try:
        return keras.models.load_model(path)
    except KeyError as error:
        raise CheckpointError(f"{path} is no .keras file") from error
    except (TypeError, ValueError) as error:
        reason = " ".join(str(error).split())[:300]
        raise CheckpointError(
            f"{path} cannot be loaded; was it written by another version of kgen? ({reason})"
        ) from error
