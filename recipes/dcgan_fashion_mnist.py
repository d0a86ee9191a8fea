"""DCGAN draws clothes: Fashion-MNIST at 28 x 28.

The paper's batches of 128 and its optimizers, the networks at a quarter of their width,
so that two CPU cores do with minutes. `--set ema_momentum=0.998` samples from a moving average.

Command: kgen train dcgan_fashion_mnist
Data:    fashion_mnist of TensorFlow Datasets (downloaded, or found by --data-dir); 54,000 train
         images
Time:    10 minutes on two CPU cores that did much other work as well
Result:  seed 0, 10 epochs, test split, 10,000 samples, in classifier(fashion_mnist, 28x28x1)
         [ef2fd7865d47]: fd 77.0, precision 0.66, recall 0.52; with ema_momentum=0.998 fd 85.1,
         0.66, 0.48. Most samples read as clothes; shoes and bags are often ragged
"""

import kgen
from kgen.recipe import Run


def recipe(
    *,
    data: str = "fashion_mnist",
    data_dir: str | None = None,
    image_size: int = 28,
    batch_size: int = 128,
    epochs: int = 10,
    seed: int = 0,
    limit: int | None = None,
    latent_dim: int = 100,
    width: int = 32,
    ema_momentum: float | None = None,
    metrics: tuple[str, ...] = ("fd", "precision", "recall"),
    evaluate_every: int = 1,
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
        width: Channels of the largest maps; 128 in the paper.
        ema_momentum: Sample from a moving average of the generator's weights.
        metrics: Metrics of samples, taken on the validation split while it trains.
        evaluate_every: Take them after each so many-th epoch.
        features: What the metrics compare in: `auto`, `classifier:<labelled data>`, ...; by
            default a classifier of Fashion-MNIST, and `auto` for other data.
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
        features=features or ("classifier:fashion_mnist" if data == "fashion_mnist" else "auto"),
    )


SMOKE = dict(
    data="glyphs/letters",
    image_size=14,
    batch_size=8,
    epochs=1,
    limit=32,
    width=4,
    metrics=("sliced_wasserstein",),
)
