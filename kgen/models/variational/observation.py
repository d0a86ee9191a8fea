"""What a variational autoencoder's likelihood is a likelihood *of*.

Images come in [-1, 1]. A likelihood is comparable only if one says what became of the grey levels:
here they are binarised (Bernoulli) or dequantised (Gaussian), by noise that is passed in.
"""

import math

from keras import ops

from kgen.losses import bernoulli_log_prob, normal_log_prob
from kgen.models.binarization import binarize, check_binarization


class Bernoulli:
    """Binary pixels, `p(1) = sigmoid(parameters)`.

    Args:
        binarization: `"dynamic"` draws each pixel with its grey level as the probability, anew each
            time it is seen, `"static"` once and for all; `"threshold"` cuts at the middle. (Grey
            levels as soft targets are not offered: their cross-entropy is no likelihood, see
            Loaiza-Ganem & Cunningham 2019.)
    """

    parameters = 1

    def __init__(self, binarization: str = "dynamic"):
        self.binarization = check_binarization(binarization)

    def observe(self, images, uniforms):
        """Binary pixels, from images in [-1, 1] and uniform numbers of the same shape."""
        return binarize(images, uniforms, self.binarization)

    def encoder_input(self, observed):
        """What the encoder sees: the binary image, as -1 and 1."""
        return 2 * observed - 1

    def log_prob(self, observed, parameters):
        """`log p(observed | parameters)` in nats, (n,)."""
        return _sum_pixels(bernoulli_log_prob(observed, parameters))

    def parameters_at(self, mean_image):
        """The log-odds of a mean image in [-1, 1], kept within 0.1 % of certainty."""
        p = ops.clip((mean_image + 1) / 2, 1e-3, 1 - 1e-3)
        return ops.log(p) - ops.log(1 - p)

    def mean_image(self, parameters):
        """The expected image in [-1, 1]."""
        return 2 * ops.sigmoid(parameters) - 1


class Gaussian:
    """Grey levels 0..255 with uniform noise added, under a normal density of each pixel.

    The parameters are the mean on the scale [-1, 1] and the log-variance, (n, h, w, 2 channels).
    The density is that of the level itself (one level is 1/128 wide on the scale), so that its
    negative log in nats bounds a code length of the 8-bit data.
    """

    parameters = 2

    def observe(self, images, uniforms):
        """Dequantised pixels in [-1, 1), from images and uniform numbers of the same shape."""
        return (ops.round((images + 1) * 127.5) + uniforms) / 128 - 1

    def encoder_input(self, observed):
        """What the encoder sees: the dequantised image."""
        return observed

    def log_prob(self, observed, parameters):
        """`log p(observed | parameters)` in nats of the 8-bit data, (n,)."""
        mean, log_variance = ops.split(parameters, 2, axis=-1)
        # The noise of one level alone has the log-variance -12.2: no density need be narrower.
        log_variance = ops.maximum(log_variance, -14.0)
        return _sum_pixels(normal_log_prob(observed, mean, log_variance) - math.log(128))

    def parameters_at(self, mean_image):
        """A mean image with variance 1."""
        return ops.concatenate([mean_image, ops.zeros_like(mean_image)], axis=-1)

    def mean_image(self, parameters):
        """The expected image, clipped to [-1, 1]."""
        return ops.clip(ops.split(parameters, 2, axis=-1)[0], -1.0, 1.0)


def make(likelihood: str, binarization: str):
    """The observation model of that name."""
    if likelihood == "bernoulli":
        return Bernoulli(binarization)
    if likelihood == "gaussian":
        return Gaussian()
    raise ValueError(f"likelihood must be 'bernoulli' or 'gaussian', got {likelihood!r}.")


def _sum_pixels(x):
    return ops.sum(x, axis=(-3, -2, -1))
