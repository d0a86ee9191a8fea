"""DCGAN draws digits: MNIST at 28 x 28.

The paper's batches of 128 and its optimizers, the networks at a quarter of their width,
so that two CPU cores do with minutes.

Command: kgen train dcgan_mnist
Data:    mnist of TensorFlow Datasets (downloaded, or found by --data-dir); 54,000 train images
Time:    6 minutes on two CPU cores that did other work as well
Result:  seed 0, 10 epochs: most of the 64 images of the last grid read as digits, some are strokes
         between two; no score yet
"""

import kgen
from kgen.recipe import Run


def recipe(
    *,
    data: str = "mnist",
    data_dir: str | None = None,
    image_size: int = 28,
    batch_size: int = 128,
    epochs: int = 10,
    seed: int = 0,
    limit: int | None = None,
    latent_dim: int = 100,
    width: int = 32,
    metrics: tuple[str, ...] = ("fd", "precision", "recall"),
    evaluate_every: int = 2,
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
        metrics: Metrics of samples, taken on the validation split while it trains.
        evaluate_every: Take them after each so many-th epoch.
        features: What the metrics compare in: `auto`, `classifier:<labelled data>`, ...; by
            default a classifier of MNIST, and `auto` for other data.
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
    model = kgen.models.DCGAN.build_default(splits.image_shape, latent_dim, width)
    model.compile()
    return Run(
        model=model,
        data=splits,
        epochs=epochs,
        metrics=metrics,
        evaluate_every=evaluate_every,
        features=features or ("classifier:mnist" if data == "mnist" else "auto"),
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
