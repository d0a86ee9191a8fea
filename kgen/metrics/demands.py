"""What metrics demand of features and of models, refused in one line before anything is run."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kgen.errors import MetricError
from kgen.metrics.case import Measure
from kgen.metrics.registry import METRICS
from kgen.metrics.streams import OF_DOMAINS, TWO_SIDED, is_model

if TYPE_CHECKING:
    from kgen.datasets import Splits

# What the metrics of Inception are called in other features.
_ELSEWHERE = {
    "fid": "fd",
    "fid_infinity": "fd_infinity",
    "kid": "kd",
    "inception_score": "classifier_score",
}
#: The metrics of points near the centres of a mixture.
OF_POINTS = ("modes", "quality")
_INCEPTION = "inception-2015-12-05"
# The capability behind a need, and what is said of a model without it.
_CAPABILITIES = {
    "sample": ("sample", "cannot sample"),
    "latents": ("sample", "cannot sample"),
    "log_prob": ("log_prob", "has no likelihood"),
    "reconstruct": ("reconstruct", "cannot reconstruct"),
    "representation": ("features", "gives no features"),
    "codes": ("classify", "reads no codes"),
}


def choose_network(
    metrics: Sequence[str],
    features: Any,
    image_shape: tuple[int, int, int] | None,
    measures: Mapping[str, Measure],
) -> Any:
    """The `Features` for these metrics, or `None` where none needs any.

    Args:
        metrics: Names of metrics.
        features: See `Evaluator`.
        image_shape: Of the data.
        measures: How each metric is taken.

    Raises:
        MetricError: If a metric needs features and there are none, or needs Inception's or a
            classifier's and these are others.
    """
    needing = [m for m in metrics if measures[m].network and m != "nearest_train"]
    if features is None:
        if needing:
            raise MetricError(f"{needing[0]} needs features: name some, or leave it at 'auto'.")
        return None
    if not needing and "nearest_train" not in metrics:
        return None
    network = _find(features, image_shape, metrics, needing)
    if network is not None:
        _check_kind(network, metrics, measures)
    return network


def _find(features, image_shape, metrics, needing) -> Any:
    from kgen.metrics.features import find

    auto = isinstance(features, str) and features == "auto"
    if auto and any(name in _ELSEWHERE for name in metrics):
        return find("inception", image_shape)
    try:
        return find(features, image_shape)
    except MetricError:
        # Alone, `nearest_train` is not worth a refusal: it compares pixels, and says so.
        if needing or not auto:
            raise
        return None


def _check_kind(network: Any, metrics: Sequence[str], measures: Mapping[str, Measure]) -> None:
    for name in metrics:
        if name in _ELSEWHERE and not network.name.startswith(_INCEPTION):
            raise MetricError(
                f"{name} is a name for the Inception of 2015-12-05 alone; in {network.name} ask "
                f"for {_ELSEWHERE[name]}, or give the graph with features='inception:PATH'."
            )
        if "probabilities" in measures[name].fake and not getattr(network, "classes", None):
            raise MetricError(
                f"{name} needs a classifier, and {network.name} gives no probabilities: take "
                "features='classifier' or 'classifier:<labelled data>'."
            )


def check_labels(metrics: Sequence[str], data: Splits) -> None:
    """Refuses data without labels, or without a training split, for metrics that learn labels.

    Raises:
        MetricError: See above.
    """
    for name in metrics:
        if "labelled" in METRICS[name].needs and data.layout != "labelled":
            raise MetricError(
                f"{name} learns the labels of the training images, and {data.name} is loaded as "
                f"{data.layout!r}: load it with layout='labelled', where it has labels."
            )


def check_kind(metrics: Sequence[str], data: Splits) -> None:
    """Refuses metrics of images for points, nodes and tokens, and those of tokens for all else.

    Also those whose package is not installed.

    Raises:
        MetricError: See above.
    """
    tokens = data.layout == "tokens"
    for name in metrics:
        needs = METRICS[name].needs
        if data.layout == "semi-supervised" and len(data.image_shape) == 1:
            raise MetricError(
                f"{name} is of images, and {data.name} holds the nodes of a graph: the error on "
                "those of the test split is in a run's summary.json."
            )
        if data.layout == "points" and name not in (*OF_POINTS, "nll"):
            raise MetricError(
                f"{name} is of {'tokens' if 'tokens' in needs else 'images'}, and {data.name} "
                "holds points: ask for modes and quality, or for nll."
            )
        if data.layout == "features" and name != "nll":
            raise MetricError(
                f"{name} is of samples alone, and {data.name} holds sounds with what they are made "
                "from: ask for nll."
            )
        if tokens and "tokens" not in needs and name != "nll":
            raise MetricError(
                f"{name} is of images, and {data.name} holds tokens: ask for bleu and self_bleu, "
                "or for nll."
            )
        if not tokens and "tokens" in needs:
            raise MetricError(f"{name} is of tokens, and {data.name} holds {data.layout}.")
        if "sacrebleu" in needs and importlib.util.find_spec("sacrebleu") is None:
            raise MetricError(f"{name} needs sacrebleu: pip install 'kgen-keras[text]'.")
        if "grammar" in needs and data.name != "grammar":
            raise MetricError(f"{name} is of the built-in grammar alone, not of {data.name}.")
        if "oracle" in needs and data.oracle is None:
            raise MetricError(
                f"{name} needs data whose oracle is known, and that of {data.name} is not: load "
                "'oracle' or 'oracle/published'."
            )


def check_classes(metrics: Sequence[str], network: Any, data: Splits) -> None:
    """Refuses `label_accuracy` by a classifier of other classes than the data's.

    Where both have names for their classes, these must be the same.

    Raises:
        MetricError: See above.
    """
    if "label_accuracy" not in metrics:
        return
    names = getattr(network, "class_names", None) or data.class_names
    if network.classes != data.num_classes or tuple(names) != tuple(data.class_names):
        raise MetricError(
            f"label_accuracy needs a classifier of the {data.num_classes or 'labelled'} classes of "
            f"{data.name}, and {network.name} knows {network.classes} others: take "
            f"features='classifier:{data.name}', loaded with its labels."
        )


def check_source(
    source: Any,
    metrics: Sequence[str],
    image_shape: tuple[int, int, int] | None,
    layout: str | None = None,
) -> None:
    """Refuses a model without the capabilities that the metrics need, or an array of no images.

    Args:
        source: A model or an array.
        metrics: Names of metrics.
        image_shape: Of the data, or `None` for points.
        layout: Of the data, or `None` where it is not known yet.

    Raises:
        MetricError: See above.
    """
    if is_model(source):
        _check_model(source, metrics, layout)
        return
    for name in metrics:
        if "sample" not in METRICS[name].needs:
            raise MetricError(f"{name} is of a model, not of its images: pass the model itself.")
    shape = np.shape(source)
    wanted = (2,) if image_shape is None else image_shape
    dtype = np.asarray(source).dtype
    tokens = layout == "tokens"
    kinds, what, types = ("iu", "tokens", "int") if tokens else ("fu", "images", "float or uint8")
    if dtype.kind not in kinds or (shape[1:] != tuple(wanted) and image_shape is not None):
        raise MetricError(
            f"a source of shape {shape} and type {type(source).__name__} of {dtype}: pass a model "
            f"with capabilities, or {what} (n, {', '.join(map(str, wanted))}), {types}."
        )


def _check_model(model: Any, metrics: Sequence[str], layout: str | None) -> None:
    name, can = type(model).__name__, model.capabilities
    by_label = "labels" in can.get("translate", ())
    fitting = OF_DOMAINS if by_label else TWO_SIDED
    translates = "translate" in can and (layout is None or layout in fitting)
    pairs = translates and not by_label and layout in (None, "paired")
    home = translates and (by_label or "translate_ba" in model.signatures())
    for metric in metrics:
        for need in METRICS[metric].needs:
            capability, lack = _CAPABILITIES.get(need, (None, ""))
            instead = {"sample": translates, "reconstruct": pairs}.get(need, False)
            if need == "representation" and "labels" in can.get("features", ()):
                raise MetricError(
                    f"the features of {name} are told the labels, so {metric} would only read "
                    "them: leave it out."
                )
            if need == "cycle" and not home:
                raise MetricError(f"{name} does not translate there and back: leave {metric} out.")
            if capability is not None and capability not in can and not instead:
                raise MetricError(f"{name} {lack}, so it has no {metric}: it can {', '.join(can)}.")
        asked = can.get("sample", can.get("translate", ()))
        if "labels" in METRICS[metric].needs and "labels" not in asked:
            raise MetricError(f"{name} draws no classes, so it has no {metric}: leave it out.")
        if "codes" in METRICS[metric].needs and "categories" not in can.get("sample", ()):
            raise MetricError(f"{name} draws no codes, so it has no {metric}: leave it out.")
