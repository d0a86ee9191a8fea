"""BiGAN-QP draws letters and finds their latents: the built-in glyphs at 64 x 64.

A-Z, a-z and 0-9 in eight DejaVu faces, jittered. The author's networks at a quarter of their width
and with 64 latents; two steps of the critic for each one of encoder and generator.

Command: kgen train biganqp_glyphs
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
    image_size: int = 64,
    batch_size: int = 64,
    epochs: int = 24,
    seed: int = 0,
    limit: int | None = None,
    latent_dim: int = 64,
    width: int = 16,
    hidden: int = 256,
    latent_guide: float = 2.0,
    image_guide: float = 3.0,
    ema_momentum: float | None = 0.998,
    metrics: tuple[str, ...] = ("fd", "precision", "recall", "psnr"),
    evaluate_every: int = 4,
    features: str | None = None,
) -> Run:
    """The run.

    Args:
        data: A built-in set, a folder of images, or a name of TensorFlow Datasets.
        data_dir: Where TensorFlow Datasets finds its files.
        image_size: Side in pixels: 4 or 7 times a power of two.
        batch_size: Images in a batch.
        epochs: Passes over the data.
        seed: Seeds weights, noise and order.
        limit: At most so many images.
        latent_dim: Length of the latents.
        width: Channels of the largest maps; 64 is the author's.
        hidden: Units of the critic's layers that see image and code; 1024 is the author's.
        latent_guide: Weight of the codes' error; 2 for 128 x 128 and 4 for 256 x 256.
        image_guide: Weight of the reconstructions' error; 3 and 6.
        ema_momentum: Sample and encode with moving averages of the weights.
        metrics: Metrics of samples and reconstructions, taken on the validation split while it
            trains.
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
    model = kgen.models.BiGANQP.build_default(
        splits.image_shape,
        latent_dim,
        width,
        hidden,
        latent_guide=latent_guide,
        image_guide=image_guide,
        ema_momentum=ema_momentum,
    )
    model.compile()
    return Run(
        model=model,
        data=splits,
        epochs=epochs,
        validate=True,
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
    hidden=16,
    metrics=("psnr",),
)
