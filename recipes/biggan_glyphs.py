"""BigGAN draws a letter or digit of a given class: the labelled glyphs at 32 x 32.

62 classes, each in eight faces, moved and turned a little. The 32-pixel networks with 32 channels
in the place of 256, a shared embedding and latents split in four. `kgen sample <run> --label 10`
draws one class.

For the truncation trick, load the run's model, `model.estimate_standing_statistics(0.5)`, and
`model.sample(...)` or `kgen.export.save(model, ...)`.

Command: kgen train biggan_glyphs
Data:    built in (glyphs/letters); 19,840 train images
Time:    not yet measured
Result:  not yet measured
"""

import kgen
from kgen.recipe import Run
from kgen.training import TextbookAdam


def recipe(
    *,
    data: str = "glyphs/letters",
    data_dir: str | None = None,
    image_size: int = 32,
    channels: int | None = None,
    batch_size: int = 64,
    epochs: int = 30,
    seed: int = 0,
    limit: int | None = None,
    latent_dim: int = 64,
    width: int = 8,
    shared_dim: int | None = 32,
    initializer: str = "orthogonal",
    orthogonality: float = 1e-4,
    generator_rate: float = 2e-4,
    discriminator_rate: float = 4e-4,
    discriminator_steps: int = 1,
    ema_momentum: float | None = 0.998,
    ema_start: int = 500,
    metrics: tuple[str, ...] = ("fd", "label_accuracy"),
    evaluate_every: int = 5,
    features: str | None = None,
) -> Run:
    """The run.

    Args:
        data: A built-in set or a folder of images in classes, or a name of TensorFlow Datasets.
        data_dir: Where TensorFlow Datasets finds its files.
        image_size: Side in pixels: 64 or 128, or 4 or 7 times a power of two up to 32.
        channels: 1 for grey, 3 for colour; `None` for what the data have.
        batch_size: Images in a batch.
        epochs: Passes over the data.
        seed: Seeds weights, noise and order.
        limit: At most so many images in each split.
        latent_dim: Length of the latents; a multiple of 4 for 32 pixels, 5 for 64, 6 for 128.
        width: The paper's `ch`, 96 for ImageNet.
        shared_dim: Length of the shared embedding; `None` for tables of each normalisation's own.
        initializer: "orthogonal" or "normal".
        orthogonality: Weight of the generator's orthogonal regularisation.
        generator_rate: Its learning rate.
        discriminator_rate: And the discriminator's.
        discriminator_steps: Steps of the discriminator for each one of the generator.
        ema_momentum: Sample from a moving average of the generator's weights.
        ema_start: Steps of the generator before it averages.
        metrics: Metrics of samples, taken on the validation split while it trains.
        evaluate_every: Take them after each so many-th epoch.
        features: What the metrics compare in: `auto`, `classifier:<labelled data>`, ...
    """
    splits = kgen.datasets.load(
        data,
        data_dir=data_dir,
        image_size=image_size,
        channels=channels,
        batch_size=batch_size,
        layout="labelled",
        seed=seed,
        limit=limit,
    )
    model = kgen.models.BigGAN.build_default(
        splits.image_shape,
        splits.num_classes,
        latent_dim,
        width,
        shared_dim,
        initializer=initializer,
        regularizers=[kgen.losses.Orthogonality(orthogonality, player="generator")],
        discriminator_steps=discriminator_steps,
        ema_momentum=ema_momentum,
        ema_start=ema_start,
    )
    generator, discriminator = (
        TextbookAdam(rate, beta_1=0.0, beta_2=0.999, epsilon=1e-6)
        for rate in (generator_rate, discriminator_rate)
    )
    model.compile(generator_optimizer=generator, discriminator_optimizer=discriminator)
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
    channels=1,
    batch_size=8,
    epochs=1,
    limit=16,
    latent_dim=4,
    width=2,
    shared_dim=2,
    discriminator_steps=2,
    metrics=(),
)
