"""Metrics taken from a model beyond its samples, each a function of the case."""

from __future__ import annotations

import math

import numpy as np

from kgen.errors import MetricError
from kgen.metrics import path_length as paths
from kgen.metrics.case import Case, Measure, Measured
from kgen.metrics.code_information import code_information
from kgen.metrics.likelihood import negative_log_likelihood
from kgen.metrics.probing import probe
from kgen.metrics.similarity import largest_window
from kgen.metrics.similarity import psnr as psnr_of
from kgen.metrics.similarity import ssim as ssim_of
from kgen.metrics.streams import CHUNK, TWO_SIDED, chunk_seed, other_labels, regrouped

# Two samples each: the mean hardly moves beyond.
_PATH_PAIRS = 2500


def path_length(case: Case) -> Measured:
    """Perceptual path length, by the model's `sample` signature."""
    signature = case.model.signatures()["sample"]
    latents = {k: spec for k, spec in signature.inputs.items() if spec.role == "latent"}
    labels = {k: spec for k, spec in signature.inputs.items() if spec.role == "label"}
    if len(latents) != 1 or len(latents) + len(labels) != len(signature.inputs):
        raise MetricError(
            f"path_length walks between latents, but {type(case.model).__name__} samples from "
            f"{', '.join(signature.inputs)}: leave it out."
        )
    ((key, spec),) = latents.items()
    rng = np.random.default_rng([case.seed, 1])

    def render(z):
        # Both ends of a path, half of the rows apart, are of one class.
        classes = {
            name: np.tile(rng.integers(label.classes, size=len(z) // 2), 2)
            for name, label in labels.items()
        }
        return case.model.serve("sample", **{key: z}, **classes)

    pairs = min(case.n, _PATH_PAIRS)
    value, details = paths.path_length(
        render,
        # A network that rounds images to 8 bits has a way round it for small steps.
        getattr(case.network, "features", case.network),
        spec.shape[1:],
        spec.distribution,
        pairs=pairs,
        seed=case.seed,
    )
    return Measured(
        value=value,
        deviation=details.pop("standard_error"),
        details=details,
        n_fake=2 * pairs,
        notes=("distance in these features, not the paper's VGG",),
    )


def mutual_information(case: Case) -> Measured:
    """InfoGAN's bound, of all categorical codes together, on samples with codes drawn evenly."""
    inputs = case.model.signatures()["sample"].inputs.values()
    counts = [spec.classes for spec in inputs if spec.role == "label"]
    codes = np.random.default_rng([case.seed, 2]).integers(counts, size=(case.n, len(counts)))
    told: list[list] = [[] for _ in counts]
    for chunk, start in enumerate(range(0, case.n, CHUNK)):
        part = codes[start : start + CHUNK]
        images = case.model.sample(len(part), categories=part, seed=chunk_seed(case.seed, chunk))
        for i, probabilities in enumerate(told):
            probabilities.append(case.model.classify(images, code=i))
    bounds = [code_information(np.concatenate(each), codes[:, i]) for i, each in enumerate(told)]
    entropy = sum(math.log(count) for count in counts)
    return Measured(value=sum(bounds), details={"entropy": entropy}, n_fake=case.n)


def linear_probe(case: Case) -> Measured:
    """Accuracy of a linear classifier of the model's features, on the evaluation's split."""
    value, n, details = probe(case.model.features, case.real.data, n=case.n, split=case.real.split)
    return Measured(value=value, details=details, n_real=n)


def nll(case: Case) -> Measured:
    """Negative log-likelihood in nats."""
    value, error, details, notes = negative_log_likelihood(
        case.model, regrouped(case.real.chunks()), samples=case.log_prob_samples, seed=case.seed
    )
    n = details.pop("images")
    if getattr(case.real.data, "words", None):
        words = np.concatenate([_words(tokens) for tokens, _ in case.real.chunks()])
        details["perplexity"] = math.exp(value / words.mean())
    method = ", ".join(notes)  # likelihoods of other things do not compare
    return Measured(value=value, deviation=error, details=details, method=method, n_real=n)


def _words(tokens: np.ndarray) -> np.ndarray:
    """How many words each text has, its end among them where there is room for one."""
    return np.minimum((tokens != 0).sum(axis=1) + 1, tokens.shape[1])


def reconstruction(name: str) -> Measure:
    """Mean `"l1"`, `"psnr"` or `"ssim"` of reconstructions or translated pairs, from one pass."""

    def compute(case: Case) -> Measured:
        values = case.once("reconstructions", lambda: _reconstructions(case))
        window, values = values["window"], values[name]
        if np.isinf(values).any():  # the PSNR of equal images
            raise MetricError(f"{name} is infinite: some images are reconstructed without error.")
        rebuilt = "reconstruct" in case.model.capabilities
        return Measured(
            value=float(values.mean()),
            deviation=float(values.std() / math.sqrt(len(values))),
            details={"window": window} if name == "ssim" else {},
            notes=("of reconstructions",) if rebuilt else (),
            method=None if rebuilt else f"translations into {case.real.domain}",
            n_real=len(values),
        )

    return Measure(compute, network=False)


def _reconstructions(case: Case) -> dict[str, np.ndarray | int]:
    window = None
    parts: dict[str, list] = {"l1": [], "psnr": [], "ssim": []}
    for images, rebuilt in _rebuilt(case):
        window = window or largest_window(images.shape[1:])
        parts["l1"].append(_error(images, rebuilt))
        parts["psnr"].append(psnr_of(images, rebuilt))
        parts["ssim"].append(ssim_of(images, rebuilt, window))
    return {"window": window, **{name: np.concatenate(values) for name, values in parts.items()}}


def _rebuilt(case: Case):
    """Images and their reconstructions, or the pairs of sources and their translations."""
    can = case.model.capabilities
    if "reconstruct" in can:
        for images, labels in case.real.chunks():
            given = {"labels": labels} if "labels" in can["reconstruct"] else {}
            yield images, case.model.reconstruct(images, **given)
        return
    for chunk, (sources, targets) in enumerate(case.real.pairs()):
        drawn = {"seed": chunk_seed(case.seed, chunk)} if "seed" in can["translate"] else {}
        yield targets, case.model.translate(sources, domain=case.real.domain, **drawn)


def cycle_error(case: Case) -> Measured:
    """Mean absolute error there and back: of both sides, or by another domain and home again."""
    errors: dict[str, list] = {}
    translate = case.model.translate
    if case.real.data.layout in TWO_SIDED:
        for sources, targets in case.real.pairs():
            a, b = (sources, targets) if case.real.domain == "b" else (targets, sources)
            there, back = translate(a, domain="b"), translate(b, domain="a")
            errors.setdefault("a", []).append(_error(a, translate(there, domain="a")))
            errors.setdefault("b", []).append(_error(b, translate(back, domain="b")))
    else:
        classes = case.real.data.num_classes
        for chunk, (images, labels) in enumerate(regrouped(case.real.chunks())):
            rng = np.random.default_rng(chunk_seed(case.seed, chunk))
            there = translate(images, labels=other_labels(labels, classes, rng))
            errors.setdefault("all", []).append(_error(images, translate(there, labels=labels)))
    sides = {side: np.concatenate(values) for side, values in errors.items()}
    values = np.concatenate(list(sides.values()))
    return Measured(
        value=float(values.mean()),
        deviation=float(values.std() / math.sqrt(len(values))),
        details={side: float(each.mean()) for side, each in sides.items()} if "a" in sides else {},
        n_real=len(values),
    )


def _error(images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The mean absolute error of each image, (n,)."""
    return np.abs(images - others).reshape(len(images), -1).mean(axis=1, dtype=np.float64)
