"""Metrics taken from features and class probabilities, each a function of the case."""

from __future__ import annotations

from kgen.errors import MetricError
from kgen.metrics import classifier_score as classifiers
from kgen.metrics import frechet, kernel, manifold
from kgen.metrics import label_accuracy as accuracies
from kgen.metrics.case import Case, Measure, Measured
from kgen.metrics.modes import class_modes
from kgen.metrics.nearest import nearest_ratio

_SUBSET = 1000


def fd(case: Case) -> Measured:
    """Fréchet distance."""
    value = frechet.frechet_distance(case.real.side.moments, case.fake.moments)
    return Measured(value=value, notes=_too_few(case))


def fd_infinity(case: Case) -> Measured:
    """Fréchet distance extrapolated to endless samples."""
    value, details = frechet.frechet_infinity(
        case.real.side.moments, case.fake.features, seed=case.seed
    )
    return Measured(value=value, details=details, notes=_too_few(case))


def kd(case: Case) -> Measured:
    """Unbiased squared MMD, in subsets of 1,000, or of half of the smaller side if that is less.

    Subsets of a whole side would all be one, without any deviation.
    """
    size = max(2, min(_SUBSET, min(case.real.side.n, case.fake.n) // 2))
    value, deviation = kernel.kernel_distance(
        case.real.side.features, case.fake.features, subset_size=size, seed=case.seed
    )
    return Measured(value=value, deviation=deviation, details={"subset_size": size})


def classifier_score(case: Case) -> Measured:
    """exp of the mutual information of sample and class."""
    value, deviation = classifiers.classifier_score(case.fake.probabilities, seed=case.seed)
    return Measured(value=value, deviation=deviation)


def precision_recall(index: int) -> Measure:
    """Precision (0) or recall (1), from distances computed once."""
    return _of_pair(manifold.precision_recall, index)


def density_coverage(index: int) -> Measure:
    """Density (0) or coverage (1), from distances computed once."""
    return _of_pair(manifold.density_coverage, index)


def _of_pair(both, index: int) -> Measure:
    def compute(case: Case) -> Measured:
        sides = case.real.side.features, case.fake.features
        return Measured(value=case.once(both.__name__, lambda: both(*sides))[index])

    return Measure(compute, real=("features",), fake=("features",))


def nearest_train(case: Case) -> Measured:
    """Distance to the training images over that of held-out real images."""
    real = case.real
    ratio, details = nearest_ratio(real.distances_to_train(case.fake), real.held_out_distances)
    details["train_images"] = real.train.n
    notes = ()
    if real.train.n < 0.95 * real.train_size:
        notes = (f"of {real.train.n:,} of {real.train_size:,} training images",)
    method = None if case.network else "distance of pixels"
    return Measured(value=ratio, details=details, notes=notes, method=method)


def label_accuracy(case: Case) -> Measured:
    """Accuracy on samples, that on real images beside it."""
    if case.fake.labels is None:
        raise MetricError(
            "label_accuracy needs samples of given classes: a model whose sample takes labels, or "
            "an array with labels=."
        )
    if case.real.labels is None:
        raise MetricError("label_accuracy needs labelled data: load them with layout='labelled'.")
    real = accuracies.label_accuracy(case.real.side.probabilities, case.real.labels)
    value = accuracies.label_accuracy(case.fake.probabilities, case.fake.labels)
    return Measured(value=value, details={"real": real})


def classes_covered(case: Case) -> Measured:
    """The classes that appear among the samples."""
    classes = case.fake.probabilities.shape[1]
    modes, divergence = class_modes(case.fake.probabilities.argmax(axis=1), classes)
    details = {"of": classes, "kl_to_uniform": divergence}
    return Measured(value=modes, details=details, method="classes that appear")


def _too_few(case: Case) -> tuple[str, ...]:
    dim = len(case.real.side.moments.mean)
    few = min(case.real.side.n, case.fake.n) <= dim
    return (f"few images for {dim:,} features: far too high",) if few else ()
