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
    "sample": "samples, or a model that draws or translates them",
    "log_prob": "a model with a likelihood",
    "reconstruct": "a model that reconstructs, or translates pairs",
    "cycle": "a model that translates there and back",
    "latents": "a model whose sampler takes latents of a known distribution",
    "features": "a feature network",
    "inception": "the Inception network of 2015-12-05",
    "classifier": "a feature network that classifies",
    "labels": "labelled data, and samples of given classes",
    "labelled": "labelled data",
    "codes": "a model that draws by categorical codes and reads them",
    "representation": "a model that gives features of images",
    "mixture": "points, and the mixture they are drawn from",
    "train": "the training split",
    "tokens": "texts or other tokens",
    "grammar": "the built-in grammar",
    "sacrebleu": "the package sacrebleu",
    "oracle": "data drawn by an oracle",
}


@dataclasses.dataclass(frozen=True)
class Metric:
    """What a metric is.

    Attributes:
        summary: One line.
        better: Which way is better; `None` where neither is.
        needs: What it takes of a model and of images: keys of `NEEDS`.
        source: The paper, where it is of one.
    """

    summary: str
    better: Literal["lower", "higher"] | None
    needs: tuple[str, ...]
    source: str = ""


#: Every metric of `Evaluator`, by the name it is asked for.
METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        "fid": Metric(
            "Fréchet distance in Inception features",
            "lower",
            ("sample", "inception"),
            "Heusel et al. 2017",
        ),
        "fd": Metric(
            "Fréchet distance in other features",
            "lower",
            ("sample", "features"),
            "Heusel et al. 2017",
        ),
        "fid_infinity": Metric(
            "FID extrapolated to endless samples",
            "lower",
            ("sample", "inception"),
            "Chong & Forsyth 2020",
        ),
        "fd_infinity": Metric(
            "Fréchet distance extrapolated to endless samples",
            "lower",
            ("sample", "features"),
            "Chong & Forsyth 2020",
        ),
        "kid": Metric(
            "unbiased squared MMD in Inception features",
            "lower",
            ("sample", "inception"),
            "Bińkowski et al. 2018",
        ),
        "kd": Metric(
            "unbiased squared MMD in other features",
            "lower",
            ("sample", "features"),
            "Bińkowski et al. 2018",
        ),
        "inception_score": Metric(
            "exp of the mutual information of sample and class, by Inception",
            "higher",
            ("sample", "inception"),
            "Salimans et al. 2016",
        ),
        "classifier_score": Metric(
            "the same by another classifier",
            "higher",
            ("sample", "classifier"),
            "Salimans et al. 2016",
        ),
        "precision": Metric(
            "share of samples within the real manifold",
            "higher",
            ("sample", "features"),
            "Kynkäänniemi et al. 2019",
        ),
        "recall": Metric(
            "share of real images within the samples' manifold",
            "higher",
            ("sample", "features"),
            "Kynkäänniemi et al. 2019",
        ),
        "density": Metric(
            "how many real neighbourhoods a sample lies in, 1 for real data",
            "higher",
            ("sample", "features"),
            "Naeem et al. 2020",
        ),
        "coverage": Metric(
            "share of real neighbourhoods that hold a sample",
            "higher",
            ("sample", "features"),
            "Naeem et al. 2020",
        ),
        "sliced_wasserstein": Metric(
            "distance of the patches of a Laplacian pyramid",
            "lower",
            ("sample",),
            "Karras et al. 2018",
        ),
        "ms_ssim": Metric(
            "likeness of random pairs of samples, to read beside that of real ones",
            None,
            ("sample",),
            "Odena et al. 2017",
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
        "linear_probe": Metric(
            "share of held-out images that a linear classifier of the model's own features knows",
            "higher",
            ("representation", "labelled"),
            "Radford et al. 2016",
        ),
        "mutual_information": Metric(
            "lower bound of the information of a model's categorical codes in its samples, in nats",
            "higher",
            ("codes",),
            "Chen et al. 2016",
        ),
        "path_length": Metric(
            "perceptual path length between latents",
            "lower",
            ("latents", "features"),
            "Karras et al. 2019",
        ),
        "modes": Metric(
            "classes that appear among samples, or centres of a mixture that points come near",
            "higher",
            ("sample", "classifier"),
            "Metz et al. 2017",
        ),
        "quality": Metric(
            "share of samples near a centre of a mixture",
            "higher",
            ("sample", "mixture"),
            "Srivastava et al. 2017",
        ),
        "parzen": Metric(
            "Parzen-window log-likelihood in nats; legacy",
            "higher",
            ("sample", "train"),
            "Goodfellow et al. 2014",
        ),
        "nll": Metric(
            "negative log-likelihood in nats an example, bits per dimension or nats per token "
            "beside it",
            "lower",
            ("log_prob",),
        ),
        "l1": Metric(
            "mean absolute error of reconstructions, or of translations from their pairs, of "
            "numbers in [-1, 1]",
            "lower",
            ("reconstruct",),
        ),
        "psnr": Metric("peak signal-to-noise ratio of the same in dB", "higher", ("reconstruct",)),
        "ssim": Metric(
            "structural similarity of the same",
            "higher",
            ("reconstruct",),
            "Wang et al. 2004",
        ),
        "cycle_error": Metric(
            "mean absolute error of images translated there and back, of numbers in [-1, 1]",
            "lower",
            ("cycle",),
            "Zhu et al. 2017",
        ),
        **{
            f"bleu_{order}": Metric(
                f"mean BLEU of samples against all held-out sentences, n-grams up to {order}",
                "higher",
                ("sample", "tokens", "sacrebleu"),
                "Papineni et al. 2002, as in Yu et al. 2017",
            )
            for order in (2, 3, 4)
        },
        **{
            f"self_bleu_{order}": Metric(
                "mean BLEU of each sample against the others, to read beside that of real "
                f"sentences, n-grams up to {order}",
                None,
                ("sample", "tokens", "sacrebleu"),
                "Zhu et al. 2018",
            )
            for order in (2, 3, 4)
        },
        "validity": Metric(
            "share of samples that are sentences of the grammar, and how many different ones",
            "higher",
            ("sample", "tokens", "grammar"),
            "Kusner & Hernández-Lobato 2016",
        ),
        "oracle_nll": Metric(
            "negative log-likelihood of samples under the oracle that drew the data, in nats a "
            "token",
            "lower",
            ("sample", "tokens", "oracle"),
            "Yu et al. 2017",
        ),
    }
)

#: What stands for several metrics.
SHORT = MappingProxyType(
    {
        "pr": ("precision", "recall"),
        "dc": ("density", "coverage"),
        "bleu": ("bleu_2", "bleu_3", "bleu_4"),
        "self_bleu": ("self_bleu_2", "self_bleu_3", "self_bleu_4"),
    }
)


def parse_metrics(metrics: str | Iterable[str]) -> tuple[str, ...]:
    """The names of the metrics asked for, each once and in order.

    Args:
        metrics: Names, or one text of names with commas between; some names stand for
            several, such as `pr` (`SHORT`).

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


def listing() -> str:
    """All metrics as text for a terminal, two lines each."""
    lines = []
    for name, metric in METRICS.items():
        better = f"{metric.better} is better" if metric.better else "to read, not to rank by"
        source = f" ({metric.source})" if metric.source else ""
        needs = "; ".join(NEEDS[need] for need in metric.needs)
        lines += [f"{name}  {metric.summary}{source}", f"    {better}; needs {needs}"]
    short = [f"{name}  stands for {', '.join(names)}" for name, names in SHORT.items()]
    return "\n".join([*lines, *short])


def markdown() -> str:
    """All metrics as the page docs/metrics.md."""
    rows = [
        f"| `{name}` | {metric.summary} | {metric.better or ''} | "
        f"{'; '.join(NEEDS[need] for need in metric.needs)} | {metric.source} |"
        for name, metric in METRICS.items()
    ]
    short = [f"`{name}` stands for {', '.join(names)}" for name, names in SHORT.items()]
    return "\n".join([*_PAGE, *rows, "", f"{'; '.join(short)}.", ""])


_PAGE = """# Metrics

What `kgen evaluate RUN --metrics NAMES` and `kgen.metrics.Evaluator` measure. Made by
`kgen metrics --markdown`; do not edit it by hand. Where no way is better, the number is to be read
and not to be ranked by. Scores compare only where their protocols are equal.

| name | what it is | better | needs | source |
|---|---|---|---|---|""".splitlines()
