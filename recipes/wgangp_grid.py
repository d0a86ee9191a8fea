"""WGAN-GP on points: the 25 Gaussians of its paper's figure 1.

Three hidden layers of 512 ReLU units, the penalty's weight 0.1 and the optimizers as in the
authors' code for toys, which scales the data by 1 / (2 sqrt(2)) and is otherwise the same.

Command: kgen train wgangp_grid
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
    batch_size: int = 256,
    epochs: int = 40,
    steps_per_epoch: int = 500,
    seed: int = 0,
    limit: int | None = None,
    width: int = 512,
    penalty: float = 0.1,
    metrics: tuple[str, ...] = ("modes", "quality"),
    evaluate_every: int = 5,
) -> Run:
    """The run.

    Args:
        data: `ring` or `grid`.
        batch_size: Points in a batch.
        epochs: How often the density is drawn.
        steps_per_epoch: Steps of the critic before each of them, five for one of the generator.
        seed: Seeds weights, noise and order.
        limit: At most so many points in each split.
        width: Of the hidden layers.
        penalty: The gradient penalty's weight; 10 is the paper's for images.
        metrics: Metrics of samples, taken on the validation split while it trains.
        evaluate_every: Take them after each so many-th epoch.
    """
    splits = kgen.datasets.load(
        data, batch_size=batch_size, seed=seed, limit=limit, steps_per_epoch=steps_per_epoch
    )

    def network(outputs, name):
        hidden = [keras.layers.Dense(width, "relu") for _ in range(3)]
        first, last = keras.Input((2,)), keras.layers.Dense(outputs)
        return keras.Sequential([first, *hidden, last], name=name)

    model = kgen.models.WGANGP(
        network(2, "generator"),
        network(1, "discriminator"),
        regularizers=[kgen.losses.GradientPenalty(penalty)],
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
    data="grid",
    batch_size=50,
    epochs=1,
    steps_per_epoch=5,
    limit=100,
    width=8,
    metrics=("quality",),
)
