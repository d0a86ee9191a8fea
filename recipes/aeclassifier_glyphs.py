"""AEClassifier learns letters from ten labels of each: pre-trained as an autoencoder.

A-Z, a-z and 0-9 in eight DejaVu faces, jittered; 620 of the images keep their labels. Validation
and test show faces that were never trained on.

Command: kgen train aeclassifier_glyphs
Data:    built in (glyphs/letters); 19,840 images, 620 of them with labels
Time:    not yet measured
Result:  not yet measured
"""

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
    pretraining_epochs: int = 20,
    latent_dim: int = 64,
    architecture: str = "conv",
    corruption: str | None = "masking",
    level: float = 0.25,
) -> Run:
    """The run.

    Args:
        data: A built-in set or a folder of images in classes, or a name of TensorFlow Datasets.
        data_dir: Where TensorFlow Datasets finds its files.
        image_size: Side in pixels; for "conv" 4 or 7 times a power of two.
        batch_size: Images in a batch.
        epochs: Passes over the data.
        seed: Seeds weights, noise and order.
        limit: At most so many images in each split.
        labels_per_class: How many images of each class keep their label.
        pretraining_epochs: How many of the epochs go without labels.
        latent_dim: Length of the latents.
        architecture: "dense", "conv", "linear" or "sigmoid".
        corruption: Of the images in pre-training; see `kgen.models.DenoisingAE`.
        level: Of the corruption.
    """
    splits = kgen.datasets.load(
        data,
        data_dir=data_dir,
        image_size=image_size,
        batch_size=batch_size,
        labels_per_class=labels_per_class,
        seed=seed,
        limit=limit,
    )
    model = kgen.models.AEClassifier.build_default(
        splits.image_shape,
        splits.num_classes,
        latent_dim,
        architecture,
        pretraining_steps=pretraining_epochs * int(splits.train.cardinality()),
        corruption=corruption,
        level=level,
    )
    model.compile()
    return Run(
        model=model,
        data=splits,
        epochs=epochs,
        validate=True,
        best="val_classification_loss",
    )


SMOKE = dict(
    data="glyphs/letters",
    image_size=14,
    batch_size=20,
    epochs=2,
    limit=800,
    labels_per_class=1,
    pretraining_epochs=1,
    latent_dim=4,
)
