"""The learning rates in the logs."""

from __future__ import annotations

import keras


class LearningRates(keras.callbacks.Callback):
    """Logs the rate that each optimizer has at the end of an epoch.

    A schedule by step needs no callback: give a `keras.optimizers.schedules.LearningRateSchedule`
    to an optimizer as its rate, also to one player's only. It counts the optimizer's own steps,
    which are saved with the model, so a resumed run goes on along the same curve; and on all
    backends the rate changes within an epoch, where a callback could not change it (on JAX the
    optimizer's variables are out of reach until the epoch ends). A schedule of your own:

        @keras.saving.register_keras_serializable()
        class HalfEvery(keras.optimizers.schedules.LearningRateSchedule):
            def __init__(self, start, steps):
                self.start, self.steps = start, steps

            def __call__(self, step):
                return self.start * 0.5 ** (keras.ops.cast(step, "float32") / self.steps)

            def get_config(self):
                return {"start": self.start, "steps": self.steps}

        model.compile(generator_optimizer=keras.optimizers.Adam(HalfEvery(2e-4, 10_000)))

    The name in the logs is `learning_rate`, or with several players `<player>_learning_rate`.

    Example:

        model.fit(data.train, epochs=20, callbacks=[LearningRates(), HistoryFile("run")])
    """

    def on_epoch_end(self, epoch, logs=None):
        """Adds the rates to the logs."""
        players = getattr(self.model, "players", {})
        rates = {
            f"{player}_learning_rate" if len(players) > 1 else "learning_rate": optimizer
            for player, optimizer in (
                [(player, self.model.player_optimizer(player)) for player in players]
                or [("", self.model.optimizer)]
            )
        }
        if logs is not None:
            logs.update(
                {
                    name: float(keras.ops.convert_to_numpy(optimizer.learning_rate))
                    for name, optimizer in rates.items()
                }
            )
