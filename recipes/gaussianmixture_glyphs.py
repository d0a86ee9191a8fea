"""GaussianMixture models the built-in glyphs at 16 x 16: the classical baseline.

Every epoch begins with ten steps of EM on all training images; its loss is the exact negative
log-density of the dequantised grey levels.

Command: kgen train gaussianmixture_glyphs
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
    image_size: int = 16,
    batch_size: int = 500,
    epochs: int = 10,
    seed: int = 0,
    limit: int | None = None,
    components: int = 40,
    covariance: str = "full",
    iterations: int = 10,
    metrics: tuple[str, ...] = ("fd",),
    evaluate_every: int = 5,
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
        components: How many Gaussians.
        covariance: "full" or "diagonal".
        iterations: Steps of EM before each epoch.
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
    model = kgen.models.GaussianMixture.build_default(
        splits.image_shape, components, covariance, iterations=iterations
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
    image_size=8,
    batch_size=8,
    epochs=1,
    limit=32,
    components=2,
    covariance="diagonal",
    metrics=(),
)
