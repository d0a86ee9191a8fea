"""A chain of bijections with latents split off on the way (Dinh et al. 2017)."""

import math

import keras
from keras import ops

from kgen.layers.bijection import Bijection
from kgen.layers.gaussian_prior import GaussianPrior
from kgen.layers.gaussian_split import GaussianSplit


@keras.saving.register_keras_serializable("kgen")
class MultiScaleFlow(keras.Model):
    """Images to standard normal latents and back, exactly.

    Dinh et al., *Density estimation using Real NVP*, 2017, section 3.6: after each scale half of
    the channels become latents, and the rest goes on. So the flow as a whole is one bijection, and

        log p(x) = log N(latents; 0, I) + log_det

    `flow(images)`, or `flow([images, labels])` where the prior has classes, gives
    `(latents, log_det)` of shapes (n, dimensions) and (n,); the latents that were split off first
    come first. `inverse(latents, labels)` gives the images.

    Args:
        bijections: `Bijection`s in order, `GaussianSplit`s among them.
        prior: What is left at the end to standard normal latents.
        image_shape: (height, width, channels), or (dimensions,) of points.

    Raises:
        ValueError: If a layer does not fit what comes before it.

    Example:

        >>> from kgen.layers import ActNorm, Squeeze
        >>> flow = MultiScaleFlow([Squeeze(), ActNorm()], GaussianPrior(), (4, 4, 1))
        >>> latents, log_det = flow(ops.ones((2, 4, 4, 1)))
        >>> latents.shape == (2, 16), flow.inverse(latents).shape == (2, 4, 4, 1)
        (True, True)
    """

    def __init__(
        self,
        bijections: list[Bijection],
        prior: GaussianPrior,
        image_shape: tuple[int, ...],
        **kwargs,
    ):
        super().__init__(**{"dtype": "float32", **kwargs})
        self.bijections = list(bijections)
        self.prior = prior
        self.image_shape = tuple(image_shape)
        self.dimensions = math.prod(self.image_shape)
        self.latent_shapes = []
        shape = (None, *self.image_shape)
        for layer in self.bijections:
            _build(layer, shape)
            if isinstance(layer, GaussianSplit):
                self.latent_shapes.append(layer.latent_shape(shape)[1:])
            shape = layer.transformed_shape(shape)
        _build(prior, shape)
        self.latent_shapes.append(shape[1:])
        self.built = True

    @property
    def classes(self) -> int | None:
        """How many classes the prior knows."""
        return self.prior.classes

    def call(self, inputs):
        """`(latents, log_det)` of images, or of `[images, labels]`."""
        x, labels = inputs if isinstance(inputs, list | tuple) else (inputs, None)
        latents, total = [], ops.zeros_like(x[(slice(None), *[0] * len(self.image_shape))])
        for layer in self.bijections:
            if isinstance(layer, GaussianSplit):
                x, taken, log_det = layer(x)
                latents.append(taken)
            else:
                x, log_det = layer(x)
            total = total + log_det
        top, log_det = self.prior(x, labels)
        flat = [ops.reshape(z, (-1, math.prod(z.shape[1:]))) for z in (*latents, top)]
        return ops.concatenate(flat, axis=-1), total + log_det

    def inverse(self, latents, labels=None):
        """The images (n, *image_shape) of latents (n, dimensions)."""
        parts, start = [], 0
        for shape in self.latent_shapes:
            size = math.prod(shape)
            parts.append(ops.reshape(latents[:, start : start + size], (-1, *shape)))
            start += size
        x = self.prior.inverse(parts.pop(), labels)
        for layer in reversed(self.bijections):
            split = isinstance(layer, GaussianSplit)
            x = layer.inverse(x, parts.pop()) if split else layer.inverse(x)
        return x

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {
            "bijections": self.bijections,
            "prior": self.prior,
            "image_shape": list(self.image_shape),
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict):
        """A flow with the configuration that `get_config` returned."""
        load = keras.saving.deserialize_keras_object
        return cls(
            [load(layer) for layer in config["bijections"]],
            load(config["prior"]),
            config["image_shape"],
            name=config["name"],
        )


def _build(layer, shape):
    if not layer.built:
        layer.build(shape)
