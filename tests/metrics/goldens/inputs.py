"""The features that the reference implementations and the tests both measure.

Drawn with RandomState, whose stream NumPy has promised never to change. Nothing of kgen is imported
here, so that the references' own environment can use it.
"""

import numpy as np


def features(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Real and generated features of a case."""
    rng = np.random.RandomState(sum(map(ord, name)))
    return CASES[name](rng)


def _normal(rng, n_real=500, n_fake=400, dim=64):
    """Correlated normal features with a shift and another covariance."""
    mix = rng.normal(size=(dim, dim)) / np.sqrt(dim)
    real = rng.normal(size=(n_real, dim)) @ mix + 1
    fake = rng.normal(size=(n_fake, dim)) @ (mix + 0.03 * rng.normal(size=(dim, dim))) + 1.1
    return real, fake


def _few(rng):
    """Fewer features than dimensions."""
    return _normal(rng, n_real=50, n_fake=40)


def _rectified(rng):
    """Sparse, positive float32, as the last layer of a network gives."""
    mix = rng.normal(size=(128, 128)) / np.sqrt(128)
    real = np.maximum(rng.normal(size=(600, 128)) @ mix - 0.5, 0).astype("float32")
    fake = np.maximum(rng.normal(size=(500, 128)) @ mix * 0.9 - 0.4, 0).astype("float32")
    return real, fake


def _lattice(rng):
    """Few integer values in three dimensions: copies and ties everywhere."""
    return rng.randint(0, 7, size=(200, 3)) * 1.0, rng.randint(1, 9, size=(160, 3)) * 1.0


def _same(rng):
    real = _normal(rng)[0]
    return real, real


def _dropped(rng):
    """Five clusters, of which the samples know two."""
    centres = rng.normal(size=(5, 8)) * 4
    real = centres[rng.randint(5, size=300)] + rng.normal(size=(300, 8))
    return real, centres[rng.randint(2, size=250)] + rng.normal(size=(250, 8))


CASES = {
    "normal": _normal,
    "few": _few,
    "rectified": _rectified,
    "lattice": _lattice,
    "same": _same,
    "dropped": _dropped,
}


def logits(name: str) -> np.ndarray:
    """The logits of a classifier."""
    rng = np.random.RandomState(sum(map(ord, name)))
    sharpness = {"sure": 20.0, "unsure": 1.5}[name]
    return rng.normal(size=(203, 7)) * sharpness + np.arange(7) * 0.3


LOGITS = ("sure", "unsure")


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


#: How the kernel distance is asked for.
SUBSETS = {"subsets": 20, "subset_size": 40, "seed": 7}
#: Which neighbours make the manifolds.
NEIGHBOURS = (1, 3, 5)
#: Shuffled with this seed, or not at all.
SHUFFLES = (None, 2020)
