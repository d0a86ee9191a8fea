"""The small maps that a generator without a dense projection starts from."""

import keras


@keras.saving.register_keras_serializable("kgen")
class LearnedBasis(keras.layers.Layer):
    """A learned map of `side` x `side` places for each channel, scaled by that channel's input.

    How R3GAN's generator begins (Huang et al. 2024).

    Args:
        side: Of the map.

    Input shape (n, channels); output (n, side, side, channels).

    Raises:
        ValueError: For a side of less than one place.

    Example:

        >>> tuple(LearnedBasis(4)(keras.ops.ones((2, 3))).shape)
        (2, 4, 4, 3)
    """

    def __init__(self, side: int, **kwargs):
        super().__init__(**kwargs)
        if side < 1:
            raise ValueError(f"side must be at least 1, got {side}.")
        self.side = side

    def build(self, input_shape):
        """Makes the maps, from N(0, 1)."""
        self.basis = self.add_weight(
            name="basis",
            shape=(self.side, self.side, input_shape[-1]),
            initializer=keras.initializers.RandomNormal(0.0, 1.0),
        )

    def call(self, scales):
        """Scales the maps."""
        return scales[:, None, None, :] * self.basis

    def compute_output_shape(self, input_shape):
        """A map a channel."""
        return (input_shape[0], self.side, self.side, input_shape[-1])

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "side": self.side}
