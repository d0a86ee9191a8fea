"""DCGAN draws letters: the built-in glyphs at 32 x 32.

A-Z, a-z and 0-9 in eight DejaVu faces, jittered. The paper's networks at a quarter of their width,
so that two CPU cores do with minutes; grids and export show the moving average of the generator.

Command: kgen train dcgan_glyphs
Data:    built in (glyphs/letters); 19,840 images
Time:    5 minutes on two CPU cores that did other work as well
Result:  seed 0, 12 epochs: about three quarters of the 64 images of the last grid read as letters
         or digits, the others are hybrids of two; validation split: fd 59.1
"""

import kgen
from kgen.recipe import Run


def recipe(
    *,
    data: str = "glyphs/letters",
    data_dir: str | None = None,
    image_size: int = 32,
    batch_size: int = 32,
    epochs: int = 12,
    seed: int = 0,
    limit: int | None = None,
    latent_dim: int = 100,
    width: int = 32,
    ema_momentum: float | None = 0.998,
    metrics: tuple[str, ...] = ("fd", "precision", "recall"),
    evaluate_every: int = 2,
    features: str | None = None,
) -> Run:
    """The run.

    Args:
        data: A built-in set, a folder of images, or a name of TensorFlow Datasets.
        data_dir: Where TensorFlow Datasets finds its files.
        image_size: Side in pixels: 4, 6 or 7 times a power of two.
        batch_size: Images in a batch.
        epochs: Passes over the data.
        seed: Seeds weights, noise and order.
        limit: At most so many images.
        latent_dim: Length of the latents.
        width: Channels of the largest maps; 128 in the paper.
        ema_momentum: Sample from a moving average of the generator's weights.
        metrics: Metrics of samples, taken on the validation split while it trains.
        evaluate_every: Take them after each so many-th epoch.
        features: What the metrics compare in: `auto`, `classifier:<labelled data>`, ...; by
            default a classifier of the data for MNIST and Fashion-MNIST, and `auto` for others.
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
    model = kgen.models.DCGAN.build_default(
        splits.image_shape, latent_dim, width, ema_momentum=ema_momentum
    )
    model.compile()
    return Run(
        model=model,
        data=splits,
        epochs=epochs,
        metrics=metrics,
        evaluate_every=evaluate_every,
        features=features,
    )


SMOKE = dict(
    data="glyphs/letters",
    image_size=16,
    batch_size=8,
    epochs=2,
    limit=32,
    width=4,
    metrics=("sliced_wasserstein",),
)
