"""`Evaluator`: any metrics of a model or of images, against one split of the data."""

from __future__ import annotations

import math
import numbers
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kgen.datasets.mixture import MIXTURES, Mixture
from kgen.errors import MetricError
from kgen.metrics.case import Case, Measure
from kgen.metrics.demands import (
    OF_POINTS,
    check_classes,
    check_kind,
    check_labels,
    check_source,
    choose_network,
)
from kgen.metrics.measures import measure_of
from kgen.metrics.real import RealData
from kgen.metrics.registry import METRICS, parse_metrics
from kgen.metrics.score import Score
from kgen.metrics.sides import Side, collect, neighbour_space
from kgen.metrics.streams import (
    TWO_SIDED,
    array_chunks,
    check_split,
    is_model,
    sample_chunks,
    translated_chunks,
)

if TYPE_CHECKING:
    from kgen.datasets import Splits


class Evaluator:
    """Measures models, or arrays of images, against a split of the data.

    The real side is prepared at the first call and kept. Samples are drawn in chunks of 500, each
    with a seed derived from (seed, chunk), so that a score depends on no batch size; real and
    generated chunks go through the feature network one after the other, and memory holds features
    (and a bounded number of images), never a whole set of images.

    For selecting models use `split="validation"`; report scores of `split="test"`.

    A model with labels among the arguments of `sample` is asked for the classes that the split
    has, in the split's frequencies. One that translates is measured by its translations of the
    split: of data of two sides those of one side, compared with the images of the other; of data
    with labels those into another domain than its own, each as likely.

    Args:
        data: The data, with layout `"images"`, `"labelled"`, `"domains"`, of translations
            `"paired"` or `"unpaired"`, for metrics of tokens `"tokens"` or, for `modes`, `quality`
            and `nll`, `"points"`; `None` only for the first two of a `mixture`.
        metrics: Keys of `METRICS`, as a sequence or as text with commas between.
        n: How many samples to draw, and how many images of the split to compare with at most (a
            fixed random subset where it, or an array, has more). Scores say how many there were.
        split: `"test"`, `"validation"` or `"train"`.
        features: What `kgen.metrics.features.find` takes, or what it returns. `"auto"` chooses by
            the images, and Inception where `fid`, `kid` or `inception_score` are asked for;
            `None` is none: then `nearest_train` compares pixels.
        seed: The seed of the samples and of every random choice of a metric.
        log_prob_samples: Importance samples for `nll`, where the model's `log_prob` takes them; by
            default as many as it takes itself.
        mixture: For `modes` and `quality` of points: the mixture's centres and deviation; known
            of the built-in toys.
        domain: Of data of two sides, the one to translate into, `"a"` or `"b"`.

    Raises:
        MetricError: For an unknown metric, a split that does not exist, or data of pairs.

    Example:

        >>> from kgen.datasets import load
        >>> data = load("glyphs/letters", image_size=16, limit=64, layout="images")
        >>> evaluator = Evaluator(data, ["sliced_wasserstein"], n=32)
        >>> (score,) = evaluator(next(iter(data.train))[:32].numpy())
        >>> score.metric, score.n_fake, score.split
        ('sliced_wasserstein', 32, 'test')
    """

    def __init__(
        self,
        data: Splits | None,
        metrics: str | Sequence[str] = ("fd",),
        *,
        n: int = 10_000,
        split: str = "test",
        features: Any = "auto",
        seed: int = 0,
        log_prob_samples: int | None = None,
        mixture: Mixture | None = None,
        domain: str = "b",
    ):
        if domain not in ("a", "b"):
            raise MetricError(f"domain must be 'a' or 'b', got {domain!r}.")
        self.domain = domain
        self.metrics = parse_metrics(metrics)
        self.data, self.split, self.seed = data, split, seed
        self.n = _count(n)
        if data is not None and not hasattr(data, "layout"):
            raise MetricError(
                f"data of type {type(data).__name__}: pass what kgen.datasets.load or from_arrays "
                "returns."
            )
        if data is not None and data.layout == "points":
            mixture = mixture or MIXTURES.get(data.name)
        if data is not None:
            check_kind(self.metrics, data)
        self.mixture, self.log_prob_samples = mixture, log_prob_samples
        self._measures = {name: measure_of(name, mixture) for name in self.metrics}
        if data is None:
            _refuse_without_data(self.metrics, mixture)
        else:
            check_split(data, split, two_sided=True)
        #: Of the images that others are compared with, or `None` without data.
        self.image_shape = shape = None if data is None else data.image_shape
        if data is not None and data.layout in TWO_SIDED and domain == "a":
            self.image_shape = shape = data.source_shape
        #: The `Features` that were found, or `None` where no metric asks for any.
        self.network = choose_network(self.metrics, features, shape, self._measures)
        self._real = None
        if data is not None:
            check_labels(self.metrics, data)
            check_classes(self.metrics, self.network, data)
            wants = self._wants("real")
            self._real = RealData(data, split, self.n, wants, self.network, domain)

    def __call__(self, source: Any, labels: Sequence[int] | None = None) -> list[Score]:
        """Measures a model or an array of images.

        Args:
            source: A model with the capabilities that the metrics need, or images
                (m, height, width, channels) in [-1, 1] or uint8 (points (m, 2) for a `mixture`,
                tokens int (m, length)).
            labels: The classes (m,) that the images of an array were asked to show; of a model,
                the classes to ask for, over and over, in place of the split's.

        Returns:
            One score for each metric, in order.

        Raises:
            MetricError: If the source cannot give what a metric needs, or a value is not finite.
        """
        model = source if is_model(source) else None
        layout = None if self.data is None else self.data.layout
        check_source(source, self.metrics, self.image_shape, layout)
        if model is not None and layout in TWO_SIDED and "sample" in model.capabilities:
            check_split(self.data, self.split)  # refuses: samples are compared with single images
        labels = None if labels is None else np.asarray(labels, np.int32)
        wants = self._wants("fake")
        fake = Side(n=0)
        if wants:
            fake = collect(self._fake_chunks(source, labels), wants, self.n, self.network)
        case = Case(
            real=self._real,
            fake=fake,
            model=model,
            network=self.network,
            n=self.n,
            seed=self.seed,
            mixture=self.mixture,
            log_prob_samples=self.log_prob_samples,
        )
        return [self._score(name, measure, case) for name, measure in self._measures.items()]

    def _wants(self, side: str) -> set[str]:
        wants = {want for measure in self._measures.values() for want in getattr(measure, side)}
        if "neighbours" in wants:
            wants = wants - {"neighbours"} | {neighbour_space(self.network)}
        return wants

    def _fake_chunks(self, source, labels):
        if not is_model(source):
            array = np.asarray(source)
            if array.ndim == 4 and array.dtype.kind == "f" and 0 <= array.min() < array.max() <= 1:
                warnings.warn(
                    "the images have no negative number, kgen's range is [-1, 1]: if 0 is their "
                    "black, pass x * 2 - 1.",
                    stacklevel=4,
                )
            if labels is not None and len(labels) != len(array):
                raise MetricError(f"{len(labels)} labels for {len(array)} images: give one each.")
            return array_chunks(array, self.n, labels)
        if "sample" not in source.capabilities:
            asked = {"domain": self.domain}
            if "labels" in source.capabilities["translate"]:
                asked = {"labels": labels, "classes": self.data.num_classes}
            return translated_chunks(source, self._real.sources(), self.seed, **asked)
        shape = self.image_shape
        return sample_chunks(source, self.n, self.seed, self._classes(source, labels), shape)

    def _classes(self, model, labels) -> np.ndarray | None:
        """The classes to ask a model for, if it takes any."""
        name = type(model).__name__
        if "labels" not in model.capabilities["sample"]:
            if labels is not None:
                raise MetricError(f"{name} draws no classes: leave labels out.")
            return None
        if labels is not None:
            return np.resize(labels, self.n)
        real = self._real.labels if self._real else None
        if real is None:
            raise MetricError(
                f"{name} draws classes, and the data have no labels to ask for: load them with "
                "layout='labelled', or pass labels."
            )
        rng = np.random.default_rng(self.seed)
        rounds = [rng.permutation(real) for _ in range(-(-self.n // len(real)))]
        return np.concatenate(rounds)[: self.n]

    def _score(self, name: str, measure: Measure, case: Case) -> Score:
        measured = measure.compute(case)
        value = float(measured.value)
        if not math.isfinite(value):
            raise MetricError(f"{name} is {value}: these images cannot be measured by it.")
        real, network = self._real, self.network if measure.network else None
        compared = real is not None and (measure.real or measured.n_real is not None)
        n_real = measured.n_real if not measure.real or measured.n_real else real.side.n
        n_fake = measured.n_fake or (case.fake.n if measure.fake else None)
        short = min(real.side.n if measure.real else self.n, case.fake.n or self.n) < self.n
        notes = measured.notes + (network.notes if network else ())
        return Score(
            metric=name,
            value=value,
            better=METRICS[name].better,
            deviation=None if measured.deviation is None else float(measured.deviation),
            features=network.name if network else None,
            checksum=network.checksum or None if network else None,
            resize=self._resize(network),
            reference=self.data.name if compared else None,
            split=self.split if compared else None,
            n_real=n_real,
            n_fake=n_fake,
            method=measured.method or (measure.fake and self._translated(case.model)) or None,
            seed=self.seed,
            notes=notes + ((f"{self.n:,} asked for",) if short else ()),
            details={key: float(number) for key, number in measured.details.items()},
        )

    def _translated(self, model: Any) -> str | None:
        """How a translator was asked, which other samples do not compare with."""
        if model is None or "sample" in model.capabilities:
            return None
        if "labels" in model.capabilities["translate"]:
            return "translations into other domains"
        return f"translations into {self.domain}"

    def _resize(self, network: Any) -> str | None:
        """The images' shape, of which comparable scores have the same, and the network's way."""
        if self.data is None or self.data.layout == "points":
            return None
        if self.data.layout == "tokens":
            return f"{self.image_shape[0]} tokens"
        size = "x".join(map(str, self.image_shape))
        return ", ".join(filter(None, [size, network and network.resize]))


def evaluate(
    source: Any, data: Splits | None, metrics: str | Sequence[str] = ("fd",), **options: Any
) -> list[Score]:
    """`Evaluator(data, metrics, **options)(source)`, for one model or array.

    Args:
        source: See `Evaluator.__call__`.
        data: See `Evaluator`.
        metrics: See `Evaluator`.
        **options: `labels` of `Evaluator.__call__`, and the options of `Evaluator`.

    Raises:
        MetricError: As `Evaluator`.

    Example:

        >>> from kgen.datasets.mixture import Mixture
        >>> points = np.repeat([[0.0, 0.0], [1.0, 1.0]], 30, axis=0)
        >>> mixture = Mixture([[0, 0], [1, 1], [2, 2]], std=0.1)
        >>> evaluate(points, None, "quality", n=60, mixture=mixture)[0].value
        1.0
    """
    labels = options.pop("labels", None)
    if is_model(source):  # before features are looked for, or trained, in vain
        check_source(source, parse_metrics(metrics), None)
    return Evaluator(data, metrics, **options)(source, labels)


def _count(n) -> int:
    if not isinstance(n, numbers.Integral) or n < 4:
        raise MetricError(f"n={n!r}: measure at least 4 samples.")
    return int(n)


def _refuse_without_data(metrics: Sequence[str], mixture: Mixture | None) -> None:
    other = [name for name in metrics if name not in OF_POINTS]
    if other or mixture is None:
        raise MetricError(
            f"{(other or metrics)[0]} needs data: pass what kgen.datasets.load returns (only modes "
            "and quality of a mixture do without)."
        )
