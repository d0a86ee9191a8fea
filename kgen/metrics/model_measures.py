"""Metrics taken from a model beyond its samples, each a function of the case."""

from __future__ import annotations

import math

import numpy as np

from kgen.errors import MetricError
from kgen.metrics import path_length as paths
from kgen.metrics.case import Case, Measure, Measured
from kgen.metrics.likelihood import negative_log_likelihood
from kgen.metrics.probing import probe
from kgen.metrics.similarity import largest_window
from kgen.metrics.similarity import psnr as psnr_of
from kgen.metrics.similarity import ssim as ssim_of
from kgen.metrics.streams import regrouped

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
    method = ", ".join(notes)  # likelihoods of other things do not compare
    return Measured(value=value, deviation=error, details=details, method=method, n_real=n)


def reconstruction(name: str) -> Measure:
    """Mean `"psnr"` or `"ssim"` of the split's reconstructions, from one pass."""

    def compute(case: Case) -> Measured:
        values = case.once("reconstructions", lambda: _reconstructions(case))[name]
        if np.isinf(values).any():  # the PSNR of equal images
            raise MetricError(f"{name} is infinite: some images are reconstructed without error.")
        window = {"window": largest_window(case.real.data.image_shape)}
        return Measured(
            value=float(values.mean()),
            deviation=float(values.std() / math.sqrt(len(values))),
            details=window if name == "ssim" else {},
            notes=("of reconstructions",),
            n_real=len(values),
        )

    return Measure(compute, network=False)


def _reconstructions(case: Case) -> dict[str, np.ndarray]:
    window = largest_window(case.real.data.image_shape)
    parts: dict[str, list] = {"psnr": [], "ssim": []}
    labelled = "labels" in case.model.capabilities["reconstruct"]
    for images, labels in case.real.chunks():
        rebuilt = case.model.reconstruct(images, **({"labels": labels} if labelled else {}))
        parts["psnr"].append(psnr_of(images, rebuilt))
        parts["ssim"].append(ssim_of(images, rebuilt, window))
    return {name: np.concatenate(values) for name, values in parts.items()}
