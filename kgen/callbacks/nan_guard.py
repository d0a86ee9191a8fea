"""Stops at once when a loss or a weight is no longer a number."""

from __future__ import annotations

import math

import keras
import numpy as np

from kgen.errors import NonFiniteLoss


class NaNGuard(keras.callbacks.Callback):
    """Raises `NonFiniteLoss` at the first batch whose logs hold a NaN or an infinity.

    Keras logs running means over the epoch, so one bad batch cannot hide behind good ones. At the
    end of an epoch the weights and the validation's logs are looked at too: the step that made
    the weights bad may have had a finite loss itself. Put the guard before any checkpoint callback,
    and the last good checkpoint is never overwritten.

    Raises:
        NonFiniteLoss: Naming the epoch, the step in it and the loss.

    Example:

        model.fit(data.train, callbacks=[NaNGuard(), Checkpoint("run/checkpoint.keras")])
    """

    # The one dependency of kgen's callbacks on an undocumented attribute of Keras (3.15 reads it).
    # Keras may then look at a batch's logs while the next batch runs; an error still surfaces
    # before `on_epoch_end`, so before any checkpoint. A Keras that does not know the attribute
    # waits for each batch's logs: slower, and as safe.
    async_safe = True

    def on_epoch_begin(self, epoch, logs=None):
        """Remembers the epoch, to name it."""
        self._epoch = epoch + 1

    def on_train_batch_end(self, batch, logs=None):
        """Looks at the batch's logs."""
        self._look(logs, f"at step {batch + 1} of epoch {self._epoch}")

    def on_epoch_end(self, epoch, logs=None):
        """Looks at the epoch's logs and at the weights."""
        self._look(logs, f"at the end of epoch {epoch + 1}")
        for variable in self.model.trainable_variables:
            if not np.isfinite(keras.ops.convert_to_numpy(variable)).all():
                raise NonFiniteLoss(
                    f"the weights of {variable.path} are no longer finite at the end of epoch "
                    f"{epoch + 1}; {ADVICE}"
                )

    def _look(self, logs, when):
        for name, value in (logs or {}).items():
            if not math.isfinite(value):
                raise NonFiniteLoss(f"{name} is {value} {when}; {ADVICE}")


ADVICE = "training stopped (a lower learning rate often helps)"
