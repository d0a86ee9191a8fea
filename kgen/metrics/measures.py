"""How every metric is taken: the table between names and mathematics."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from kgen.errors import MetricError
from kgen.metrics import feature_measures as features
from kgen.metrics import image_measures as images
from kgen.metrics import model_measures as models
from kgen.metrics import text_measures as texts
from kgen.metrics.case import Measure

if TYPE_CHECKING:
    from kgen.datasets.mixture import Mixture

_FD = Measure(features.fd, real=("moments",), fake=("moments",))
_FD_INFINITY = Measure(features.fd_infinity, real=("moments",), fake=("features",))
_KD = Measure(features.kd, real=("features",), fake=("features",))
_CLASSIFIER_SCORE = Measure(features.classifier_score, fake=("probabilities",))
_PIXELS = {"real": ("images",), "fake": ("images",), "network": False}

#: The measure of each metric of `METRICS`.
MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        "fid": _FD,
        "fd": _FD,
        "fid_infinity": _FD_INFINITY,
        "fd_infinity": _FD_INFINITY,
        "kid": _KD,
        "kd": _KD,
        "inception_score": _CLASSIFIER_SCORE,
        "classifier_score": _CLASSIFIER_SCORE,
        "precision": features.precision_recall(0),
        "recall": features.precision_recall(1),
        "density": features.density_coverage(0),
        "coverage": features.density_coverage(1),
        "sliced_wasserstein": Measure(images.sliced_wasserstein, **_PIXELS),
        "ms_ssim": Measure(images.ms_ssim, **_PIXELS),
        "nearest_train": Measure(features.nearest_train, ("neighbours",), ("neighbours",)),
        "label_accuracy": Measure(
            features.label_accuracy, real=("probabilities",), fake=("probabilities", "labels")
        ),
        "linear_probe": Measure(models.linear_probe, network=False),
        "mutual_information": Measure(models.mutual_information, network=False),
        "path_length": Measure(models.path_length),
        "modes": Measure(features.classes_covered, fake=("probabilities",)),
        "quality": Measure(images.quality, fake=("images",), network=False),
        "parzen": Measure(images.parzen, **_PIXELS),
        "nll": Measure(models.nll, network=False),
        "l1": models.reconstruction("l1"),
        "psnr": models.reconstruction("psnr"),
        "ssim": models.reconstruction("ssim"),
        "cycle_error": Measure(models.cycle_error, network=False),
        **{f"bleu_{order}": texts.bleu_of(order) for order in texts.ORDERS},
        **{f"self_bleu_{order}": texts.self_bleu_of(order) for order in texts.ORDERS},
        "validity": Measure(texts.validity, fake=("images",), network=False),
        "oracle_nll": Measure(texts.oracle_nll, fake=("images",), network=False),
    }
)


def measure_of(name: str, mixture: Mixture | None) -> Measure:
    """How a metric is taken: `MEASURES`, but for modes of points, which need no classifier.

    Raises:
        MetricError: For the quality of points without a mixture.
    """
    if mixture is None and name == "quality":
        raise MetricError("quality is of points near centres: pass mixture=Mixture(centres, std).")
    if mixture is not None and name == "modes":
        return Measure(images.modes, fake=("images",), network=False)
    return MEASURES[name]
