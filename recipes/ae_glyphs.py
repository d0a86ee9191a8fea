"""AE gives the built-in glyphs back, and draws new ones from a mixture of Gaussians.

Convolutions, squared error; after each epoch ten Gaussians with full covariances are fitted to the
latents by EM, and samples are decoded draws of these.

Command: kgen train ae_glyphs
Data:    built in (glyphs)
Time:    not yet measured
Result:  not yet measured
"""

import kgen
from kgen.recipe import Run


def recipe(
    *,
    data: str = "glyphs",
    data_dir: str | None = None,
    image_size: int = 32,
    batch_size: int = 128,
    epochs: int = 20,
    seed: int = 0,
    limit: int | None = None,
    latent_dim: int = 32,
    architecture: str = "conv",
    tied: bool = False,
    distance: str = "squared",
    components: int = 10,
    covariance: str = "full",
    metrics: tuple[str, ...] = ("fd",),
    evaluate_every: int = 5,
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
        architecture: "dense", "conv", "linear" or "sigmoid".
        tied: Tie the two kernels of "linear" or "sigmoid".
        distance: "squared" or "cross_entropy".
        components: Gaussians of the prior.
        covariance: Of the Gaussians, "full" or "diagonal".
        metrics: Metrics of samples, taken on the validation split while it trains.
        evaluate_every: Take them after each so many-th epoch.
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
    model = kgen.models.AE.build_default(
        splits.image_shape,
        latent_dim,
        architecture,
        tied,
        distance=distance,
        prior={"components": components, "covariance": covariance},
    )
    model.compile()
    return Run(
        model=model,
        data=splits,
        epochs=epochs,
        validate=True,
        metrics=metrics,
        evaluate_every=evaluate_every,
        best="val_loss",
    )


SMOKE = dict(
    data="glyphs",
    image_size=16,
    batch_size=8,
    epochs=1,
    limit=32,
    latent_dim=4,
    components=2,
    metrics=(),
)
