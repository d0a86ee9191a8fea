"""PixelCNN++ on CIFAR-10 as published: 2.92 bits a dimension (Salimans et al. 2017).

Three resolutions of five blocks with 160 channels, ten logistics, batches of 128 in all. The
authors report 3.0 bits a dimension after ten hours on eight GPUs, and five days to the end.

Command: kgen train pixelcnnplusplus_cifar10
Data:    cifar10 of TensorFlow Datasets (downloaded, or found by --data-dir)
Time:    needs a GPU
Result:  not yet measured: not run
"""

import kgen
from kgen.recipe import Run


def recipe(
    *,
    data: str = "cifar10",
    data_dir: str | None = None,
    image_size: int = 32,
    batch_size: int = 128,
    epochs: int = 1000,
    seed: int = 0,
    limit: int | None = None,
    width: int = 160,
    blocks: int = 5,
    resolutions: int = 3,
    components: int = 10,
    dropout: float = 0.5,
    ema_momentum: float = 0.9995,
    metrics: tuple[str, ...] = ("fd",),
    evaluate_every: int = 50,
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
        width: Channels of both streams.
        blocks: Gated blocks at each resolution on the way down.
        resolutions: How many, each half the one before.
        components: Of the mixture of logistics.
        dropout: In each block.
        ema_momentum: Of the averaged weights that sample and evaluate.
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
    model = kgen.models.PixelCNNPlusPlus.build_default(
        splits.image_shape,
        width=width,
        blocks=blocks,
        resolutions=resolutions,
        components=components,
        dropout=dropout,
        first_images=next(iter(splits.train)),
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
        best="val_loss",
    )


SMOKE = dict(
    data="glyphs/letters",
    image_size=8,
    batch_size=8,
    epochs=1,
    limit=16,
    width=4,
    blocks=0,
    resolutions=2,
    components=2,
    metrics=(),
)
