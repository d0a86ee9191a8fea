"""What an autoregressive network's output says of one pixel, given those before it.

Each kind of pixel knows how many numbers it takes from the network, what it makes of an image, its
log-likelihood, and how to draw a pixel from uniform numbers. Colours that see one another through
the network's masks are drawn in several `passes`, one colour in each. The samples of a sound are
pixels of one colour.
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
from kgen.models.autoregressive import mu_law
from kgen.models.binarization import binarize, check_binarization, described

LEVELS = 256


class Pixels:
    """What all kinds of pixel share."""

    #: Whether observing an image takes uniform numbers.
    noisy = False
    #: What `log_prob` is a probability of.
    of = ""

    def shown(self, x):
        """Drawn pixels as the data are; the inverse of `observe` where that changes the scale."""
        return x


class BinaryPixels(Pixels):
    """Every colour is -1 or 1, with `p(1) = sigmoid(logit)`.

    Args:
        channels: Colours of a pixel.
        binarization: See `kgen.models.binarization`.
    """

    def __init__(self, channels: int, binarization: str):
        self.binarization = check_binarization(binarization)
        self.parameters = self.passes = self.uniforms = channels
        self.noisy = binarization == "dynamic"
        self.of = described(binarization)

    def observe(self, images, uniforms):
        """-1 and 1, from images in [-1, 1] and uniform numbers of the same shape."""
        return 2 * binarize(images, uniforms, self.binarization) - 1

    def log_prob(self, x, parameters):
        """`log p(x)` in nats, summed over an image: (n,)."""
        return _summed(bernoulli_log_prob((x + 1) / 2, parameters))

    def draw(self, parameters, pixel, uniforms, colour: int):
        """The pixel, (..., channels), with one colour drawn from its logit."""
        p = ops.sigmoid(ops.cast(parameters[..., colour], "float32"))
        return _put(pixel, colour, 2 * ops.cast(uniforms[..., colour] < p, "float32") - 1)


class LevelPixels(Pixels):
    """Every colour is one of 256 levels under a softmax (van den Oord et al. 2016, section 2.3).

    Args:
        channels: Colours of a pixel; the network gives as many logits for each in turn as there
            are levels.
        levels: How many, from -1 to 1.
    """

    of = "8-bit levels"

    def __init__(self, channels: int, levels: int = LEVELS):
        self.levels = levels
        self.parameters = levels * channels
        self.passes = self.uniforms = channels

    def observe(self, images, uniforms):
        """The nearest of the levels."""
        return from_level(to_level(images, self.levels), self.levels)

    def log_prob(self, x, parameters):
        """`log p(x)` in nats of the levels, summed over an image: (n,)."""
        logits = ops.reshape(parameters, (*ops.shape(x), self.levels))
        return _summed(categorical_log_prob(to_level(x, self.levels), logits))

    def draw(self, parameters, pixel, uniforms, colour: int):
        """The pixel, (..., channels), with one colour drawn from its logits."""
        here = slice(colour * self.levels, (colour + 1) * self.levels)
        logits = ops.cast(parameters[..., here], "float32")
        level = choose(ops.softmax(logits, axis=-1), uniforms[..., colour])
        return _put(pixel, colour, from_level(ops.cast(level, "float32"), self.levels))


class MuLawSamples(LevelPixels):
    """Samples of a sound, one of `levels` under a softmax, on the mu-law's scale.

    The network sees and gives what `kgen.models.autoregressive.mu_law.compress` makes of the
    amplitudes (van den Oord et al., *WaveNet*, 2016, section 2.2).

    Args:
        levels: How many, 256 in the paper.
    """

    def __init__(self, levels: int = LEVELS):
        super().__init__(1, levels)
        self.of = f"{levels} mu-law levels"

    def observe(self, waves, uniforms):
        """The nearest level of amplitudes in [-1, 1], on the mu-law's scale."""
        return super().observe(mu_law.compress(waves, self.levels), uniforms)

    def shown(self, x):
        """The amplitudes."""
        return mu_law.expand(x, self.levels)


class LogisticPixels(Pixels):
    """All colours of a pixel together, a mixture of discretised logistics (Salimans et al. 2017).

    Args:
        channels: Colours of a pixel.
        components: Of the mixture.
    """

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


def to_level(images, levels: int = LEVELS):
    """The nearest level 0 ... levels - 1 of images in [-1, 1], as floats."""
    return ops.round((images + 1) * ((levels - 1) / 2))


def from_level(level, levels: int = LEVELS):
    """Levels 0 ... levels - 1 on the scale [-1, 1]."""
    # XLA multiplies by the inverse, and may end one rounding step outside.
    return ops.clip(level / ((levels - 1) / 2) - 1, -1.0, 1.0)


def _summed(log_p):
    """Over all but the first axis: (n,)."""
    return ops.sum(log_p, axis=tuple(range(1, len(log_p.shape))))


def _put(pixel, colour: int, value):
    """The pixel (..., channels) with `value`, (...), for one of its colours."""
    return ops.where(np.arange(pixel.shape[-1]) == colour, value[..., None], pixel)
