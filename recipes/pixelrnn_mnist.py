"""PixelRNN learns MNIST, binarised dynamically, with two layers of Diagonal BiLSTM.

The paper has seven layers and 79.20 nats, on a fixed binarisation.

Command: kgen train pixelrnn_mnist
Data:    mnist of TensorFlow Datasets (downloaded, or found by --data-dir); 54,000 train,
         6,000 validation and 10,000 test images
Time:    not yet measured
Result:  not yet measured
"""

import kgen
from kgen.recipe import Run


def recipe(
    *,
    data: str = "mnist",
    data_dir: str | None = None,
    image_size: int = 28,
    batch_size: int = 64,
    epochs: int = 3,
    seed: int = 0,
    limit: int | None = None,
    recurrence: str = "diagonal",
    width: int = 16,
    blocks: int = 2,
    metrics: tuple[str, ...] = ("fd",),
    evaluate_every: int = 5,
    features: str = "classifier:mnist",
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
        recurrence: "row" or "diagonal".
        width: Units of each LSTM.
        blocks: LSTM layers.
        metrics: Metrics of samples, taken on the validation split while it trains.
        evaluate_every: Take them after each so many-th epoch.
        features: What the metrics compare in: `auto`, `classifier:<labelled data>`, ...
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
    model = kgen.models.PixelRNN.build_default(
        splits.image_shape, recurrence=recurrence, width=width, blocks=blocks
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
    batch_size=8,
    epochs=1,
    limit=16,
    width=4,
    blocks=1,
    metrics=(),
    features="auto",
)
