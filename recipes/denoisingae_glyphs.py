"""DenoisingAE gives clean glyphs back from corrupted ones (Vincent et al. 2008).

A quarter of the pixels is black; one layer of 1000 sigmoids, whose kernel also decodes. The last
picture of reconstructions is of clean held-out characters; `model.corrupt` shows what it trains on.

Command: kgen train denoisingae_glyphs
Data:    built in (glyphs)
Time:    not yet measured
Result:  not yet measured
"""

import kgen
from kgen.recipe import Run


def recipe(
    *,
    data: str = "glyphs",
    data_dir: str | None = None,
    image_size: int = 32,
    batch_size: int = 128,
    epochs: int = 20,
    seed: int = 0,
    limit: int | None = None,
    latent_dim: int = 1000,
    architecture: str = "sigmoid",
    corruption: str = "masking",
    level: float = 0.25,
) -> Run:
    """The run.

    Args:
        data: A built-in set, a folder of images, or a name of TensorFlow Datasets.
        data_dir: Where TensorFlow Datasets finds its files.
        image_size: Side in pixels; for "conv" 4 or 7 times a power of two.
        batch_size: Images in a batch.
        epochs: Passes over the data.
        seed: Seeds weights, noise and order.
        limit: At most so many images in each split.
        latent_dim: Length of the latents.
        architecture: "dense", "conv", "linear" or "sigmoid".
        corruption: "gaussian", "masking" or "salt_and_pepper".
        level: The deviation, or the share of the pixels.
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
    model = kgen.models.DenoisingAE.build_default(
        splits.image_shape, latent_dim, architecture, corruption=corruption, level=level
    )
    model.compile()
    return Run(
        model=model,
        data=splits,
        epochs=epochs,
        validate=True,
        best="val_loss",
    )


SMOKE = dict(
    data="glyphs",
    image_size=16,
    batch_size=8,
    epochs=1,
    limit=32,
    latent_dim=10,
)
