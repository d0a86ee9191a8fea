"""ALI on points: 25 Gaussians on a grid, which of them it keeps and how it orders them.

The networks, batches and rates of the authors' script: four layers of 400 for the decoder, two for
the encoder, and a discriminator of three maxout layers of 200. Their Adam has beta_1 0.2 here. The
paper counts a mode from one sample on, `modes` from 20 of 2,500.

Command: kgen train ali_grid
Data:    built in (grid)
Time:    not yet measured
Result:  not yet measured
"""

import keras

import kgen
from kgen.recipe import Run


def recipe(
    *,
    data: str = "grid",
    batch_size: int = 100,
    epochs: int = 40,
    steps_per_epoch: int = 1000,
    seed: int = 0,
    limit: int | None = None,
    latent_dim: int = 2,
    width: int = 400,
    learning_rate: float = 1e-4,
    beta_1: float = 0.2,
    metrics: tuple[str, ...] = ("modes", "quality"),
    evaluate_every: int = 5,
) -> Run:
    """The run.

    Args:
        data: `ring` or `grid`.
        batch_size: Points in a batch.
        epochs: How often the density is drawn.
        steps_per_epoch: Steps before each of them.
        seed: Seeds weights, noise and order.
        limit: At most so many points in each split.
        latent_dim: Length of the latents.
        width: Units of encoder and decoder; the discriminator's layers have half of them.
        learning_rate: Of Adam.
        beta_1: Of Adam.
        metrics: Metrics of samples, taken on the validation split while it trains.
        evaluate_every: Take them after each so many-th epoch.
    """
    splits = kgen.datasets.load(
        data, batch_size=batch_size, seed=seed, limit=limit, steps_per_epoch=steps_per_epoch
    )
    model = kgen.models.ALI.build_default(splits.image_shape, latent_dim, width)
    model.compile(
        generator_optimizer=keras.optimizers.Adam(learning_rate, beta_1),
        discriminator_optimizer=keras.optimizers.Adam(learning_rate, beta_1),
    )
    return Run(
        model=model,
        data=splits,
        epochs=epochs,
        validate=True,
        metrics=metrics,
        evaluate_every=evaluate_every,
    )


SMOKE = dict(
    data="grid",
    batch_size=50,
    epochs=1,
    steps_per_epoch=2,
    limit=100,
    width=8,
    metrics=("quality",),
)
