"""DualGAN turns sans-serif characters into serif ones and back, without pairs.

The paper's losses with clipped critics and three steps of them for each one of the U-Nets, in
smaller networks: the built-in glyphs need 32 pixels, not 256.

Command: kgen train dualgan_glyphs
Data:    built in (glyphs/sans2serif)
Time:    not yet measured
Result:  not yet measured
"""

import kgen
from kgen.recipe import Run


def recipe(
    *,
    data: str = "glyphs/sans2serif",
    data_dir: str | None = None,
    image_size: int = 32,
    batch_size: int = 4,
    epochs: int = 40,
    steps_per_epoch: int | None = 300,
    seed: int = 0,
    limit: int | None = None,
    flip: bool = False,
    width: int = 16,
    cycle_weight: float = 500.0,
    discriminator_steps: int = 3,
    penalty: bool = False,
) -> Run:
    """The run.

    Args:
        data: A built-in unpaired set, a folder with two sides, or a name of TensorFlow Datasets.
        data_dir: Where TensorFlow Datasets finds its files.
        image_size: Side in pixels, a power of two.
        batch_size: Pairs of unrelated images in a batch; 1 to 4 in the paper.
        epochs: Passes of `steps_per_epoch`.
        steps_per_epoch: Batches in an epoch, `none` for a pass over the data.
        seed: Seeds weights, noise and order.
        limit: At most so many images of each side.
        flip: Whether to mirror training images at random.
        width: Channels of the first maps; 64 in the paper.
        cycle_weight: 100 to 1000 in the paper.
        discriminator_steps: Steps of the critics for each one of the generators.
        penalty: A gradient penalty, as in the authors' code, for the paper's clipping.
    """
    splits = kgen.datasets.load(
        data,
        data_dir=data_dir,
        image_size=image_size,
        batch_size=batch_size,
        layout="unpaired",
        seed=seed,
        steps_per_epoch=steps_per_epoch,
        limit=limit,
        flip=flip,
    )
    model = kgen.models.DualGAN.build_default(
        splits.image_shape,
        width=width,
        downsamplings=2,
        cycle_weight=cycle_weight,
        discriminator_steps=discriminator_steps,
        regularizers=["gradient_penalty"] if penalty else None,
    )
    model.compile()
    return Run(model=model, data=splits, epochs=epochs)


SMOKE = dict(
    data="glyphs/sans2serif",
    image_size=16,
    batch_size=2,
    epochs=1,
    steps_per_epoch=3,
    limit=8,
    width=4,
)
