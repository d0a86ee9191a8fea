"""What an autoregressive network's output says of one pixel, given those before it.

Each kind of pixel knows how many numbers it takes from the network, what it makes of an image, its
log-likelihood, and how to draw a pixel from uniform numbers. Colours that see one another through
the network's masks are drawn in several `passes`, one colour in each.
"""

import numpy as np
from keras import ops

from kgen.losses import (
    bernoulli_log_prob,
    categorical_log_prob,
    choose,
    draw_logistic_mixture,
    logistic_mixture_log_prob,
    logistic_mixture_size,
)
from kgen.models.binarization import binarize, check_binarization, described

LEVELS = 256


class BinaryPixels:
    """Every colour is -1 or 1, with `p(1) = sigmoid(logit)`.

    Args:
        channels: Colours of a pixel.
        binarization: See `kgen.models.binarization`.
    """

    def __init__(self, channels: int, binarization: str):
        self.binarization = check_binarization(binarization)
        self.parameters = self.passes = self.uniforms = channels
        #: Whether observing an image takes uniform numbers.
        self.noisy = binarization == "dynamic"
        #: What `log_prob` is a probability of.
        self.of = described(binarization)

    def observe(self, images, uniforms):
        """-1 and 1, from images in [-1, 1] and uniform numbers of the same shape."""
        return 2 * binarize(images, uniforms, self.binarization) - 1

    def log_prob(self, x, parameters):
        """`log p(x)` in nats, summed over an image: (n,)."""
        return ops.sum(bernoulli_log_prob((x + 1) / 2, parameters), axis=(1, 2, 3))

    def draw(self, parameters, pixel, uniforms, colour: int):
        """The pixel, (..., channels), with one colour drawn from its logit."""
        p = ops.sigmoid(ops.cast(parameters[..., colour], "float32"))
        return _put(pixel, colour, 2 * ops.cast(uniforms[..., colour] < p, "float32") - 1)


class LevelPixels:
    """Every colour is one of 256 levels under a softmax (van den Oord et al. 2016, section 2.3).

    Args:
        channels: Colours of a pixel; the network gives 256 logits for each in turn.
    """

    noisy = False
    of = "8-bit levels"

    def __init__(self, channels: int):
        self.parameters = LEVELS * channels
        self.passes = self.uniforms = channels

    def observe(self, images, uniforms):
        """The nearest of the 256 levels."""
        return from_level(to_level(images))

    def log_prob(self, x, parameters):
        """`log p(x)` in nats of the levels, summed over an image: (n,)."""
        logits = ops.reshape(parameters, (-1, *x.shape[1:], LEVELS))
        return ops.sum(categorical_log_prob(to_level(x), logits), axis=(1, 2, 3))

    def draw(self, parameters, pixel, uniforms, colour: int):
        """The pixel, (..., channels), with one colour drawn from its 256 logits."""
        logits = ops.cast(parameters[..., colour * LEVELS : (colour + 1) * LEVELS], "float32")
        level = choose(ops.softmax(logits, axis=-1), uniforms[..., colour])
        return _put(pixel, colour, from_level(ops.cast(level, "float32")))


class LogisticPixels:
    """All colours of a pixel together, a mixture of discretised logistics (Salimans et al. 2017).

    Args:
        channels: Colours of a pixel.
        components: Of the mixture.
    """

    noisy = False
    of = "8-bit levels"
    passes = 1

    def __init__(self, channels: int, components: int):
        self.channels = channels
        self.parameters = components * logistic_mixture_size(channels)
        self.uniforms = 1 + channels

    def observe(self, images, uniforms):
        """The nearest of the 256 levels."""
        return from_level(to_level(images))

    def log_prob(self, x, parameters):
        """`log p(x)` in nats of the levels, summed over an image: (n,)."""
        return ops.sum(logistic_mixture_log_prob(x, ops.cast(parameters, "float32")), axis=(1, 2))

    def draw(self, parameters, pixel, uniforms, colour: int):
        """The whole pixel, (..., channels), at once."""
        parameters = ops.cast(parameters, "float32")
        return draw_logistic_mixture(parameters, uniforms, self.channels)


def to_level(images):
    """The nearest level 0..255 of images in [-1, 1], as floats."""
    return ops.round((images + 1) * 127.5)


def from_level(levels):
    """Levels 0..255 on the scale [-1, 1]."""
    # XLA multiplies by 1 / 127.5, and may end one rounding step outside.
    return ops.clip(levels / 127.5 - 1, -1.0, 1.0)


def _put(pixel, colour: int, value):
    """The pixel (..., channels) with `value`, (...), for one of its colours."""
    return ops.where(np.arange(pixel.shape[-1]) == colour, value[..., None], pixel)
