"""Adam whose second moment forgets more slowly as training goes on."""

import keras


@keras.saving.register_keras_serializable("kgen")
class ScheduledAdam(keras.optimizers.Adam):
    """Keras's Adam with a schedule for beta_2, as R3GAN has it.

    Each step averages squared gradients with the beta_2 of that step, and its bias is corrected by
    the present beta_2 to the power of all steps, as where one changes the number in an optimizer
    that is running.

    Args:
        learning_rate: A number or a schedule.
        beta_1: See `keras.optimizers.Adam`.
        beta_2_schedule: A `keras.optimizers.schedules.LearningRateSchedule`.
        **kwargs: Passed to `keras.optimizers.Adam`.

    Example:

        >>> rising = keras.optimizers.schedules.PolynomialDecay(0.9, 100, 0.99)
        >>> optimizer = ScheduledAdam(1e-3, beta_2_schedule=rising)
        >>> round(float(optimizer.beta_2_schedule(50)), 3)
        0.945
    """

    def __init__(self, learning_rate=1e-3, beta_1: float = 0.9, *, beta_2_schedule, **kwargs):
        super().__init__(learning_rate, beta_1=beta_1, **kwargs)
        if isinstance(beta_2_schedule, dict):
            beta_2_schedule = keras.saving.deserialize_keras_object(beta_2_schedule)
        self.beta_2_schedule = beta_2_schedule

    def update_step(self, gradient, variable, learning_rate):
        """One step of Adam, with the beta_2 of now."""
        constant = self.beta_2
        self.beta_2 = self.beta_2_schedule(self.iterations)
        try:
            super().update_step(gradient, variable, learning_rate)
        finally:
            self.beta_2 = constant

    def get_config(self) -> dict:
        """The constructor's arguments."""
        config = super().get_config()
        del config["beta_2"]
        schedule = keras.saving.serialize_keras_object(self.beta_2_schedule)
        return {**config, "beta_2_schedule": schedule}
