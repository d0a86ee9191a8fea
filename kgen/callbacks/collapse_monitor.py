"""Notices when a model's samples become alike, or its discriminator knows everything."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import keras
import numpy as np

from kgen.errors import DataError

# Measured on DCGANs of letters, 8 and 32 pixels, one seed each: at the paper's rates the diversity
# was 0.59 to 0.97 after 300 and more steps, without near copies; with a discriminator 50 times as
# fast as the generator 0.16 to 0.28 in the first 370, and mostly near copies.
ALIKE = 0.3
COPIES = 0.75
NEAR = 0.25  # of the real images' mean distance to the nearest other
SATURATED = 0.99


class CollapseWarning(UserWarning):
    """A training that runs on, but no longer towards anything useful."""


class CollapseMonitor(keras.callbacks.Callback):
    """Logs the diversity of samples, and warns when it is gone or the discriminator saturates.

    After each epoch samples of the same seed are compared with each other, pixel by pixel, as real
    images are:

    - `diversity` is their mean distance over that of the real images. 1 is as diverse as these;
      a generator that ignores its latents has 0. Noise has much: this is no measure of quality.
    - `repeated` is the share of samples with another sample very near (within a quarter of the
      distance at which a real image has its nearest). It sees what the mean does not: a handful of
      images, drawn again and again.

    A `CollapseWarning` says the reason and what to try when, for `patience` epochs running,
    `diversity` is below 0.3, `repeated` above 0.75, or the discriminator's mean `real_probability`
    above 0.99 and `fake_probability` below 0.01 (of models that log these). It warns again only
    after a recovery. An untrained generator draws alike images as well, so the first `warm_up`
    steps do not count.

    Args:
        images: Real images `(n, ...)` in [-1, 1], best of the validation split; some 100. The
            first 256 are used, and as many samples.
        labels: For conditional models, the classes `(n,)` of the images; samples of the same
            classes are drawn.
        seed: The seed of the samples, the same at each epoch.
        patience: For how many epochs running something must be wrong.
        warm_up: After how many steps of the model an epoch counts.

    Raises:
        DataError: For fewer than two images, or images that are all equal.
        ValueError: At the start of training, if the model cannot sample.

    Example:

        held_out = next(iter(data.validation)).numpy()
        model.fit(data.train, epochs=20, callbacks=[CollapseMonitor(held_out)])
    """

    def __init__(
        self,
        images: np.ndarray,
        labels: Sequence[int] | None = None,
        seed: int = 0,
        patience: int = 2,
        warm_up: int = 1000,
    ):
        super().__init__()
        if patience < 1:
            raise ValueError(f"patience={patience}: warn after 1, 2, ... epochs")
        images = np.asarray(images)[:256]
        if labels is not None and len(labels) < len(images):
            raise DataError(f"{len(labels)} labels for {len(images)} images: give one for each")
        self.labels = None if labels is None else np.asarray(labels, "int32")[: len(images)]
        self.n, self.seed = len(images), seed
        self.patience, self.warm_up = patience, warm_up
        self._real_mean, nearest = distances(images) if self.n > 1 else (0.0, np.zeros(1))
        self._near = NEAR * float(nearest.mean())
        if self._real_mean == 0:
            raise DataError(
                f"CollapseMonitor got {self.n} images without a difference: give it at least two "
                "different real ones"
            )
        self._epochs_wrong: dict[str, int] = {}

    def on_train_begin(self, logs=None):
        """Refuses a model that cannot sample."""
        if "sample" not in self.model.capabilities:
            raise ValueError(
                f"{type(self.model).__name__} cannot sample, so leave CollapseMonitor out; it can "
                f"{', '.join(self.model.capabilities)}"
            )
        self._epochs_wrong = {}

    def on_epoch_end(self, epoch, logs=None):
        """Measures, logs and warns."""
        logs = {} if logs is None else logs
        labels = {} if self.labels is None else {"labels": self.labels}
        mean, nearest = distances(self.model.sample(self.n, seed=self.seed, **labels))
        diversity = mean / self._real_mean
        repeated = float((nearest < self._near).mean())
        logs["diversity"], logs["repeated"] = diversity, repeated

        real, fake = logs.get("real_probability", 0.0), logs.get("fake_probability", 1.0)
        self._watch(
            "alike",
            diversity < ALIKE,
            f"samples are alike: their mean distance is {diversity:.2g} of the real images'. "
            "The generator may ignore its latents; try a lower rate for the discriminator or a "
            "higher one for the generator, a loss of Wasserstein or hinge type, or larger batches",
        )
        self._watch(
            "repeated",
            repeated > COPIES and diversity >= ALIKE,
            f"{repeated:.0%} of the samples have a near copy among the others: the generator draws "
            "a few images again and again. Try a lower rate for it, a gradient penalty, or a "
            "discriminator that compares the images of a batch",
        )
        self._watch(
            "saturated",
            min(real, 1 - fake) > SATURATED,
            f"the discriminator is saturated: it gives {real:.3f} to real and {fake:.3f} to "
            "generated images, which leaves the generator little to learn from. Try a lower rate "
            "for it, label smoothing, noise on its input, or a gradient penalty",
        )

    def get_run_state(self) -> dict:
        """What a `Checkpoint` keeps of this callback: for how long something has been wrong."""
        return {"epochs_wrong": self._epochs_wrong}

    def set_run_state(self, state: dict) -> None:
        """Takes the checkpoint's count."""
        self._epochs_wrong = state["epochs_wrong"]

    def _watch(self, what, wrong, message):
        wrong = wrong and self.model.steps_trained > self.warm_up
        self._epochs_wrong[what] = self._epochs_wrong.get(what, 0) + 1 if wrong else 0
        if self._epochs_wrong[what] == self.patience:
            text = f"epoch {self.model.epochs_trained}: {message}"
            warnings.warn(text, CollapseWarning, stacklevel=3)


def distances(images: np.ndarray) -> tuple[float, np.ndarray]:
    """How far images lie from each other.

    Args:
        images: `(n, ...)`, at least two.

    Returns:
        The mean over all pairs of the root mean square difference of their pixels, and for each
        image `(n,)` that to its nearest other.

    Example:

        >>> mean, nearest = distances(np.array([[0.0], [1.0], [3.0]]))
        >>> mean, nearest.tolist()
        (2.0, [1.0, 1.0, 2.0])
    """
    flat = np.asarray(images, np.float64).reshape(len(images), -1)
    n = len(flat)
    # One row at a time: exact zeros for equal images, which a difference of squares would not give.
    apart = np.stack([np.sqrt(((flat - one) ** 2).mean(axis=1)) for one in flat])
    mean = float(apart.sum() / (n * (n - 1)))
    np.fill_diagonal(apart, np.inf)
    return mean, apart.min(axis=1)
