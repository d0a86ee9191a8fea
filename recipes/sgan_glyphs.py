"""SGAN learns letters from ten labels of each: the built-in glyphs at 28 x 28.

A-Z, a-z and 0-9 in eight DejaVu faces, jittered; 620 of the images keep their labels. Networks and
optimizers are the authors' for MNIST (Salimans et al. 2016). Validation and test show faces that
were never trained on, so errors there are higher than on new drawings of the same faces.

Command: kgen train sgan_glyphs
Data:    built in (glyphs/letters); 19,840 images, 620 of them with labels
Time:    not yet measured
Result:  not yet measured
"""

import itertools

import numpy as np

import kgen
from kgen.recipe import Run


def recipe(
    *,
    data: str = "glyphs/letters",
    data_dir: str | None = None,
    image_size: int = 28,
    batch_size: int = 100,
    epochs: int = 30,
    seed: int = 0,
    limit: int | None = None,
    labels_per_class: int = 10,
    latent_dim: int = 100,
    width: int = 1000,
    ema_momentum: float | None = 0.999,
) -> Run:
    """The run.

    Args:
        data: A built-in set, a folder of images in classes, or a name of TensorFlow Datasets.
        data_dir: Where TensorFlow Datasets finds its files.
        image_size: Side in pixels.
        batch_size: Images in a batch, of those with labels and of those without.
        epochs: Passes over the data.
        seed: Seeds weights, noise, order and the choice of the labels.
        limit: At most so many images in each split.
        labels_per_class: How many images of each class keep their label.
        latent_dim: Length of the latents.
        width: Of the discriminator's first layer; the others are in proportion.
        ema_momentum: Classify by a moving average of the discriminator's weights.
    """
    splits = kgen.datasets.load(
        data,
        data_dir=data_dir,
        image_size=image_size,
        batch_size=batch_size,
        seed=seed,
        limit=limit,
        labels_per_class=labels_per_class,
    )
    model = kgen.models.SGAN.build_default(
        splits.image_shape, splits.num_classes, latent_dim, width=width, ema_momentum=ema_momentum
    )
    batches = itertools.islice(splits.train, 5)
    model.initialize(np.concatenate([unlabelled for _, unlabelled in batches]))
    model.compile()
    return Run(model=model, data=splits, epochs=epochs, validate=True)


SMOKE = dict(
    data="glyphs/letters",
    image_size=14,
    batch_size=40,
    epochs=1,
    limit=800,
    labels_per_class=1,
    latent_dim=4,
    width=8,
)
