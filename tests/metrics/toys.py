"""Fast stand-ins for tests of metrics: feature networks and models that need no training."""

import numpy as np


class FixedFeatures:
    """Random filters that never change, rectified and averaged over the quarters of an image."""

    checksum = "0123456789ab"
    resize = "not resized"
    notes = ("for tests",)
    classes = None

    def __init__(self, name="fixed filters", filters=12, patch=4):
        self.name, self.patch = name, patch
        self.kernel = np.random.default_rng(0).normal(size=(patch * patch, filters))
        self.dim = 4 * filters
        self.seen = 0

    def __call__(self, images):
        self.seen += len(images)
        grey = np.asarray(images, np.float64).mean(axis=-1)
        windows = np.lib.stride_tricks.sliding_window_view(grey, (self.patch,) * 2, axis=(1, 2))
        windows = windows.reshape(*windows.shape[:3], -1)
        maps = np.maximum(windows @ self.kernel, 0)
        half = maps.shape[1] // 2
        quarters = [maps[:, i : i + half, j : j + half] for i in (0, half) for j in (0, half)]
        return np.concatenate([q.mean(axis=(1, 2)) for q in quarters], axis=1).astype("float32")


class Brightness(FixedFeatures):
    """Three classes by the mean grey level of an image, each as wide as the others."""

    classes = 3

    def __init__(self, name="brightness"):
        super().__init__(name)

    def probabilities(self, images):
        self.seen += len(images)
        level = np.asarray(images, np.float64).mean(axis=(1, 2, 3))
        classes = np.clip(((level + 1) * 1.5).astype(int), 0, 2)
        return (0.97 * np.eye(3)[classes] + 0.01).astype("float32")


def brightness_images(labels, side=8, seed=0):
    """Grey images of the classes of `Brightness`."""
    rng = np.random.default_rng(seed)
    middles = np.asarray(labels)[:, None, None, None] * 2 / 3 - 2 / 3
    noise = rng.uniform(-0.25, 0.25, (len(labels), side, side, 1))
    return (middles + noise - noise.mean(axis=(1, 2, 3), keepdims=True)).astype("float32")


class Sampler:
    """Draws from a bank of images, by the seed alone."""

    def __init__(self, bank):
        self.bank = np.asarray(bank)
        self.calls = []

    @property
    def capabilities(self):
        return {"sample": ("n", "seed")}

    def sample(self, n, seed=None):
        self.calls.append((n, seed))
        return self.bank[np.random.default_rng(seed).integers(len(self.bank), size=n)]


class Conditional(Sampler):
    """Draws an image of the class asked for, but of another one with probability `wrong`."""

    def __init__(self, wrong=0.0):
        super().__init__(np.zeros((1, 8, 8, 1)))
        self.wrong, self.labels = wrong, []

    @property
    def capabilities(self):
        return {"sample": ("n", "labels", "seed")}

    def sample(self, n, labels, seed=None):
        rng = np.random.default_rng(seed)
        self.labels.append(np.asarray(labels))
        drawn = np.where(rng.uniform(size=n) < self.wrong, (labels + 1) % 3, labels)
        return brightness_images(drawn, seed=seed)
