"""What couplings and splits share: half of the channels says what becomes of the other half."""

import keras

from kgen.layers.bijection import Bijection


class ConditionedBijection(Bijection):
    """A bijection of the second half of the channels, with parameters from the first half.

    Of an odd number of channels the first half has one more.

    Args:
        network: The first half to the parameters.

    Raises:
        ValueError: At building, if the network does not fit the channels.
    """

    #: Numbers that the network gives for each channel of the second half.
    parameters = 2

    def __init__(self, network: keras.Model, **kwargs):
        super().__init__(**kwargs)
        self.network = network

    def build(self, input_shape):
        """Checks the network against the channels; it is built already."""
        *rest, channels = input_shape[1:]
        takes, gives = ((*rest, c) for c in self.split_channels(channels))
        gives = (*rest, self.parameters * gives[-1])
        found = tuple(self.network.input_shape[1:]), tuple(self.network.output_shape[1:])
        if found != (takes, gives):
            raise ValueError(
                f"to condition half of {tuple(input_shape[1:])} the network must take {takes} and "
                f"give {gives}; it takes {found[0]} and gives {found[1]}."
            )

    @staticmethod
    def split_channels(channels: int) -> tuple[int, int]:
        """How many channels are kept, and how many are changed."""
        return channels - channels // 2, channels // 2

    def halves(self, x):
        """The channels that are kept, and those that are changed."""
        kept, _ = self.split_channels(x.shape[-1])
        return x[..., :kept], x[..., kept:]

    def two_parameters(self, kept):
        """The network's two numbers for each changed channel; they lie side by side."""
        both = keras.ops.cast(self.network(kept), "float32")
        return both[..., ::2], both[..., 1::2]

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "network": self.network}

    @classmethod
    def from_config(cls, config: dict):
        """A layer with the configuration that `get_config` returned."""
        network = keras.saving.deserialize_keras_object(config["network"])
        return cls(**{**config, "network": network})
