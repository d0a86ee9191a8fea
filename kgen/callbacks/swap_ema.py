"""Looking at a model through the moving average of its weights."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np

from kgen.callbacks import run_state


class SwapEMA(keras.callbacks.Callback):
    """Validates, draws and saves with averaged weights, and trains on with the trained ones.

    For any `keras.Model` whose optimizer averages the weights: `Adam(use_ema=True,
    ema_momentum=0.999)`, for one player of a `GenerativeModel` or for all. At the end of each
    epoch the averages are put into the model, `validation_data` is evaluated and the callbacks
    given here run; then the trained weights are put back, to the last bit and also when one of
    them fails. What comes after it in the list of `fit`, such as a `Checkpoint`, sees the trained
    weights. Statistics of batch normalisation are not averaged. When `fit` ends Keras itself puts
    the averages into the model for good.

    A model of kgen has a simpler way, `ema_momentum=0.999` at its making: it then keeps the
    averages as networks of their own, which it samples, evaluates and exports with.

    Keras's `SwapEMAWeights` (3.15) restores the weights on TensorFlow up to rounding only, so that
    validating changes the training; leaves the averages in the model when a callback fails or
    `predict` ends; and with `swap_on_epoch` has them in the model when a checkpoint is written.

    Args:
        callbacks: What is to see the averaged weights: its `on_epoch_end` does; its
            `on_train_begin`, `on_epoch_begin` and `on_train_end` run as always, while hooks of
            batches and of validation are left out. Do not give them to `fit` as well.
        validation_data: As of `fit`, in whose place it is given here; its logs are `val_...`.

    Raises:
        ValueError: At the start of training, if the model averages by itself or no optimizer has
            `use_ema=True`; at the end of an epoch, if `fit` has validated as well.

    Example:

        model.compile(keras.optimizers.Adam(use_ema=True, ema_momentum=0.999), "mse")
        best = keras.callbacks.ModelCheckpoint("best.keras", "val_loss", save_best_only=True)
        model.fit(x, y, epochs=9, callbacks=[SwapEMA([best], validation_data=(u, v))])
    """

    def __init__(
        self, callbacks: Sequence[keras.callbacks.Callback] = (), validation_data: Any = None
    ):
        super().__init__()
        self.callbacks = list(callbacks)
        self.validation_data = validation_data

    def set_model(self, model):
        """Hands the model on."""
        super().set_model(model)
        for callback in self.callbacks:
            callback.set_model(model)

    def set_params(self, params):
        """Hands the parameters of `fit` on."""
        super().set_params(params)
        for callback in self.callbacks:
            callback.set_params(params)

    def on_train_begin(self, logs=None):
        """Refuses a model without averages, or with averages of its own."""
        name = type(self.model).__name__
        if getattr(self.model, "ema_momentum", None) is not None:
            raise ValueError(
                f"{name} averages by itself (ema_momentum={self.model.ema_momentum}): leave "
                "SwapEMA out, and give its callbacks to fit"
            )
        if not any(_averages(optimizer) for optimizer, _ in _optimizers(self.model)):
            raise ValueError(
                f"no optimizer of {name} averages the weights: compile with use_ema=True, such as "
                "keras.optimizers.Adam(use_ema=True, ema_momentum=0.999)"
            )
        for callback in self.callbacks:
            callback.on_train_begin(logs)

    def on_epoch_begin(self, epoch, logs=None):
        """Hands on."""
        for callback in self.callbacks:
            callback.on_epoch_begin(epoch, logs)

    def on_epoch_end(self, epoch, logs=None):
        """Validates and runs the callbacks with the averages in the model."""
        logs = {} if logs is None else logs
        with averaged_weights(self.model):
            if self.validation_data is not None:
                self._validate(logs)
            for callback in self.callbacks:
                callback.on_epoch_end(epoch, logs)

    def on_train_end(self, logs=None):
        """Hands on; Keras itself has put the averages into the model by now."""
        for callback in self.callbacks:
            callback.on_train_end(logs)

    def get_run_state(self) -> dict:
        """What a `Checkpoint` keeps: the states of the callbacks given here."""
        return run_state.collect(self.callbacks)

    def set_run_state(self, state: dict) -> None:
        """Hands the states on."""
        run_state.restore(self.callbacks, state)

    def _validate(self, logs):
        data = self.validation_data
        given = dict(zip(("x", "y", "sample_weight"), data, strict=False))
        results = self.model.evaluate(
            **(given if isinstance(data, tuple) else {"x": data}), verbose=0, return_dict=True
        )
        results = {f"val_{name}": value for name, value in results.items()}
        if results.keys() & logs.keys():
            raise ValueError("fit has validated too: give validation_data to SwapEMA alone")
        logs.update(results)


@contextlib.contextmanager
def averaged_weights(model: keras.Model) -> Iterator[None]:
    """Puts the averages that the optimizers keep into the model, and the weights back at the end.

    Args:
        model: A compiled model. Where no optimizer has `use_ema=True`, or none has taken a step
            yet, nothing changes.

    Example:

        >>> dense = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")
        >>> model = keras.Sequential([keras.Input((1,)), dense])
        >>> model.compile(keras.optimizers.SGD(0.25, use_ema=True, ema_momentum=0.5), "mse")
        >>> x = np.ones((4, 1), "float32")
        >>> for _ in range(2):  # the weight becomes 1/2, then 3/4; the average 1/2, then 5/8
        ...     loss = model.train_on_batch(x, x)
        >>> with averaged_weights(model):
        ...     average = model.get_weights()[0].item()
        >>> average, model.get_weights()[0].item()
        (0.625, 0.75)
    """
    kept = [(variable, _copied(variable)) for variable in model.trainable_variables]
    try:
        for optimizer, variables in _optimizers(model):
            # Before an optimizer's first step its averages are zeros.
            if _averages(optimizer) and int(keras.ops.convert_to_numpy(optimizer.iterations)):
                optimizer.finalize_variable_values(variables)
                # On JAX a weight and its average are now one buffer, which an evaluation would
                # give away and so delete for both.
                for variable in variables:
                    variable.assign(_copied(variable))
        yield
    finally:
        for variable, value in kept:
            variable.assign(value)


def _copied(variable):
    return np.array(keras.ops.convert_to_numpy(variable))


def _optimizers(model):
    """Each optimizer with the variables it moves, in its own order."""
    if hasattr(model, "players"):
        return [(model.player_optimizer(p), model.player_variables(p)) for p in model.players]
    return [(model.optimizer, model.trainable_variables)]


def _averages(optimizer):
    """Whether an optimizer, or one within it, averages."""
    inner = getattr(optimizer, "inner_optimizer", optimizer)  # of a LossScaleOptimizer
    return any(one.use_ema for one in getattr(inner, "optimizers", [inner]))
