"""UnrolledGAN on points: eight Gaussians on a circle, as in its paper's figure 2.

The networks, latents and rates of the authors' notebook, five steps of the discriminator ahead;
`--set unroll_steps=0` is the same game without, and circles.

Command: kgen train unrolledgan_ring
Data:    built in (ring)
Time:    not yet measured
Result:  not yet measured
"""

import kgen
from kgen.recipe import Run


def recipe(
    *,
    data: str = "ring",
    batch_size: int = 512,
    epochs: int = 50,
    steps_per_epoch: int = 500,
    seed: int = 0,
    limit: int | None = None,
    latent_dim: int = 256,
    width: int = 128,
    unroll_steps: int = 5,
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
        width: Of the hidden layers.
        unroll_steps: How many steps of the discriminator the generator looks ahead.
        metrics: Metrics of samples, taken on the validation split while it trains.
        evaluate_every: Take them after each so many-th epoch.
    """
    splits = kgen.datasets.load(
        data, batch_size=batch_size, seed=seed, limit=limit, steps_per_epoch=steps_per_epoch
    )
    model = kgen.models.UnrolledGAN.build_default(
        splits.image_shape, latent_dim, width, unroll_steps=unroll_steps
    )
    model.compile()
    return Run(
        model=model,
        data=splits,
        epochs=epochs,
        metrics=metrics,
        evaluate_every=evaluate_every,
    )


SMOKE = dict(
    data="ring",
    batch_size=50,
    epochs=1,
    steps_per_epoch=2,
    limit=100,
    latent_dim=4,
    width=8,
    unroll_steps=1,
    metrics=("quality",),
)
