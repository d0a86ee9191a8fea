"""Gated PixelCNN learns to draw a letter or digit of a given class.

62 classes, each in twelve faces, moved and turned a little; pixels are binarised anew each time
they are seen. `kgen sample <run> --label 10` draws one class.

Command: kgen train gatedpixelcnn_glyphs
Data:    built in (glyphs/letters)
Time:    not yet measured
Result:  not yet measured
"""

import kgen
from kgen.recipe import Run


def recipe(
    *,
    data: str = "glyphs/letters",
    data_dir: str | None = None,
    image_size: int = 32,
    channels: int | None = None,
    batch_size: int = 32,
    epochs: int = 50,
    seed: int = 0,
    limit: int | None = None,
    width: int = 24,
    blocks: int = 6,
    likelihood: str = "bernoulli",
    layout: str = "labelled",
    metrics: tuple[str, ...] = ("fd",),
    evaluate_every: int = 10,
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
        width: Channels of both stacks.
        blocks: 3x3 blocks after the first one of 7x7.
        likelihood: "bernoulli" (binary pixels) or "categorical" (256 levels).
        layout: "labelled" for a model of classes, "images" for one without.
        metrics: Metrics of samples, taken on the validation split while it trains.
        evaluate_every: Take them after each so many-th epoch.
    """
    splits = kgen.datasets.load(
        data,
        data_dir=data_dir,
        image_size=image_size,
        channels=channels,
        batch_size=batch_size,
        layout=layout,
        seed=seed,
        limit=limit,
    )
    model = kgen.models.GatedPixelCNN.build_default(
        splits.image_shape,
        width=width,
        blocks=blocks,
        classes=splits.num_classes if layout == "labelled" else None,
        likelihood=likelihood,
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
    blocks=1,
    metrics=(),
)
