"""CVAE-GAN draws a letter or digit of a given class, and can redraw one as another.

62 classes in eight DejaVu faces, jittered, at 32 x 32. DCGAN's networks at half of their width;
`kgen sample <run> --label 10` draws one class.

Command: kgen train cvaegan_glyphs
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
    image_size: int = 32,
    batch_size: int = 64,
    epochs: int = 20,
    seed: int = 0,
    limit: int | None = None,
    latent_dim: int = 64,
    width: int = 32,
    kl_weight: float = 3.0,
    pair_weight: float = 1.0,
    discriminator_weight: float = 1e-3,
    classifier_weight: float = 1e-3,
    ema_momentum: float | None = 0.998,
    metrics: tuple[str, ...] = ("fd", "precision", "recall"),
    evaluate_every: int = 4,
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
        limit: At most so many images.
        latent_dim: Length of the latents.
        width: Channels of the largest maps.
        kl_weight: The paper's lambda_1.
        pair_weight: lambda_2, of images and features in pairs.
        discriminator_weight: lambda_3, of the discriminator's mean features.
        classifier_weight: lambda_4, of the classifier's in each class.
        ema_momentum: Sample from a moving average of encoder and generator.
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
        layout="labelled",
        seed=seed,
        limit=limit,
    )
    model = kgen.models.CVAEGAN.build_default(
        splits.image_shape,
        splits.num_classes,
        latent_dim,
        width,
        kl_weight=kl_weight,
        pair_weight=pair_weight,
        discriminator_weight=discriminator_weight,
        classifier_weight=classifier_weight,
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
    epochs=1,
    limit=32,
    latent_dim=4,
    width=4,
    metrics=(),
)
