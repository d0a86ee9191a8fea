"""What a flow's density is a density *of*: grey levels with noise, or points as they are.

A density is comparable only if one says what became of the levels: with uniform noise added, the
density's mean over a level bounds the level's probability from below (Theis et al. 2016, eq. 3).
"""

import math

from keras import ops

from kgen.models.autoregressive.pixels import to_level


class Levels:
    """Images as `2 ** bits` grey levels, each as wide as the noise: `(level + u) / 2^bits - 1/2`.

    Kingma & Dhariwal 2018, eq. 2, the scale of their code. The density is one of levels: its
    negative log is `-log p(v) + D bits log 2`, in nats of the data with so many bits.

    Args:
        bits: 1 to 8; with fewer than 8 the last bits of each level are dropped.

    Raises:
        ValueError: For other numbers of bits.
    """

    role = "image"
    #: Whether observing an image takes uniform numbers.
    noisy = True

    def __init__(self, bits: int):
        if bits not in range(1, 9):
            raise ValueError(f"bits must be a whole number from 1 to 8, got {bits!r}.")
        self.levels = 2**bits
        #: What `log_prob` is a probability of.
        self.of = f"{bits}-bit levels, dequantised"

    def observe(self, images, uniforms):
        """Numbers in [-1/2, 1/2), from images in [-1, 1] and uniform numbers of the same shape."""
        level = ops.floor(to_level(images) / (256 // self.levels))
        return (level + uniforms) / self.levels - 0.5

    def log_width(self, dimensions: int) -> float:
        """The log-volume of one combination of levels, which makes a density a probability."""
        return -dimensions * math.log(self.levels)

    def image(self, observed):
        """Images in [-1, 1]: the middle of a level becomes that level, black -1 and white 1."""
        level = (observed + 0.5) * self.levels - 0.5
        return ops.clip(2 * level / (self.levels - 1) - 1, -1.0, 1.0)


class Points:
    """Points of a continuous space, under a density in that space."""

    role = "point"
    noisy = False
    of = "points, a density"

    def observe(self, images, uniforms):
        """The points themselves."""
        return images

    def log_width(self, dimensions: int) -> float:
        """Zero: a density stays a density."""
        return 0.0

    def image(self, observed):
        """The points themselves."""
        return observed
