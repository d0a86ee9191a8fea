"""Affine and additive coupling (Dinh et al. 2015 and 2017; Kingma & Dhariwal 2018)."""

import math

import keras
from keras import ops

from kgen.layers.conditioned_bijection import ConditionedBijection

KINDS = ("affine", "bounded", "additive")


@keras.saving.register_keras_serializable("kgen")
class Coupling(ConditionedBijection):
    """Shifts and scales the second half of the channels by what a network makes of the first.

    Kingma & Dhariwal, *Glow*, 2018, section 3.3, in the form of their code:

        affine:    y_b = (x_b + t) * sigmoid(s + 2)         log_det = sum log sigmoid(s + 2)
        bounded:   the scale is (1 + sigmoid(s + 2)) / 2 instead
        additive:  y_b = x_b + t                            log_det = 0

    The network gives `t` and `s` side by side for each channel; for an additive coupling `t` alone.
    A network that starts from zeros makes an additive coupling the identity, and an affine one a
    scaling by sigmoid(2) = 0.88. The scale of an affine coupling has no lower bound, so that its
    inverse may grow without limit away from the data; Behrmann et al., *Understanding and
    Mitigating Exploding Inverses in Invertible Neural Networks*, 2021, keep it between 0.5 and 1,
    which is the bounded one. The inverse of an additive one only subtracts.

    Args:
        network: (n, ..., kept) to (n, ..., 2 changed), or (n, ..., changed) for an additive
            coupling; see `ConditionedBijection`.
        kind: `"affine"`, `"bounded"` or `"additive"`.

    Raises:
        ValueError: For an unknown kind; at building, for a network that does not fit.

    Example:

        >>> network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        >>> _ = network.layers[0].kernel.assign([[2.0]]), network.layers[0].bias.assign([1.0])
        >>> y, _ = Coupling(network, "additive")(ops.array([[3.0, 5.0]]))  # 5 + (2 * 3 + 1)
        >>> [float(v) for v in y[0]]
        [3.0, 12.0]
    """

    def __init__(self, network: keras.Model, kind: str = "affine", **kwargs):
        super().__init__(network, **kwargs)
        if kind not in KINDS:
            raise ValueError(f"kind must be one of {KINDS}, got {kind!r}.")
        self.kind = kind
        self.parameters = self.parameters_of(kind)

    @staticmethod
    def parameters_of(kind: str) -> int:
        """How many numbers the network gives for each changed channel."""
        return 1 if kind == "additive" else 2

    def call(self, x):
        """`(y, log_det)`, the log-determinant (n,)."""
        kept, changed = self.halves(x)
        shift, log_scale = self._shift_and_log_scale(kept)
        y = (changed + shift) * ops.exp(log_scale)
        axes = list(range(1, len(x.shape)))
        return ops.concatenate([kept, y], axis=-1), ops.sum(log_scale, axis=axes)

    def inverse(self, y):
        """The `x` whose `y` it is."""
        kept, changed = self.halves(y)
        shift, log_scale = self._shift_and_log_scale(kept)
        return ops.concatenate([kept, changed * ops.exp(-log_scale) - shift], axis=-1)

    def _shift_and_log_scale(self, kept):
        if self.kind == "additive":
            shift = ops.cast(self.network(kept), "float32")
            return shift, ops.zeros_like(shift)
        shift, raw = self.two_parameters(kept)
        if self.kind == "bounded":
            return shift, ops.log1p(ops.sigmoid(raw + 2.0)) - math.log(2.0)
        return shift, -ops.softplus(-(raw + 2.0))  # log sigmoid(raw + 2)

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "kind": self.kind}
