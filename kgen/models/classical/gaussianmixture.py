"""A mixture of Gaussians, fitted by expectation-maximisation (Dempster, Laird & Rubin 1977)."""

import math

import keras
import numpy as np
from keras import ops

from kgen.layers import MixtureOfGaussians
from kgen.losses import bits_per_dim
from kgen.models.base import GenerativeModel, images_of
from kgen.models.signature import Signature, TensorSpec, check_count
from kgen.models.variational.observation import Gaussian
from kgen.models.whole_data import check_readable, gather
from kgen.training import Noise


@keras.saving.register_keras_serializable("kgen")
class GaussianMixture(GenerativeModel):
    """The classical baseline: a density in closed form, learned without a gradient.

    Dempster, Laird & Rubin, *Maximum Likelihood from Incomplete Data via the EM Algorithm*, 1977:

        p(x) = sum_k w_k N(x; m_k, C_k)

    EM looks at all data at once, so `fit` reads them whole into memory: before each epoch it takes
    `iterations` steps of scikit-learn's EM on them, the first time from k-means and then from where
    it stands. The epoch itself only measures `-log p(x)`, batch by batch. There is nothing for an
    optimizer to do, and the one that `compile` takes moves nothing. The data must be an array or a
    `tf.data.Dataset`.

    Images are grey levels with uniform noise added, as in `VAE`'s Gaussian likelihood, and the
    density is exact, in nats of the 8-bit data. Of points (`image_shape=(2,)`) it is that of the
    points themselves.

    Args:
        image_shape: (height, width, channels), or (dimensions,) for points.
        components: How many Gaussians.
        covariance: `"full"` or `"diagonal"`.
        iterations: Steps of EM before each epoch.
        regularization: Added to the diagonal of every covariance.
        seed: See `GenerativeModel`.
        name: The Keras name.

    Raises:
        ValueError: For an unknown covariance, or numbers below 1.

    Example:

        >>> model = GaussianMixture.build_default((2,), components=3)
        >>> model.compile()
        >>> history = model.fit(np.random.default_rng(0).normal(size=(60, 2)), verbose=0)
        >>> model.sample(5, seed=1).shape, model.log_prob(np.zeros((4, 2))).shape
        ((5, 2), (4,))
    """

    players = {"model": ()}  # no gradient moves anything
    loss_names = ("loss", "bits_per_dim")
    inference_mode = "a closed formula, the same in training"

    def __init__(
        self,
        image_shape: tuple[int, ...],
        *,
        components: int = 10,
        covariance: str = "full",
        iterations: int = 10,
        regularization: float = 1e-6,
        **kwargs,
    ):
        super().__init__({}, **kwargs)
        if iterations < 1:
            raise ValueError(f"iterations must be at least 1, got {iterations}.")
        self.image_shape = tuple(image_shape)
        self.iterations = iterations
        size = math.prod(self.image_shape)
        self.mixture = MixtureOfGaussians(components, size, covariance, regularization)
        self.observation = Gaussian() if len(self.image_shape) == 3 else None

    @classmethod
    def build_default(
        cls,
        image_shape: tuple[int, ...] = (28, 28, 1),
        components: int = 10,
        covariance: str = "full",
        **kwargs,
    ) -> "GaussianMixture":
        """A mixture for images or points of that shape; see the class."""
        return cls(image_shape, components=components, covariance=covariance, **kwargs)

    def default_optimizers(self):
        """What Keras wants to see: it has no variable."""
        return {"model": keras.optimizers.SGD(0.0)}

    # ---- training --------------------------------------------------------------------------------

    def own_callbacks(self, x):
        """EM on all of `x` before each epoch."""
        check_readable(x)
        return [keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: self._improve(x))]

    def _improve(self, x):
        images = gather(x, images_of).astype("float32")
        points = ops.convert_to_numpy(self._observe(images, self.noise))
        self.mixture.fit(
            points.reshape(len(points), -1),
            iterations=self.iterations,
            tolerance=1e-6,
            seed=int(ops.convert_to_numpy(self.noise.uniform(())) * 2**31),
            go_on=self.epochs_trained > 0,
        )

    def train_step(self, data):
        """Measures `-log p(x)`."""
        return self._measure(images_of(data), self.noise)

    def test_step(self, data):
        """The same, on noise that training does not see."""
        return self._measure(images_of(data), self.evaluation_noise)

    def _measure(self, images, noise):
        loss = -ops.mean(self._log_prob_of_points(self._observe(images, noise)))
        bits = bits_per_dim(loss, math.prod(self.image_shape))
        return self.update_metrics(ops.shape(images)[0], loss=loss, bits_per_dim=bits)

    def _observe(self, images, noise):
        if self.observation is None:
            return images
        return self.observation.observe(images, noise.uniform(ops.shape(images)))

    def _log_prob_of_points(self, x):
        size = self.mixture.dimensions
        log_p = self.mixture(ops.reshape(x, (-1, size)))
        # On the scale of images one grey level is 1/128 wide.
        return log_p if self.observation is None else log_p - size * math.log(128)

    def batch_images(self, data):
        """The images or points."""
        return {"images": (images_of(data), self.image_shape)}

    # ---- capabilities ----------------------------------------------------------------------------

    @property
    def log_prob_of(self) -> str:
        """What `log_prob` is a probability of, for those who compare likelihoods."""
        return "points" if self.observation is None else "8-bit levels, dequantised"

    def signatures(self):
        """`sample` and `log_prob`, which take their noise as an input."""
        images = TensorSpec(
            (None, *self.image_shape), role="point" if self.observation is None else "image"
        )
        noise = TensorSpec((None, self.mixture.dimensions), role="noise")
        uniforms = TensorSpec((None,), role="uniform")
        levels = {"uniforms": TensorSpec((None, *self.image_shape), role="uniform")}
        return {
            "sample": Signature(
                self._sample, {"noise": noise, "uniforms": uniforms}, {"images": images.role}
            ),
            "log_prob": Signature(
                self._log_prob,
                {"images": images, **({} if self.observation is None else levels)},
                {"log_prob": "log_prob"},
            ),
        }

    def _sample(self, noise, uniforms):
        points = ops.reshape(self.mixture.draw(uniforms, noise), (-1, *self.image_shape))
        return {"images": points if self.observation is None else ops.clip(points, -1.0, 1.0)}

    def _log_prob(self, images, uniforms=None):
        x = images if uniforms is None else self.observation.observe(images, uniforms)
        return {"log_prob": self._log_prob_of_points(x)}

    def sample(self, n: int, seed: int | None = None) -> np.ndarray:
        """Draws images, clipped to [-1, 1], or points.

        Args:
            n: How many.
            seed: The same seed gives the same images; `None` gives new ones at each call.

        Returns:
            float32 (n, *image_shape).
        """
        source = Noise(keras.random.SeedGenerator(seed))
        noise = source.normal((check_count(n), self.mixture.dimensions))
        uniforms = source.uniform((n,))
        return self.serve(
            "sample",
            noise=ops.convert_to_numpy(noise),
            uniforms=ops.convert_to_numpy(uniforms),
        )

    def log_prob(self, images, seed: int | None = None) -> np.ndarray:
        """The log-density, exactly.

        Args:
            images: (n, height, width, channels) in [-1, 1], or points.
            seed: Of the noise that is added to grey levels.

        Returns:
            float32 (n,), in nats.
        """
        images = np.asarray(images, "float32")
        if self.observation is None:
            return self.serve("log_prob", images=images)
        uniforms = Noise(keras.random.SeedGenerator(seed)).uniform(images.shape)
        return self.serve("log_prob", images=images, uniforms=ops.convert_to_numpy(uniforms))

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "image_shape": self.image_shape,
            "components": self.mixture.components,
            "covariance": self.mixture.covariance,
            "iterations": self.iterations,
            "regularization": self.mixture.regularization,
        }
