"""BetaVAE learns the built-in glyphs at 32 x 32 with a KL that weighs four times (Higgins 2017).

`--set gamma=1000 --set capacity=25` is the form of Burgess et al. 2018, whose KL grows to 25 nats
over the first half of the steps.

Command: kgen train betavae_glyphs
Data:    built in (glyphs)
Time:    not yet measured
Result:  not yet measured
"""

import keras

import kgen
from kgen.recipe import Run


def recipe(
    *,
    data: str = "glyphs",
    data_dir: str | None = None,
    image_size: int = 32,
    batch_size: int = 64,
    epochs: int = 30,
    seed: int = 0,
    limit: int | None = None,
    latent_dim: int = 10,
    architecture: str = "conv",
    beta: float = 4.0,
    gamma: float | None = None,
    capacity: float = 25.0,
    learning_rate: float = 5e-4,
    metrics: tuple[str, ...] = ("fd",),
    evaluate_every: int = 5,
) -> Run:
    """The run.

    Args:
        data: A built-in set, a folder of images, or a name of TensorFlow Datasets.
        data_dir: Where TensorFlow Datasets finds its files.
        image_size: Side in pixels; for "conv" 4 or 7 times a power of two.
        batch_size: Images in a batch.
        epochs: Passes over the data.
        seed: Seeds weights, noise and order.
        limit: At most so many images in each split.
        latent_dim: Length of the latents.
        architecture: "conv" or "dense".
        beta: The weight of the KL.
        gamma: If given, the weight of the KL's distance to the capacity, in place of beta.
        capacity: In nats, reached after half of the steps.
        learning_rate: Of Adam; 1e-4 in the paper, for many more steps.
        metrics: Metrics of samples, taken on the validation split while it trains.
        evaluate_every: Take them after each so many-th epoch.
    """
    splits = kgen.datasets.load(
        data,
        data_dir=data_dir,
        image_size=image_size,
        batch_size=batch_size,
        layout="images",
        seed=seed,
        limit=limit,
    )
    steps = epochs * int(splits.train.cardinality())
    model = kgen.models.BetaVAE.build_default(
        splits.image_shape,
        latent_dim,
        architecture,
        beta=beta if gamma is None else None,
        gamma=gamma,
        capacity=capacity,
        capacity_steps=max(1, steps // 2),
    )
    model.compile(optimizer=keras.optimizers.Adam(learning_rate))
    return Run(
        model=model,
        data=splits,
        epochs=epochs,
        validate=True,
        metrics=metrics,
        evaluate_every=evaluate_every,
        best="val_loss",
    )


SMOKE = dict(
    data="glyphs",
    image_size=16,
    batch_size=8,
    epochs=1,
    limit=32,
    latent_dim=4,
    metrics=(),
)
