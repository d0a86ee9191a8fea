"""Glow on points: eight Gaussians on a circle, and where the flow puts its mass.

The steps of the paper without squeeze and split, on (2,) numbers; a picture after each epoch shows
the bridges between the modes, which a bijection of one Gaussian cannot do without.

Command: kgen train glow_ring
Data:    built in (ring)
Time:    not yet measured
Result:  not yet measured
"""

import keras

import kgen
from kgen.recipe import Run


def recipe(
    *,
    data: str = "ring",
    batch_size: int = 500,
    epochs: int = 20,
    seed: int = 0,
    limit: int | None = None,
    steps: int = 16,
    width: int = 64,
    coupling: str = "affine",
    learning_rate: float = 2e-3,
    metrics: tuple[str, ...] = ("modes", "quality"),
    evaluate_every: int = 5,
) -> Run:
    """The run.

    Args:
        data: `ring` or `grid`.
        batch_size: Points in a batch.
        epochs: Passes over the data.
        seed: Seeds weights, noise and order.
        limit: At most so many points in each split.
        steps: Steps of flow.
        width: Units of the hidden layers in the couplings.
        coupling: "affine", "bounded" or "additive".
        learning_rate: Of Adamax at the start; it falls to zero by a cosine.
        metrics: Metrics of samples, taken on the validation split while it trains.
        evaluate_every: Take them after each so many-th epoch.
    """
    splits = kgen.datasets.load(data, batch_size=batch_size, seed=seed, limit=limit)
    model = kgen.models.Glow.build_default(
        splits.image_shape, steps=steps, width=width, coupling=coupling
    )
    decay_steps = epochs * int(splits.train.cardinality())
    rate = keras.optimizers.schedules.CosineDecay(learning_rate, decay_steps)
    model.compile(optimizer=keras.optimizers.Adamax(rate))
    return Run(
        model=model,
        data=splits,
        epochs=epochs,
        validate=True,
        metrics=metrics,
        evaluate_every=evaluate_every,
        best="val_loss",
    )


SMOKE = dict(data="ring", batch_size=50, epochs=1, limit=100, steps=2, width=8, metrics=())
