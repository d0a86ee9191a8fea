"""VAE learns MNIST, binarised dynamically: the one-layer model of Burda et al. 2016 with k = 1.

Two tanh layers of 200 on each side, 50 latents, Adam with epsilon 1e-4. The rate stays at 1e-3
here, where the paper lowers it in eight stages over 3,280 passes.

Command: kgen train vae_mnist
Data:    mnist of TensorFlow Datasets (downloaded, or found by --data-dir); 54,000 train,
         6,000 validation and 10,000 test images
Time:    4 minutes on two CPU cores that did other work as well
Result:  seed 0, 50 epochs, dynamic binarisation: test -ELBO 100.8 nats (78.5 reconstruction, 22.3
         KL). On the first 2,000 test images the bound of -log p(x) is 101.5 nats with k = 1, 95.5
         with k = 100 and 94.7 with k = 1,000. The published 86.8 took 3,280 epochs.
"""

import numpy as np

import kgen
from kgen.recipe import Run


def recipe(
    *,
    data: str = "mnist",
    data_dir: str | None = None,
    image_size: int = 28,
    batch_size: int = 100,
    epochs: int = 50,
    seed: int = 0,
    limit: int | None = None,
    latent_dim: int = 50,
    metrics: tuple[str, ...] = ("fd",),
    evaluate_every: int = 10,
    features: str | None = None,
) -> Run:
    """The run.

    Args:
        data: A built-in set, a folder of images, or a name of TensorFlow Datasets.
        data_dir: Where TensorFlow Datasets finds its files.
        image_size: Side in pixels.
        batch_size: Images in a batch.
        epochs: Passes over the data.
        seed: Seeds weights, noise and order.
        limit: At most so many images in each split.
        latent_dim: Length of the latents.
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
    mean_image = np.mean([images.numpy().mean(axis=0) for images in splits.train], axis=0)
    model = kgen.models.VAE.build_default(
        splits.image_shape, latent_dim, architecture="dense", mean_image=mean_image
    )
    model.compile()
    return Run(
        model=model,
        data=splits,
        epochs=epochs,
        validate=True,
        metrics=metrics,
        evaluate_every=evaluate_every,
        features=features or ("classifier:mnist" if data == "mnist" else "auto"),
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
