"""The likelihood of held-out data: one evaluator for nats, bits per dimension, nats per token."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from kgen.errors import MetricError
from kgen.metrics.streams import Chunk, chunk_seed


def negative_log_likelihood(
    model: Any,
    batches: Iterable[Chunk],
    *,
    samples: int | None = None,
    seed: int = 0,
) -> tuple[float, float, dict[str, float], tuple[str, ...]]:
    """Mean `-log p(x)` in nats an image, as the model's own `log_prob` has it.

    What `p` is a probability of differs between models (8-bit levels, or pixels binarised in one
    way or another), and so does whether it is exact or a bound. A model says the first in an
    attribute `log_prob_of`; the second follows from the arguments of `log_prob`: one that takes
    `samples` gives a lower bound of `log p`, so that the value bounds the true one from above.

    Args:
        model: A model with the capability `log_prob`.
        batches: Pairs of images (n, height, width, channels), or tokens int (n, length), and their
            labels or `None`; of sounds (n, samples, 1) that come with features these, or a dict of
            features and labels.
        samples: Importance samples, if `log_prob` takes them; by default its own number.
        seed: Seeds each batch's draws together with the batch's number.

    Returns:
        The mean, its standard error over the images, details (`bits_per_dim`, of tokens
        `nats_per_token`, `images`, and `importance_samples` where there are some) and notes on what
        was measured.

    Raises:
        MetricError: If the model has no `log_prob`, needs labels that are not there, or gives a
            value that is no finite number for some image.

    Example:

        >>> class Coin:  # every 8-bit level equally likely
        ...     capabilities = {"log_prob": ("images",)}
        ...     log_prob_of = "8-bit levels"
        ...     def log_prob(self, images):
        ...         return np.full(len(images), -images[0].size * np.log(256))
        >>> _, _, details, notes = negative_log_likelihood(Coin(), [(np.zeros((2, 8, 8, 1)), None)])
        >>> details["bits_per_dim"], notes
        (8.0, ('of 8-bit levels',))
    """
    arguments = model.capabilities.get("log_prob")
    if arguments is None:
        raise MetricError(
            f"{type(model).__name__} has no likelihood, so it has no nll: "
            f"it can {', '.join(model.capabilities)}."
        )
    if "samples" in arguments and samples is None:
        samples = inspect.signature(model.log_prob).parameters["samples"].default
    values, dimensions, tokens = [], 0, False
    for number, (images, labels) in enumerate(batches):
        given = {}
        if "samples" in arguments:
            given["samples"] = samples
        if "seed" in arguments:
            given["seed"] = chunk_seed(seed, number)
        if "features" in arguments:
            if labels is None:
                raise MetricError("the model's likelihood needs features: load the data with them.")
            given |= labels if isinstance(labels, dict) else {"features": labels}
        elif "labels" in arguments:
            if labels is None:
                raise MetricError("the model's likelihood needs labels: load the data with them.")
            given["labels"] = labels
        values.append(np.asarray(model.log_prob(images, **given), np.float64))
        dimensions, tokens = math.prod(images.shape[1:]), images.dtype.kind == "i"
    values = np.concatenate(values) if values else np.zeros(0)
    if len(values) < 2:
        raise MetricError(f"nll of {len(values)} images: the split has too few.")
    if not np.isfinite(values).all():
        raise MetricError(
            f"log_prob is not finite for {int((~np.isfinite(values)).sum())} of "
            f"{len(values)} images: the model gives them no probability, or has diverged."
        )
    mean = -float(values.mean())
    each = "nats_per_token" if tokens else "bits_per_dim"
    unit = 1.0 if tokens else math.log(2)
    details = {each: mean / (dimensions * unit), "images": len(values)}
    notes = (f"of {getattr(model, 'log_prob_of', 'what the model observes')}",)
    if "samples" in arguments:
        details["importance_samples"] = samples
        notes += (f"upper bound by {samples:,} importance sample{'s'[: samples > 1]}",)
    return mean, float(values.std(ddof=1) / math.sqrt(len(values))), details, notes
