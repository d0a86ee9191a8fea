"""The mu-law of telephony (ITU-T G.711), by which WaveNet makes sound into categories.

`y = sign(x) ln(1 + mu |x|) / ln(1 + mu)` with mu one less than the number of levels: quiet sounds,
where the ear is fine, get most of the levels (van den Oord et al., *WaveNet*, 2016, section 2.2).
"""

import math

from keras import ops


def compress(waves, levels: int = 256):
    """Amplitudes in [-1, 1] on the scale, again [-1, 1], that is then cut into equal levels.

    Example:

        >>> [round(float(v), 4) for v in compress(ops.array([-1.0, 0.0, 0.01, 1.0]))]
        [-1.0, 0.0, 0.2285, 1.0]
    """
    mu = levels - 1
    return ops.sign(waves) * ops.log1p(mu * ops.abs(waves)) / math.log1p(mu)


def expand(compressed, levels: int = 256):
    """The inverse of `compress`: `sign(y) ((1 + mu)^|y| - 1) / mu`.

    Example:

        >>> round(float(expand(compress(ops.array(-0.3)))), 6)
        -0.3
    """
    mu = levels - 1
    amplitude = ops.expm1(ops.abs(compressed) * math.log1p(mu)) / mu
    # Rounding may end one step outside.
    return ops.clip(ops.sign(compressed) * amplitude, -1.0, 1.0)


def encode(waves, levels: int = 256):
    """Amplitudes in [-1, 1] as whole numbers 0 ... levels - 1, int32 of the same shape.

    Example:

        >>> [int(code) for code in encode(ops.array([-1.0, 0.001, 1.0]))]
        [0, 133, 255]
    """
    scaled = (compress(ops.clip(waves, -1.0, 1.0), levels) + 1) * ((levels - 1) / 2)
    return ops.cast(ops.round(scaled), "int32")


def decode(codes, levels: int = 256):
    """The amplitude that a code stands for, float32; `encode` gives the code back.

    Example:

        >>> [round(float(wave), 5) for wave in decode(ops.array([0, 127, 128, 255]))]
        [-1.0, -9e-05, 9e-05, 1.0]
    """
    return expand(ops.cast(codes, "float32") / ((levels - 1) / 2) - 1, levels)
