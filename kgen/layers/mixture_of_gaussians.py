"""A mixture of Gaussians: its density, draws from it, and its fit by expectation-maximisation."""

import math
import warnings

import keras
import numpy as np
from keras import ops

COVARIANCES = ("full", "diagonal")


@keras.saving.register_keras_serializable("kgen")
class MixtureOfGaussians(keras.layers.Layer):
    """`p(x) = sum_k w_k N(x; m_k, C_k)`, whose weights are set by EM and by no gradient.

    Until `fit` was called every component is N(0, I). The layer maps points to `log p(x)`.

    Args:
        components: How many Gaussians.
        dimensions: Of a point.
        covariance: `"full"`, or `"diagonal"` for components along the axes.
        regularization: Added to the diagonal of every covariance in each step of EM.

    Raises:
        ValueError: For an unknown covariance, or fewer than one component.

    Example:

        >>> mixture = MixtureOfGaussians(components=2, dimensions=1)
        >>> points = np.concatenate([np.linspace(-5, -4, 50), np.linspace(4, 5, 50)])[:, None]
        >>> report = mixture.fit(points)
        >>> sorted(float(m) for m in np.asarray(mixture.means).round(2).ravel())
        [-4.5, 4.5]
    """

    def __init__(
        self,
        components: int,
        dimensions: int,
        covariance: str = "full",
        regularization: float = 1e-6,
        **kwargs,
    ):
        super().__init__(**{"dtype": "float32", **kwargs, "trainable": False})
        if covariance not in COVARIANCES:
            raise ValueError(f"covariance must be one of {COVARIANCES}, got {covariance!r}.")
        if components < 1:
            raise ValueError(f"components must be at least 1, got {components}.")
        self.components, self.dimensions = components, dimensions
        self.covariance, self.regularization = covariance, regularization
        full = covariance == "full"
        own = {"dtype": "float32", "trainable": False}
        self.log_weights = self.add_weight(
            name="log_weights",
            shape=(components,),
            initializer=keras.initializers.Constant(-math.log(components)),
            **own,
        )
        self.means = self.add_weight(
            name="means", shape=(components, dimensions), initializer="zeros", **own
        )
        # The lower triangular roots of the covariances, or the standard deviations.
        self.factors = self.add_weight(
            name="factors",
            shape=(components, dimensions, dimensions) if full else (components, dimensions),
            initializer=_identities if full else "ones",
            **own,
        )
        self.built = True

    def call(self, inputs):
        """`log p(x)` in nats, (n,), of points (n, dimensions)."""
        x = ops.cast(inputs, "float32")
        if self.covariance == "full":
            from_mean = ops.transpose(x[None] - self.means[:, None], (0, 2, 1))
            scaled = ops.linalg.solve_triangular(self.factors, from_mean, lower=True)
            squares = ops.transpose(ops.sum(ops.square(scaled), axis=1))
            scales = ops.diagonal(self.factors, axis1=1, axis2=2)
        else:
            scaled = (x[:, None] - self.means) / self.factors
            squares, scales = ops.sum(ops.square(scaled), axis=-1), self.factors
        log_det = ops.sum(ops.log(scales), axis=-1)
        constant = 0.5 * self.dimensions * math.log(2 * math.pi)
        return ops.logsumexp(self.log_weights - log_det - constant - 0.5 * squares, axis=-1)

    def draw(self, uniforms, noise):
        """Points (n, dimensions).

        Args:
            uniforms: Uniform in [0, 1), (n,): they choose the components.
            noise: Standard normal, (n, dimensions).
        """
        below = ops.cumsum(ops.exp(self.log_weights))[:-1]
        chosen = ops.sum(ops.cast(uniforms[:, None] >= below, "int32"), axis=-1)
        chosen = ops.one_hot(chosen, self.components, dtype="float32")
        if self.covariance == "full":
            spread = ops.einsum("kij,nj->nki", self.factors, noise)
        else:
            spread = self.factors * noise[:, None]
        return ops.einsum("nk,nki->ni", chosen, self.means + spread)

    def fit(
        self,
        points: np.ndarray,
        *,
        iterations: int = 100,
        tolerance: float = 1e-3,
        seed: int = 0,
        go_on: bool = False,
    ) -> dict:
        """Expectation-maximisation on all points at once, by scikit-learn in float64.

        Args:
            points: (n, dimensions), n at least the number of components.
            iterations: Steps of EM at most.
            tolerance: Stop when a step gains less, in nats a point.
            seed: Of the k-means that EM starts from.
            go_on: Start from the present weights, and not from k-means.

        Returns:
            `log_likelihood` (nats a point, before the last step), `iterations` and `converged`.

        Raises:
            ValueError: For fewer points than components, or points of another size.
        """
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.mixture import GaussianMixture

        points = np.asarray(points, np.float64)
        if points.ndim != 2 or points.shape[1] != self.dimensions:
            raise ValueError(f"points must be (n, {self.dimensions}), got {points.shape}.")
        if len(points) < self.components:
            raise ValueError(
                f"{len(points)} points are too few for {self.components} components: "
                "give more data, or ask for fewer components."
            )
        start = self._start() if go_on else {}
        mixture = GaussianMixture(
            self.components,
            covariance_type={"full": "full", "diagonal": "diag"}[self.covariance],
            max_iter=iterations,
            tol=tolerance,
            reg_covar=self.regularization,
            random_state=seed,
            **start,
        )
        with warnings.catch_warnings():  # whether it has converged is returned
            warnings.simplefilter("ignore", ConvergenceWarning)
            mixture.fit(points)
        root = np.linalg.cholesky if self.covariance == "full" else np.sqrt
        with np.errstate(divide="ignore"):
            self.log_weights.assign(np.log(mixture.weights_).clip(-1e4))
        self.means.assign(mixture.means_)
        self.factors.assign(root(mixture.covariances_))
        return {
            "log_likelihood": float(mixture.lower_bound_),
            "iterations": int(mixture.n_iter_),
            "converged": bool(mixture.converged_),
        }

    def _start(self) -> dict:
        log_weights, means, factors = (
            np.asarray(ops.convert_to_numpy(v), np.float64)
            for v in (self.log_weights, self.means, self.factors)
        )
        weights = np.exp(log_weights)
        if self.covariance == "full":
            inverse = np.linalg.inv(factors)
            precisions = np.swapaxes(inverse, 1, 2) @ inverse
            precisions = (precisions + np.swapaxes(precisions, 1, 2)) / 2
        else:
            precisions = factors**-2
        return {
            "weights_init": weights / weights.sum(),
            "means_init": means,
            "precisions_init": precisions,
        }

    def get_config(self) -> dict:
        """The constructor's arguments."""
        config = super().get_config()
        del config["trainable"]
        return {
            **config,
            "components": self.components,
            "dimensions": self.dimensions,
            "covariance": self.covariance,
            "regularization": self.regularization,
        }


def _identities(shape, dtype=None):
    # Not `ops.broadcast_to`: on PyTorch its rows are one memory, into which none can be written.
    return ops.convert_to_tensor(np.tile(np.eye(shape[-1]), (shape[0], 1, 1)), dtype)
