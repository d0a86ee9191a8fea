"""CycleGAN turns sans-serif characters into serif ones and back, without pairs.

The paper's losses, pool and schedule (a constant rate for half of the epochs, then a straight line
to zero) with smaller networks: the built-in glyphs need 32 pixels, not 256.

Command: kgen train cyclegan_glyphs
Data:    built in (glyphs/sans2serif)
Time:    5 minutes on two CPU cores that did other work as well
Result:  seed 0, 20 epochs of 200 steps: held-out characters gain serifs and contrast of stroke one
         way and lose both the other way (see I, H, A, N); thin serifs sometimes stay. Mean cycle
         error 0.026 a side on the scale [-1, 1], in training; no score yet
"""

import kgen
from kgen.recipe import Run


def recipe(
    *,
    data: str = "glyphs/sans2serif",
    data_dir: str | None = None,
    image_size: int = 32,
    batch_size: int = 4,
    epochs: int = 20,
    steps_per_epoch: int | None = 200,
    seed: int = 0,
    limit: int | None = None,
    flip: bool = False,
    jitter: int = 0,
    width: int = 16,
    blocks: int = 3,
    identity_weight: float = 0.5,
) -> Run:
    """The run.

    Args:
        data: A built-in unpaired set, a folder with two sides, or a name of TensorFlow Datasets.
        data_dir: Where TensorFlow Datasets finds its files.
        image_size: Side in pixels, a multiple of 4.
        batch_size: Pairs of unrelated images in a batch; 1 in the paper.
        epochs: Half at the full rate, half towards zero.
        steps_per_epoch: Batches in an epoch, `none` for a pass over the data.
        seed: Seeds weights, noise and order.
        limit: At most so many images of each side.
        flip: Whether to mirror training images at random.
        jitter: How many pixels larger training images are before they are cut at a random place.
        width: Channels of the first maps; 64 in the paper.
        blocks: Residual blocks of the generators; 6 or 9 in the paper.
        identity_weight: How much an image of the target side should stay as it is.
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
        jitter=jitter,
    )
    model = kgen.models.CycleGAN.build_default(
        splits.image_shape,
        blocks=blocks,
        width=width,
        downsamplings=2,
        identity_weight=identity_weight,
    )
    model.compile(**model.decaying_optimizers(epochs * len(splits.train)))
    return Run(model=model, data=splits, epochs=epochs)


SMOKE = dict(
    data="glyphs/sans2serif",
    image_size=16,
    batch_size=2,
    epochs=1,
    steps_per_epoch=4,
    limit=8,
    jitter=2,
    width=4,
    blocks=1,
)
