"""PixelCNN learns the built-in glyphs, binarised anew each time they are seen.

With `--set channels=3 --set likelihood=categorical` it learns them in colour, all 256 levels of
each, red before green before blue.

Command: kgen train pixelcnn_glyphs
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
    channels: int | None = None,
    batch_size: int = 32,
    epochs: int = 5,
    seed: int = 0,
    limit: int | None = None,
    width: int = 16,
    blocks: int = 7,
    likelihood: str = "bernoulli",
    binarization: str = "dynamic",
    metrics: tuple[str, ...] = ("fd",),
    evaluate_every: int = 5,
    features: str | None = None,
) -> Run:
    """The run.

    Args:
        data: A built-in set, a folder of images, or a name of TensorFlow Datasets.
        data_dir: Where TensorFlow Datasets finds its files.
        image_size: Side in pixels.
        channels: 1 for grey, 3 for colour; `None` for what the data have.
        batch_size: Images in a batch.
        epochs: Passes over the data.
        seed: Seeds weights, noise and order.
        limit: At most so many images in each split.
        width: Channels inside the residual blocks.
        blocks: How many residual blocks.
        likelihood: "bernoulli" (binary pixels) or "categorical" (256 levels).
        binarization: "dynamic", "static" (once, by our own fixed draw) or "threshold".
        metrics: Metrics of samples, taken on the validation split while it trains.
        evaluate_every: Take them after each so many-th epoch.
        features: What the metrics compare in: `auto`, `classifier:<labelled data>`, ...; by
            default a classifier of the data for MNIST and Fashion-MNIST, and `auto` for others.
    """
    splits = kgen.datasets.load(
        data,
        data_dir=data_dir,
        image_size=image_size,
        channels=channels,
        batch_size=batch_size,
        layout="images",
        seed=seed,
        limit=limit,
    )
    model = kgen.models.PixelCNN.build_default(
        splits.image_shape,
        width=width,
        blocks=blocks,
        likelihood=likelihood,
        binarization=binarization,
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
        best="val_loss",
    )


SMOKE = dict(
    data="glyphs/letters",
    image_size=8,
    channels=3,
    batch_size=8,
    epochs=1,
    limit=16,
    width=4,
    blocks=1,
    likelihood="categorical",
    metrics=(),
)
