"""ALI draws letters and finds their latents, by a stochastic encoder: glyphs at 32 x 32.

A-Z, a-z and 0-9 in eight DejaVu faces, jittered. The paper's convolutions for CIFAR-10 at half of
their width.

Command: kgen train ali_glyphs
Data:    built in (glyphs/letters); 19,840 images
Time:    not yet measured
Result:  not yet measured
"""

import numpy as np

import kgen
from kgen.recipe import Run


def recipe(
    *,
    data: str = "glyphs/letters",
    data_dir: str | None = None,
    image_size: int = 32,
    batch_size: int = 100,
    epochs: int = 40,
    seed: int = 0,
    limit: int | None = None,
    latent_dim: int = 64,
    width: int = 16,
    ema_momentum: float | None = None,
    metrics: tuple[str, ...] = ("fd", "precision", "recall", "psnr"),
    evaluate_every: int = 10,
    features: str | None = None,
) -> Run:
    """The run.

    Args:
        data: A built-in set, a folder of images, or a name of TensorFlow Datasets.
        data_dir: Where TensorFlow Datasets finds its files.
        image_size: Side in pixels: 20, 24, 28, 32, ....
        batch_size: Images in a batch.
        epochs: Passes over the data.
        seed: Seeds weights, noise and order.
        limit: At most so many images.
        latent_dim: Length of the latents.
        width: Channels of the largest maps; 32 is the paper's.
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
    model = kgen.models.ALI.build_default(
        splits.image_shape,
        latent_dim,
        width,
        mean_image=np.mean([images.numpy().mean(axis=0) for images in splits.train], axis=0),
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
    image_size=20,
    batch_size=8,
    epochs=1,
    limit=32,
    latent_dim=4,
    width=2,
    metrics=("psnr",),
)
