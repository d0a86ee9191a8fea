"""The base of the autoregressive family: a network that predicts each pixel from those before."""

import math
import warnings

import keras
import numpy as np
from keras import ops

from kgen.errors import DataError
from kgen.losses import bits_per_dim, logistic_mixture_size
from kgen.models.autoregressive.pixels import BinaryPixels, LevelPixels, LogisticPixels
from kgen.models.autoregressive.plan import NotIncrementalError, plan
from kgen.models.autoregressive.raster import FullForward, Incremental
from kgen.models.base import GenerativeModel, images_of
from kgen.models.signature import Signature, TensorSpec, check_count
from kgen.training import Noise


class AutoregressiveModel(GenerativeModel):
    """Images as a product of conditionals: `log p(x) = sum_i log p(x_i | x_1 ... x_(i-1))`.

    The factors stand in raster order, and within a pixel in the order of its channels. The loss is
    `-log p(x)` in nats an image: summed over pixels, averaged over the batch. It is exact.

    A network built of `kgen.layers.CausalLayer`s and of layers that compute each pixel alone is
    sampled by one incremental pass for each pixel; any other by one whole forward pass, of which a
    warning tells. Whether such another network looks ahead is not checked: its likelihood would be
    too good to be true, and its samples would show it.

    Args:
        network: Images (n, height, width, channels), or `[images, labels]`, to the parameters of
            each pixel's distribution, (n, height, width, parameters).
        likelihood: Of `likelihoods`, by default the first: `"bernoulli"` for binary pixels (one
            logit a channel), `"categorical"` for 8-bit levels (256 logits a channel), `"logistic"`
            for 8-bit levels under a mixture of discretised logistics.
        binarization: For `"bernoulli"`, see `kgen.models.binarization`.
        classes: How many classes the labels have; `None` for a network without labels.
        ema_momentum: See `GenerativeModel`.
        seed: See `GenerativeModel`.
        name: The Keras name.

    Raises:
        ValueError: If the network does not fit the likelihood or the classes.
    """

    players = {"model": ("network",)}
    averaged = ("network",)
    loss_names = ("loss", "bits_per_dim")
    inference_mode = "the default network has neither batch normalisation nor dropout"

    #: The likelihoods that the model's networks are made for.
    likelihoods: tuple[str, ...] = ("bernoulli", "categorical")

    def __init__(
        self,
        network: keras.Model,
        *,
        likelihood: str | None = None,
        binarization: str = "dynamic",
        classes: int | None = None,
        **kwargs,
    ):
        super().__init__({"network": network}, **kwargs)
        self.likelihood = self.choose_likelihood(likelihood)
        self.binarization, self.classes = binarization, classes
        self.image_shape = tuple(network.inputs[0].shape[1:])
        *size, parameters = network.outputs[0].shape[1:]
        channels = self.image_shape[-1]
        if self.likelihood == "logistic":
            components = max(1, parameters // logistic_mixture_size(channels))
            self.pixels = LogisticPixels(channels, components)
        else:
            self.pixels = pixels_of(self.likelihood, channels, binarization)
        wanted = (*self.image_shape[:2], self.pixels.parameters)
        if (*size, parameters) != wanted:
            raise ValueError(
                f"a {self.likelihood} network of images {self.image_shape} must give {wanted}, "
                f"not {(*size, parameters)}."
            )
        inputs = 1 if classes is None else 2
        if len(network.inputs) != inputs:
            raise ValueError(
                f"with classes={classes} the network must have {inputs} inputs, images"
                f"{' and labels' if inputs == 2 else ''}; this one has {len(network.inputs)}."
            )
        try:
            plan(network)
        except NotIncrementalError as reason:
            warnings.warn(
                f"every pixel of a sample will take a whole forward pass, since the network cannot "
                f"be run one pixel at a time: {reason}.",
                stacklevel=3,
            )

    @classmethod
    def choose_likelihood(cls, likelihood: str | None) -> str:
        """The likelihood of that name, or the family's first.

        Raises:
            ValueError: If the model's networks are not made for it.
        """
        if likelihood is not None and likelihood not in cls.likelihoods:
            raise ValueError(f"likelihood must be one of {cls.likelihoods}, got {likelihood!r}.")
        return likelihood or cls.likelihoods[0]

    # ---- training --------------------------------------------------------------------------------

    def parameters_of(self, network: keras.Model, x, labels, training: bool):
        """What the network says of every pixel of observed images `x`."""
        return network(x if labels is None else [x, labels], training=training)

    def train_step(self, data):
        """One gradient step on the negative log-likelihood."""
        x, labels = self._observe(data, self.noise)

        def loss():
            parameters = self.parameters_of(self.network, x, labels, training=True)
            return -ops.mean(self.pixels.log_prob(x, parameters))

        return self._report(x, self.minimize(loss))

    def test_step(self, data):
        """The negative log-likelihood in inference mode."""
        x, labels = self._observe(data, self.evaluation_noise)
        network = self.inference_network("network")
        parameters = self.parameters_of(network, x, labels, training=False)
        return self._report(x, -ops.mean(self.pixels.log_prob(x, parameters)))

    def _observe(self, data, noise):
        images = images_of(data)
        labelled = isinstance(data, (tuple, list)) and len(data) > 1
        if self.classes is not None and not labelled:
            raise DataError(
                f"{type(self).__name__} with classes={self.classes} learns from (images, labels): "
                'load the data with layout="labelled".'
            )
        labels = None if self.classes is None else ops.cast(data[1], "int32")
        uniforms = noise.uniform(ops.shape(images)) if self.pixels.noisy else None
        return self.pixels.observe(images, uniforms), labels

    def _report(self, x, loss):
        bits = bits_per_dim(loss, math.prod(self.image_shape))
        return self.update_metrics(ops.shape(x)[0], loss=loss, bits_per_dim=bits)

    def batch_images(self, data):
        """The images."""
        return {"images": (images_of(data), self.image_shape)}

    # ---- capabilities ----------------------------------------------------------------------------

    @property
    def capabilities(self):
        """As for every model; without classes nothing takes labels."""
        return {
            name: arguments
            if self.classes is not None
            else tuple(argument for argument in arguments if argument != "labels")
            for name, arguments in super().capabilities.items()
        }

    @property
    def log_prob_of(self) -> str:
        """What `log_prob` is a probability of, for those who compare likelihoods."""
        return self.pixels.of

    def signatures(self):
        """`sample`, `complete` and `log_prob`, which take their noise as an input."""
        height, width, _ = self.image_shape
        images = TensorSpec((None, *self.image_shape))
        uniforms = TensorSpec((None, height, width, self.pixels.uniforms), role="uniform")
        mask = TensorSpec((None, height, width, 1), role="mask")
        noise = TensorSpec((None, *self.image_shape), role="uniform")
        labels = {} if self.classes is None else {"labels": self._label_spec}
        observed = {"uniforms": noise} if self.pixels.noisy else {}
        return {
            "sample": Signature(self._sample, {"uniforms": uniforms, **labels}, _IMAGES),
            "complete": Signature(
                self._complete,
                {"images": images, "mask": mask, "uniforms": uniforms, **labels},
                _IMAGES,
            ),
            "log_prob": Signature(
                self._log_prob,
                {"images": images, **observed, **labels},
                {"log_prob": "log_prob"},
            ),
        }

    @property
    def _label_spec(self) -> TensorSpec:
        return TensorSpec((None,), dtype="int32", role="label", classes=self.classes)

    def _sample(self, uniforms, labels=None):
        def draw(parameters, pixel, extras, k):
            return self.pixels.draw(parameters, pixel, extras["uniforms"], k)

        return self._run(draw, labels, {"uniforms": uniforms})

    def _complete(self, images, mask, uniforms, labels=None):
        def draw(parameters, pixel, extras, k):
            drawn = self.pixels.draw(parameters, pixel, extras["uniforms"], k)
            return ops.where(extras["mask"] > 0.5, extras["known"], drawn)

        # As in an encoder, a grey level that is given is cut at the middle.
        known = self.pixels.observe(images, ops.full_like(images, 0.5))
        return self._run(draw, labels, {"uniforms": uniforms, "known": known, "mask": mask})

    def _run(self, draw, labels, extras):
        others = [] if labels is None else [labels]
        images, _ = self.raster().run(draw, self.pixels.passes, others, extras)
        return {"images": images}

    def raster(self) -> Incremental | FullForward:
        """What draws images with the network in use: incrementally, if the network can."""
        network = self.inference_network("network")
        try:
            return Incremental(network)
        except NotIncrementalError:
            return FullForward(network)

    def _log_prob(self, images, uniforms=None, labels=None):
        x = self.pixels.observe(images, uniforms)
        network = self.inference_network("network")
        parameters = self.parameters_of(network, x, labels, training=False)
        return {"log_prob": self.pixels.log_prob(x, parameters)}

    def sample(self, n: int, labels=None, seed: int | None = None) -> np.ndarray:
        """Draws images pixel by pixel.

        Args:
            n: How many.
            labels: For a model with classes, one class for each, int (n,); drawn evenly if `None`.
            seed: The same seed gives the same images; `None` gives new ones at each call.

        Returns:
            float32 (n, height, width, channels) in [-1, 1]: binary, or on the 256 levels.

        Raises:
            DataError: For labels that are no classes, or where the model has none.
        """
        noise = Noise(keras.random.SeedGenerator(seed))
        height, width, _ = self.image_shape
        uniforms = noise.uniform((check_count(n), height, width, self.pixels.uniforms))
        labels = self._labels(labels, n, noise)
        return self.serve("sample", uniforms=ops.convert_to_numpy(uniforms), **labels)

    def complete(self, images, mask, labels=None, seed: int | None = None) -> np.ndarray:
        """Draws the pixels that are missing, each given those before it.

        Known pixels after a missing one have no influence on it: the order is what the model has.

        Args:
            images: (n, height, width, channels) in [-1, 1]; what is missing may hold anything.
            mask: 1 or `True` where a pixel is known, 0 where it is to be drawn: (height, width),
                or (n, height, width) with or without a last axis of 1.
            labels: As for `sample`.
            seed: As for `sample`.

        Returns:
            float32 (n, height, width, channels) in [-1, 1], with the known pixels as the model sees
            them: binary, or on the 256 levels.

        Raises:
            DataError: For a mask or labels that do not fit.
        """
        images = np.asarray(images, "float32")
        n, (height, width, _) = len(images), self.image_shape
        mask = np.asarray(mask, "float32")
        mask = mask[..., None] if mask.shape[-1:] != (1,) or mask.ndim == 2 else mask
        try:
            mask = np.broadcast_to(mask, (n, height, width, 1))
        except ValueError:
            raise DataError(
                f"mask must have shape ({height}, {width}) or ({n}, {height}, {width}, 1), "
                f"got {mask.shape[:-1]}."
            ) from None
        noise = Noise(keras.random.SeedGenerator(seed))
        uniforms = noise.uniform((n, height, width, self.pixels.uniforms))
        labels = self._labels(labels, n, noise)
        uniforms = ops.convert_to_numpy(uniforms)
        return self.serve("complete", images=images, mask=mask, uniforms=uniforms, **labels)

    def log_prob(self, images, labels=None, seed: int | None = None) -> np.ndarray:
        """The log-likelihood, exactly.

        Args:
            images: (n, height, width, channels) in [-1, 1].
            labels: For a model with classes, that of each image, int (n,).
            seed: Of the binarisation, where that is drawn.

        Returns:
            float32 (n,), in nats an image: of the binarised pixels, or of the 8-bit levels.
            `kgen.losses.bits_per_dim` converts.

        Raises:
            DataError: For labels that do not fit.
        """
        images = np.asarray(images, "float32")
        noise = Noise(keras.random.SeedGenerator(seed))
        inputs = {"images": images}
        if self.pixels.noisy:
            inputs["uniforms"] = ops.convert_to_numpy(noise.uniform(images.shape))
        if self.classes is not None and labels is None:
            raise DataError("log_prob needs the label of each image: log_prob(images, labels).")
        return self.serve("log_prob", **inputs, **self._labels(labels, len(images), noise))

    def _labels(self, labels, n: int, noise) -> dict:
        if self.classes is None:
            if labels is not None:
                raise DataError(f"{self.name} has no classes, so it takes no labels.")
            return {}
        if labels is None:
            labels = np.floor(ops.convert_to_numpy(noise.uniform((n,))) * self.classes)
        labels = np.asarray(labels)
        if labels.shape != (n,) or not np.all((labels >= 0) & (labels < self.classes)):
            raise DataError(
                f"labels must be {n} whole numbers from 0 to {self.classes - 1}, "
                f"got {np.array2string(labels, threshold=8)}."
            )
        return {"labels": labels.astype("int32")}

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "likelihood": self.likelihood,
            "binarization": self.binarization,
            "classes": self.classes,
        }


_IMAGES = {"images": "image"}


def pixels_of(likelihood: str, channels: int, binarization: str) -> BinaryPixels | LevelPixels:
    """The kind of pixel behind a likelihood whose channels the network's masks part."""
    if likelihood == "bernoulli":
        return BinaryPixels(channels, binarization)
    return LevelPixels(channels)
