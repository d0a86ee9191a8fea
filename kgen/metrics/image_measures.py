"""Metrics taken from images or points themselves, each a function of the case."""

from __future__ import annotations

import math

from kgen.metrics import sliced_wasserstein as sliced
from kgen.metrics.case import Case, Measured
from kgen.metrics.modes import MINIMUM_SHARE, RADIUS_STDS, modes_covered
from kgen.metrics.parzen import choose_sigma, parzen_log_likelihood
from kgen.metrics.similarity import pair_similarity


def sliced_wasserstein(case: Case) -> Measured:
    """Distance of the patches of a Laplacian pyramid."""
    real, fake = case.real.side.images, case.fake.images
    value, levels = sliced.sliced_wasserstein(real, fake, seed=case.seed)
    return Measured(value=value, details=levels, n_real=len(real), n_fake=len(fake))


def ms_ssim(case: Case) -> Measured:
    """Likeness of pairs of samples, that of pairs of real images beside it."""
    value, error, details = pair_similarity(case.fake.images, seed=case.seed)
    real, of_real = case.real.pair_similarity
    return Measured(
        value=value,
        deviation=error,
        details={**details, "real": real},
        n_real=2 * of_real["pairs"],
        n_fake=2 * details["pairs"],
    )


def modes(case: Case) -> Measured:
    """Modes of a mixture that samples come near."""
    covered, share = _points(case)
    return Measured(
        value=covered,
        details={"of": len(case.mixture.centres), "quality": share},
        method=f"modes with {MINIMUM_SHARE:.1%} of the samples within {RADIUS_STDS:g} std",
    )


def quality(case: Case) -> Measured:
    """Share of samples near a centre of a mixture."""
    covered, share = _points(case)
    method = f"within {RADIUS_STDS:g} std of a centre"
    return Measured(value=share, details={"modes": covered}, method=method)


def _points(case: Case) -> tuple[int, float]:
    return case.once("points", lambda: modes_covered(case.fake.images, case.mixture))


def parzen(case: Case) -> Measured:
    """Mean Parzen-window log-likelihood and its standard error."""
    samples, images = case.fake.images, case.real.side.images
    sigma = choose_sigma(samples, case.real.sigma_images)
    values = parzen_log_likelihood(samples, images, sigma)
    return Measured(
        value=float(values.mean()),
        deviation=float(values.std() / math.sqrt(len(values))),
        details={"sigma": sigma},
        notes=("legacy",),
        n_real=len(images),
        n_fake=len(samples),
    )
