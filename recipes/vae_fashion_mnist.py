"""VAE learns Fashion-MNIST at 28 x 28 with convolutions, to stand beside the DCGANs on it.

Grey levels are the probabilities of binary pixels, drawn anew each time an image is seen; samples
are shown as these probabilities.

Command: kgen train vae_fashion_mnist
Data:    fashion_mnist of TensorFlow Datasets (downloaded, or found by --data-dir); 54,000 train,
         6,000 validation and 10,000 test images
Time:    24 minutes on two CPU cores that did much other work as well
Result:  seed 0, 20 epochs, test split: -ELBO 235.7 nats (binarised dynamically), 0.434 bits a
         pixel; 10,000 samples in classifier(fashion_mnist, 28x28x1) [ef2fd7865d47]: fd 151.1,
         precision 0.65, recall 0.25. Samples read as clothes without folds or print
"""

import numpy as np

import kgen
from kgen.recipe import Run


def recipe(
    *,
    data: str = "fashion_mnist",
    data_dir: str | None = None,
    image_size: int = 28,
    batch_size: int = 128,
    epochs: int = 20,
    seed: int = 0,
    limit: int | None = None,
    latent_dim: int = 32,
    architecture: str = "conv",
    likelihood: str = "bernoulli",
    metrics: tuple[str, ...] = ("fd", "precision", "recall"),
    evaluate_every: int = 2,
    features: str | None = None,
) -> Run:
    """The run.

    Args:
        data: A built-in set, a folder of images, or a name of TensorFlow Datasets.
        data_dir: Where TensorFlow Datasets finds its files.
        image_size: Side in pixels; for "conv" 4 or 7 times a power of two.
        batch_size: Images in a batch.
        epochs: Passes over the data.
        seed: Seeds weights, noise and order.
        limit: At most so many images in each split.
        latent_dim: Length of the latents.
        architecture: "conv" or "dense".
        likelihood: "bernoulli" (binary pixels) or "gaussian" (grey levels).
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
    mean_image = np.mean([images.numpy().mean(axis=0) for images in splits.train], axis=0)
    model = kgen.models.VAE.build_default(
        splits.image_shape,
        latent_dim,
        architecture=architecture,
        likelihood=likelihood,
        mean_image=mean_image,
    )
    model.compile()
    return Run(
        model=model,
        data=splits,
        epochs=epochs,
        validate=True,
        metrics=metrics,
        evaluate_every=evaluate_every,
        features=features or ("classifier:fashion_mnist" if data == "fashion_mnist" else "auto"),
        best="val_loss",
    )


SMOKE = dict(
    data="glyphs/letters",
    image_size=14,
    batch_size=8,
    epochs=1,
    limit=32,
    latent_dim=4,
    metrics=(),
)
