"""The autoregressive models of images."""

import keras
import numpy as np
from keras import ops

from kgen.losses import logistic_mixture_size
from kgen.models.autoregressive.base import AutoregressiveModel
from kgen.models.autoregressive.pixels import BinaryPixels, LevelPixels, LogisticPixels
from kgen.models.signature import TensorSpec, check_count, checked_mask
from kgen.training import Noise


class AutoregressiveImageModel(AutoregressiveModel):
    """Images pixel by pixel in raster order, and within a pixel in the order of its channels.

    Args:
        network: Images (n, height, width, channels), or `[images, labels]`, to the parameters of
            each pixel's distribution, (n, height, width, parameters). See `AutoregressiveModel`.
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
        likelihood = self.choose_likelihood(likelihood)
        shape = tuple(network.inputs[0].shape[1:])
        *size, parameters = network.outputs[0].shape[1:]
        channels = shape[-1]
        if likelihood == "logistic":
            components = max(1, parameters // logistic_mixture_size(channels))
            pixels = LogisticPixels(channels, components)
        else:
            pixels = pixels_of(likelihood, channels, binarization)
        wanted = (*shape[:2], pixels.parameters)
        if (*size, parameters) != wanted:
            raise ValueError(
                f"a {likelihood} network of images {shape} must give {wanted}, "
                f"not {(*size, parameters)}."
            )
        conditions = {}
        if classes is not None:
            conditions["labels"] = TensorSpec((None,), "int32", role="label", classes=classes)
        super().__init__(network, pixels, shape, conditions, **kwargs)
        self.likelihood, self.binarization = likelihood, binarization

    @classmethod
    def choose_likelihood(cls, likelihood: str | None) -> str:
        """The likelihood of that name, or the family's first.

        Raises:
            ValueError: If the model's networks are not made for it.
        """
        if likelihood is not None and likelihood not in cls.likelihoods:
            raise ValueError(f"likelihood must be one of {cls.likelihoods}, got {likelihood!r}.")
        return likelihood or cls.likelihoods[0]

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
        labels = self.checked_labels(labels, n, noise)
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
        mask = checked_mask(mask, n, height, width)
        noise = Noise(keras.random.SeedGenerator(seed))
        uniforms = noise.uniform((n, height, width, self.pixels.uniforms))
        labels = self.checked_labels(labels, n, noise)
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
        return self.serve("log_prob", **inputs, **self.checked_labels(labels, len(images)))

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "likelihood": self.likelihood,
            "binarization": self.binarization,
            "classes": self.classes,
        }


def pixels_of(likelihood: str, channels: int, binarization: str) -> BinaryPixels | LevelPixels:
    """The kind of pixel behind a likelihood whose channels the network's masks part."""
    if likelihood == "bernoulli":
        return BinaryPixels(channels, binarization)
    return LevelPixels(channels)
