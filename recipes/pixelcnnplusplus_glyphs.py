"""PixelCNN++ learns the built-in glyphs in colour, on all 256 levels.

Two resolutions of two blocks with 32 channels, where the paper has three of five with 160; and the
average of the weights is over some hundred steps, for a short run.

Command: kgen train pixelcnnplusplus_glyphs
Data:    built in (glyphs, painted in random hues)
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
    channels: int = 3,
    batch_size: int = 32,
    epochs: int = 5,
    seed: int = 0,
    limit: int | None = None,
    width: int = 32,
    blocks: int = 2,
    resolutions: int = 2,
    components: int = 5,
    dropout: float = 0.1,
    ema_momentum: float = 0.99,
    metrics: tuple[str, ...] = ("fd",),
    evaluate_every: int = 5,
) -> Run:
    """The run.

    Args:
        data: A built-in set, a folder of images, or a name of TensorFlow Datasets.
        data_dir: Where TensorFlow Datasets finds its files.
        image_size: Side in pixels.
        channels: 1 for grey, 3 for colour.
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
        channels=channels,
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
    components=2,
    metrics=(),
)
