"""Pure functions on tensors: the mathematics that more than one model needs."""

from kgen.losses.adversarial import (
    least_squares_discriminator,
    least_squares_generator,
    non_saturating_discriminator,
    non_saturating_generator,
)
from kgen.losses.divergence import standard_normal_kl
from kgen.losses.likelihood import bernoulli_log_prob, bits_per_dim, normal_log_prob
from kgen.losses.reconstruction import mean_absolute_error

__all__ = [
    "bernoulli_log_prob",
    "bits_per_dim",
    "least_squares_discriminator",
    "least_squares_generator",
    "mean_absolute_error",
    "non_saturating_discriminator",
    "non_saturating_generator",
    "normal_log_prob",
    "standard_normal_kl",
]
