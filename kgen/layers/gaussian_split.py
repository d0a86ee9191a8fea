"""The split between two scales of a flow, with a learned Gaussian prior (Dinh et al. 2017)."""

import keras
from keras import ops

from kgen.layers.conditioned_bijection import ConditionedBijection


@keras.saving.register_keras_serializable("kgen")
class GaussianSplit(ConditionedBijection):
    """Takes half of the channels out of a flow, as latents that are standard normal.

    The half that goes on says which Gaussian the other half comes from (Kingma & Dhariwal, *Glow*,
    2018, section 3.4, the form of their code): the latents are `(x_b - mean) / deviation`, so that
    their density and `log_det = -sum(log deviation)` together are the Gaussian's.

    Unlike other bijections, `call(x)` gives `(kept, latents, log_det)`, and
    `inverse(kept, latents)` gives `x`.

    Args:
        network: The half that goes on, (n, ..., kept), to a mean and a log-deviation side by side
            for each other channel, (n, ..., 2 split off).

    Example:

        >>> network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(2)])
        >>> _ = network.layers[0].kernel.assign([[1.0, 0.0]])  # mean x_a, deviation 1
        >>> kept, latents, _ = GaussianSplit(network)(ops.array([[3.0, 5.0]]))
        >>> float(kept[0, 0]), float(latents[0, 0])
        (3.0, 2.0)
    """

    def call(self, x):
        """`(kept, latents, log_det)`, the log-determinant (n,)."""
        kept, taken = self.halves(x)
        mean, log_deviation = self.two_parameters(kept)
        latents = (taken - mean) * ops.exp(-log_deviation)
        return kept, latents, -ops.sum(log_deviation, axis=list(range(1, len(x.shape))))

    def inverse(self, kept, latents):
        """The `x` that was split."""
        mean, log_deviation = self.two_parameters(kept)
        return ops.concatenate([kept, latents * ops.exp(log_deviation) + mean], axis=-1)

    def transformed_shape(self, shape):
        """Of what goes on."""
        return (*shape[:-1], self.split_channels(shape[-1])[0])

    def latent_shape(self, shape):
        """Of the latents."""
        return (*shape[:-1], self.split_channels(shape[-1])[1])
