"""Counting a model's epochs around Keras's `fit`."""

import keras

from kgen.training import clock


class EpochCounter(keras.callbacks.Callback):
    """Announces the model's epoch to its data before it, and counts it after.

    It goes before all other callbacks, so that each of them sees the epoch counted.
    """

    def on_epoch_begin(self, epoch, logs=None):
        """Announces."""
        clock.announce(self.model.epochs_trained)

    def on_epoch_end(self, epoch, logs=None):
        """Counts."""
        self.model.epoch.assign(self.model.epochs_trained + 1)


class AverageSettler(keras.callbacks.Callback):
    """Settles the moving averages of a model once an epoch is trained.

    Before anything looks at them: validation, which precedes the end of an epoch, or a callback.
    """

    def __init__(self):
        super().__init__()
        self._due = False

    def on_epoch_begin(self, epoch, logs=None):
        """The training goes on, and so do the averages."""
        self._due = True

    def on_test_begin(self, logs=None):
        """Settles them for the validation."""
        self._settle()

    def on_epoch_end(self, epoch, logs=None):
        """Settles them, if there was no validation."""
        self._settle()

    def _settle(self):
        if self._due:
            self.model.settle_averages()
            self._due = False


def put_first(callback: keras.callbacks.Callback, callbacks, model: keras.Model):
    """The callbacks given to `fit` (a list, a `CallbackList` or none) with this one first."""
    if isinstance(callbacks, keras.callbacks.CallbackList):
        callback.set_model(model)
        callbacks.callbacks.insert(0, callback)
        return callbacks
    return [callback, *keras.tree.flatten(callbacks or [])]
