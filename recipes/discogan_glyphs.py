"""DiscoGAN turns sans-serif characters into serif ones and back, without pairs.

The authors' losses, schedule of rates and networks, at the sizes of the other recipes for glyphs.
The authors' own are `--set image_size=64 --set batch_size=64 --set width=64 --set
curriculum_steps=10000`.

Command: kgen train discogan_glyphs
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
    batch_size: int = 16,
    epochs: int = 24,
    steps_per_epoch: int | None = 250,
    seed: int = 0,
    limit: int | None = None,
    flip: bool = False,
    width: int = 16,
    curriculum_steps: int = 3000,
) -> Run:
    """The run.

    Args:
        data: A built-in unpaired set, a folder with two sides, or a name of TensorFlow Datasets.
        data_dir: Where TensorFlow Datasets finds its files.
        image_size: Side in pixels; 64 in the paper.
        batch_size: Pairs of unrelated images in a batch; 64 in the authors' code.
        epochs: Passes of `steps_per_epoch`.
        steps_per_epoch: Batches in an epoch, `none` for a pass over the data; a third of them
            trains the discriminators.
        seed: Seeds weights, noise and order.
        limit: At most so many images of each side.
        flip: Whether to mirror training images at random.
        width: Channels of the first maps; 64 in the paper.
        curriculum_steps: When the reconstruction's share rises from 0.01 to 0.5; 10,000 in the
            authors' code.
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
    model = kgen.models.DiscoGAN.build_default(
        splits.image_shape, width=width, curriculum_steps=curriculum_steps
    )
    model.compile()
    return Run(model=model, data=splits, epochs=epochs)


SMOKE = dict(
    data="glyphs/sans2serif",
    image_size=16,
    batch_size=4,
    epochs=1,
    steps_per_epoch=4,
    limit=8,
    width=4,
)
