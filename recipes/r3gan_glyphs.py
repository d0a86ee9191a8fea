"""R3GAN draws letters: a relativistic loss and two penalties on glyphs at 16 x 16.

A-Z, a-z and 0-9 in eight DejaVu faces, jittered. The paper's networks at a 24th of their width
with half of its blocks, its groups of 16 channels kept; the schedules run over the whole training.

Command: kgen train r3gan_glyphs
Data:    built in (glyphs/letters); 19,840 images
Time:    not yet measured
Result:  not yet measured
"""

import kgen
from kgen.recipe import Run


def recipe(
    *,
    data: str = "glyphs/letters",
    data_dir: str | None = None,
    image_size: int = 16,
    batch_size: int = 64,
    epochs: int = 20,
    seed: int = 0,
    limit: int | None = None,
    latent_dim: int = 64,
    width: int = 32,
    blocks: int = 1,
    cardinality: int = 4,
    gamma: float = 0.05,
    ema_momentum: float | None = 0.999,
    metrics: tuple[str, ...] = ("fd", "precision", "recall"),
    evaluate_every: int = 4,
    features: str | None = None,
) -> Run:
    """The run.

    Args:
        data: A built-in set, a folder of images, or a name of TensorFlow Datasets.
        data_dir: Where TensorFlow Datasets finds its files.
        image_size: Side in pixels: 4 or 7 times a power of two.
        batch_size: Images in a batch.
        epochs: Passes over the data, over which rate, penalties and averages change.
        seed: Seeds weights, noise and order.
        limit: At most so many images.
        latent_dim: Length of the latents.
        width: Channels of every stage; 768 in the paper.
        blocks: Residual blocks of a stage; 2 in the paper.
        cardinality: Groups of the 3x3 convolutions; 96 in the paper.
        gamma: Weight of both penalties at the start.
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
    model = kgen.models.R3GAN.build_default(
        splits.image_shape,
        latent_dim,
        width,
        blocks,
        cardinality,
        gamma=gamma,
        schedule_steps=epochs * len(splits.train),
        ema_momentum=ema_momentum,
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
    image_size=8,
    batch_size=8,
    epochs=2,
    limit=32,
    width=4,
    cardinality=2,
    metrics=("sliced_wasserstein",),
)
