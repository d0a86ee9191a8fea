"""CycleGAN turns horses into zebras and back: the paper's setting at 256 x 256.

Batches of one, nine residual blocks, 100 epochs at a rate of 2e-4 and 100 more towards zero,
training images mirrored at random. (The authors also enlarge to 286 pixels and crop at random.)

Command: kgen train cyclegan_horse2zebra
Data:    cycle_gan/horse2zebra of TensorFlow Datasets (downloaded, or found by --data-dir)
Time:    not yet measured; needs a GPU
Result:  not yet measured
"""

import kgen
from kgen.recipe import Run


def recipe(
    *,
    data: str = "cycle_gan/horse2zebra",
    data_dir: str | None = None,
    image_size: int = 256,
    batch_size: int = 1,
    epochs: int = 200,
    seed: int = 0,
    limit: int | None = None,
    width: int = 64,
    blocks: int = 9,
) -> Run:
    """The run.

    Args:
        data: A built-in unpaired set, a folder with two sides, or a name of TensorFlow Datasets.
        data_dir: Where TensorFlow Datasets finds its files.
        image_size: Side in pixels, a multiple of 4.
        batch_size: Pairs of unrelated images in a batch.
        epochs: Half at the full rate, half towards zero.
        seed: Seeds weights, noise and order.
        limit: At most so many images of each side.
        width: Channels of the first maps.
        blocks: Residual blocks of the generators.
    """
    splits = kgen.datasets.load(
        data,
        data_dir=data_dir,
        image_size=image_size,
        batch_size=batch_size,
        layout="unpaired",
        seed=seed,
        flip=True,
        limit=limit,
    )
    model = kgen.models.CycleGAN.build_default(splits.image_shape, blocks=blocks, width=width)
    model.compile(**model.decaying_optimizers(epochs * len(splits.train)))
    return Run(model=model, data=splits, epochs=epochs)


SMOKE = dict(
    data="glyphs/sans2serif", image_size=32, batch_size=1, epochs=1, limit=4, width=4, blocks=1
)
