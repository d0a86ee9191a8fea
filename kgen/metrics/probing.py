"""How much a linear classifier can read from features: representation learning, measured."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kgen.errors import MetricError
from kgen.metrics.score import Score
from kgen.metrics.streams import is_model, split_chunks

if TYPE_CHECKING:
    from kgen.datasets import Splits

#: The strengths of regularisation to choose from: scikit-learn's C, smaller is stronger.
STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)


def linear_probe(
    source: Any,
    data: Splits,
    *,
    n: int = 20_000,
    split: str = "test",
    strengths: Sequence[float] = STRENGTHS,
) -> Score:
    """The test accuracy of a logistic regression on features of the training split.

    Radford et al. 2016, section 5, measure what a discriminator has learned so, with a linear
    L2-SVM. Features are brought to mean 0 and variance 1 over the training images; a classifier is
    fitted to them with each of `strengths`, and the one that is best on the validation split is
    tested. Its strength and its other accuracies are in the score's details.

    `Evaluator` takes the metric `linear_probe` of a model in the same way.

    Args:
        source: A model with the capability `features`, an object of `kgen.metrics.features`, or any
            function from images to features (n, ...).
        data: Labelled data with all three splits.
        n: At most so many images of each split.
        split: The split whose images are classified, `"test"` or `"validation"`; with the latter
            the test split is not read.
        strengths: Values of scikit-learn's `C`.

    Returns:
        The score `linear_probe`: the share of the split's images that are classified right.

    Raises:
        MetricError: For a source without features or with some that need the labels, data without
            labels or a split, fewer than two classes, or features that are no finite numbers.

    Example:

        >>> from kgen.datasets import load
        >>> data = load("glyphs/scripts", image_size=8, batch_size=50, limit=200)
        >>> score = linear_probe(lambda images: images, data, strengths=[0.01])
        >>> 0.2 < score.value < 1.0, score.n_real, score.split
        (True, 200, 'test')
    """
    value, learned, details = probe(_extractor(source), data, n=n, split=split, strengths=strengths)
    return Score(
        metric="linear_probe",
        value=value,
        better="higher",
        features=_name(source),
        checksum=_checksum(source),
        reference=data.name,
        split=split,
        n_real=learned,
        details=details,
    )


def probe(
    extract: Callable[[np.ndarray], Any],
    data: Splits,
    *,
    n: int,
    split: str = "test",
    strengths: Sequence[float] = STRENGTHS,
) -> tuple[float, int, dict[str, float]]:
    """The accuracy on `split`, the number of images learned from, and the score's details.

    Args:
        extract: From images to features (n, ...).
        data: See `linear_probe`.
        n: See `linear_probe`.
        split: See `linear_probe`.
        strengths: See `linear_probe`.

    Raises:
        MetricError: As `linear_probe`.
    """
    if split not in ("test", "validation"):
        raise MetricError(
            f"the linear probe learns the training images: test it, not on {split!r}."
        )
    if data.layout != "labelled":
        raise MetricError(
            f"{data.name} is loaded as {data.layout!r}: the linear probe learns labels, so load it "
            "with layout='labelled'."
        )
    names = dict.fromkeys(("train", "validation", split))
    splits = {name: _read(data, name, n, extract) for name in names}
    features, labels = splits["train"]
    if len(np.unique(labels)) < 2:
        raise MetricError("the training images are all of one class: there is nothing to tell.")
    mean, deviation = features.mean(axis=0), features.std(axis=0)
    scale = 1 / np.where(deviation > 0, deviation, 1.0)
    scaled = {name: ((x - mean) * scale, y) for name, (x, y) in splits.items()}
    fits = [(_fitted(*scaled["train"], strength), strength) for strength in strengths]
    # Of equal ones the stronger regularisation, which comes first.
    best, strength = max(fits, key=lambda fit: fit[0].score(*scaled["validation"]))
    accuracy = {name: float(best.score(*rows)) for name, rows in scaled.items()}
    details = {
        "train_accuracy": accuracy["train"],
        "validation_accuracy": accuracy["validation"],
        "C": float(strength),
        f"n_{split}": len(splits[split][1]),
        "dim": features.shape[1],
    }
    return accuracy[split], len(labels), details


def _extractor(source: Any) -> Callable:
    features = getattr(source, "features", source)
    if (is_model(source) and "features" not in source.capabilities) or not callable(features):
        raise MetricError(
            f"{_name(source)} gives no features: pass a model with the capability 'features', or a "
            "function from images to features."
        )
    if is_model(source) and "labels" in source.capabilities["features"]:
        raise MetricError(f"{_name(source)} are told the labels: a probe would only read them.")
    return features


def _name(source: Any) -> str:
    if is_model(source):
        return f"{type(source).__name__}.features"
    return getattr(source, "name", None) or getattr(source, "__name__", type(source).__name__)


def _checksum(source: Any) -> str | None:
    """Of a model there is none: it is what is measured."""
    if is_model(source) or hasattr(source, "checksum"):
        return getattr(source, "checksum", None)
    from kgen.metrics.features import identity

    return identity.of_function(source)


def _read(data, split, n, extract):
    """Features (m, dim) in float64, and labels (m,), of at most n images of a split."""
    features, labels = [], []
    for images, numbers in split_chunks(data, split, n):
        rows = np.asarray(extract(images), np.float64)
        if len(rows) != len(images):
            raise MetricError(f"{len(images)} images gave {len(rows)} rows of features.")
        features.append(rows.reshape(len(rows), -1))
        labels.append(numbers)
    features = np.concatenate(features)
    if not np.isfinite(features).all():
        raise MetricError("the features hold NaN or infinite numbers: the network has diverged.")
    return features, np.concatenate(labels)


def _fitted(features, labels, strength):
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    with warnings.catch_warnings():
        # Where the weakest regularisation has not quite converged, validation decides all the same.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return LogisticRegression(C=strength, max_iter=300).fit(features, labels)
