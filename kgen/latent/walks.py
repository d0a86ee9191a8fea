"""What a model that samples by chains of codes goes through on the way."""

from __future__ import annotations

import keras
import numpy as np

from kgen.errors import DataError
from kgen.latent.table import Table


def chains(
    model: keras.Model, n: int = 6, labels=None, seed: int = 0, steps: int = 9, start=None
) -> Table:
    """The images of chains, from where they start to what they sample.

    Args:
        model: A `kgen.models.PPGN`.
        n: Chains.
        labels: The class of each, int (n,), or one for all; by default each class in turn.
        seed: Of the starts and the noise.
        steps: Columns, evenly from the start to the end, or as many as there are steps.
        start: See `PPGN.sample`.

    Returns:
        A row for each chain. Beside it stand the class and the probability that the classifier
        gives it at the end.

    Raises:
        DataError: If the model walks no chains, and as `PPGN.sample` does.

    Example:

        >>> import kgen
        >>> model = kgen.models.PPGN.build_default((8, 8, 1), 3, classes=4, iterations=6)
        >>> table = chains(model, n=2, steps=4)
        >>> table.images.shape, table.columns
        ((2, 4, 8, 8, 1), ('0', '2', '4', '6'))
    """
    if not hasattr(model, "chain"):
        raise DataError(f"{type(model).__name__} walks no chains: that is what a PPGN does.")
    if n < 1 or steps < 2:
        raise DataError(f"n={n} must be at least 1 and steps={steps} at least 2.")
    if model.classes is not None:
        given = np.arange(n) % model.classes if labels is None else labels
        labels = np.broadcast_to(np.asarray(given), (n,))
    every = -(-model.iterations // (steps - 1))
    walked = model.chain(n, labels, seed=seed, start=start, every=every)
    rows = ()
    if model.classes is not None:
        ends = walked.probabilities[np.arange(n), -1, labels]
        rows = tuple(f"{label}: {p:.2f}" for label, p in zip(labels, ends, strict=True))
    return Table(walked.images, rows, tuple(map(str, walked.steps)))
