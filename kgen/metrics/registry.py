"""The metrics by name: what each is, which way is better, and what it takes."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal

from kgen.errors import MetricError

#: What a metric can need: a capability of the model, or something of the evaluator.
NEEDS = {
    "sample": "samples, or a model that draws them",
    "log_prob": "a model with a likelihood",
    "reconstruct": "a model that reconstructs",
    "latents": "a model whose sampler takes latents of a known distribution",
    "features": "a feature network",
    "inception": "the Inception network of 2015-12-05",
    "classifier": "a feature network that classifies",
    "labels": "labelled data, and samples of given classes",
    "train": "the training split",
}


@dataclasses.dataclass(frozen=True)
class Metric:
    """What a metric is.

    Attributes:
        summary: One line.
        better: Which way is better; `None` where neither is.
        needs: What it takes of a model and of images: keys of `NEEDS`.
    """

    summary: str
    better: Literal["lower", "higher"] | None
    needs: tuple[str, ...]


#: Every metric of `Evaluator`, by the name it is asked for.
METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        "fid": Metric(
            "Fréchet distance in Inception features (Heusel et al. 2017)",
            "lower",
            ("sample", "inception"),
        ),
        "fd": Metric("Fréchet distance in other features", "lower", ("sample", "features")),
        "fid_infinity": Metric(
            "FID extrapolated to endless samples (Chong & Forsyth 2020)",
            "lower",
            ("sample", "inception"),
        ),
        "fd_infinity": Metric(
            "Fréchet distance extrapolated to endless samples", "lower", ("sample", "features")
        ),
        "kid": Metric(
            "unbiased squared MMD in Inception features (Binkowski et al. 2018)",
            "lower",
            ("sample", "inception"),
        ),
        "kd": Metric("unbiased squared MMD in other features", "lower", ("sample", "features")),
        "inception_score": Metric(
            "exp of the mutual information of sample and class, by Inception "
            "(Salimans et al. 2016)",
            "higher",
            ("sample", "inception"),
        ),
        "classifier_score": Metric(
            "the same by another classifier", "higher", ("sample", "classifier")
        ),
        "precision": Metric(
            "share of samples within the real manifold (Kynkäänniemi et al. 2019)",
            "higher",
            ("sample", "features"),
        ),
        "recall": Metric(
            "share of real images within the samples' manifold (Kynkäänniemi et al. 2019)",
            "higher",
            ("sample", "features"),
        ),
        "density": Metric(
            "how many real neighbourhoods a sample lies in, 1 for real data (Naeem et al. 2020)",
            "higher",
            ("sample", "features"),
        ),
        "coverage": Metric(
            "share of real neighbourhoods that hold a sample (Naeem et al. 2020)",
            "higher",
            ("sample", "features"),
        ),
        "sliced_wasserstein": Metric(
            "distance of the patches of a Laplacian pyramid (Karras et al. 2018)",
            "lower",
            ("sample",),
        ),
        "ms_ssim": Metric(
            "likeness of random pairs of samples, to read beside that of real ones "
            "(Odena et al. 2017)",
            None,
            ("sample",),
        ),
        "nearest_train": Metric(
            "distance of samples to the nearest training image over that of held-out real images: "
            "1 like unseen data, near 0 copies",
            None,
            ("sample", "train"),
        ),
        "label_accuracy": Metric(
            "share of samples that a separately trained classifier gives the class asked for",
            "higher",
            ("sample", "labels", "classifier"),
        ),
        "path_length": Metric(
            "perceptual path length between latents (Karras et al. 2019)",
            "lower",
            ("latents", "features"),
        ),
        "modes": Metric(
            "classes that appear among samples, or centres of a mixture that points come near",
            "higher",
            ("sample", "classifier"),
        ),
        "quality": Metric("share of samples near a centre of a mixture", "higher", ("sample",)),
        "parzen": Metric(
            "Parzen-window log-likelihood in nats (Goodfellow et al. 2014); legacy",
            "higher",
            ("sample", "train"),
        ),
        "nll": Metric(
            "negative log-likelihood in nats an image, bits per dimension beside it",
            "lower",
            ("log_prob",),
        ),
        "psnr": Metric(
            "peak signal-to-noise ratio of reconstructions in dB", "higher", ("reconstruct",)
        ),
        "ssim": Metric(
            "structural similarity of reconstructions (Wang et al. 2004)",
            "higher",
            ("reconstruct",),
        ),
    }
)

#: What stands for several metrics.
SHORT = MappingProxyType({"pr": ("precision", "recall"), "dc": ("density", "coverage")})


def parse_metrics(metrics: str | Iterable[str]) -> tuple[str, ...]:
    """The names of the metrics asked for, each once and in order.

    Args:
        metrics: Names, or one text of names with commas between; `pr` and `dc` stand for two each.

    Raises:
        MetricError: For a name that is none; it says the nearest.

    Example:

        >>> parse_metrics("fid, kid,pr")
        ('fid', 'kid', 'precision', 'recall')
        >>> parse_metrics(["fd", "fd"])
        ('fd',)
    """
    wanted = metrics.split(",") if isinstance(metrics, str) else list(metrics)
    names: dict[str, None] = {}
    for name in (str(name).strip() for name in wanted):
        if name in SHORT:
            names.update(dict.fromkeys(SHORT[name]))
        elif name in METRICS:
            names[name] = None
        elif name:
            raise MetricError(_unknown(name))
    if not names:
        raise MetricError(f"no metric was asked for: choose from {', '.join(METRICS)}.")
    return tuple(names)


def _unknown(name: str) -> str:
    known = [*METRICS, *SHORT]
    near = difflib.get_close_matches(name.lower().replace("-", "_"), known, n=1)
    if near:
        return f"there is no metric {name!r}: did you mean {near[0]!r}?"
    return f"there is no metric {name!r}: choose from {', '.join(known)}."
