"""A projection discriminator teaches a generator digits by name: the built-in ones at 32 x 32.

0-9 in eight DejaVu faces, jittered. The paper's residual networks at a quarter of their width,
hinge losses, two steps of the discriminator for each one of the generator, where the paper has
five: in as many epochs the generator makes more of its own.

Command: kgen train projectiongan_glyphs
Data:    built in (glyphs/digits); 20,000 images
Time:    not yet measured
Result:  not yet measured
"""

import kgen
from kgen.recipe import Run


def recipe(
    *,
    data: str = "glyphs/digits",
    data_dir: str | None = None,
    image_size: int = 32,
    batch_size: int = 64,
    epochs: int = 30,
    seed: int = 0,
    limit: int | None = None,
    latent_dim: int = 128,
    width: int = 16,
    discriminator_steps: int = 2,
    ema_momentum: float | None = 0.998,
    metrics: tuple[str, ...] = ("fd", "label_accuracy", "recall"),
    evaluate_every: int = 5,
    features: str | None = None,
) -> Run:
    """The run.

    Args:
        data: A built-in set or a folder of images in classes, or a name of TensorFlow Datasets.
        data_dir: Where TensorFlow Datasets finds its files.
        image_size: Side in pixels: 4 or 7 times a power of two.
        batch_size: Images in a batch.
        epochs: Passes over the data.
        seed: Seeds weights, noise and order.
        limit: At most so many images in each split.
        latent_dim: Length of the latents.
        width: Channels of the largest maps; 64 in the paper.
        discriminator_steps: Of the discriminator for each one of the generator; 5 in the paper.
        ema_momentum: Sample from a moving average of the generator's weights.
        metrics: Metrics of samples, taken on the validation split while it trains.
        evaluate_every: Take them after each so many-th epoch.
        features: What the metrics compare in: `auto`, `classifier:<labelled data>`, ...; by
            default a classifier of the data for digits and clothes, and `auto` for others.
    """
    splits = kgen.datasets.load(
        data,
        data_dir=data_dir,
        image_size=image_size,
        batch_size=batch_size,
        layout="labelled",
        seed=seed,
        limit=limit,
    )
    model = kgen.models.ProjectionGAN.build_default(
        splits.image_shape,
        splits.num_classes,
        latent_dim,
        width,
        discriminator_steps=discriminator_steps,
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
    data="glyphs/digits",
    image_size=8,
    batch_size=8,
    epochs=1,
    limit=32,
    latent_dim=4,
    width=2,
    discriminator_steps=1,
    metrics=(),
)
