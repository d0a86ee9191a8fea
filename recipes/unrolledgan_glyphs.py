"""UnrolledGAN draws letters: the built-in glyphs at 16 x 16, five steps of the discriminator ahead.

A-Z, a-z and 0-9 in eight DejaVu faces, jittered. The dense tanh networks and the rates of the
authors' notebook, which has them for points of the plane, twice as wide.

Command: kgen train unrolledgan_glyphs
Data:    built in (glyphs/letters); 19,840 images
Time:    not yet measured
Result:  not yet measured
"""

import kgen
from kgen.recipe import Run


def recipe(
    *,
    data: str = "glyphs/letters",
    data_dir: str | None = None,
    image_size: int = 16,
    batch_size: int = 128,
    epochs: int = 20,
    seed: int = 0,
    limit: int | None = None,
    latent_dim: int = 100,
    width: int = 256,
    unroll_steps: int = 5,
    ema_momentum: float | None = 0.998,
) -> Run:
    """The run.

    Args:
        data: A built-in set, a folder of images, or a name of TensorFlow Datasets.
        data_dir: Where TensorFlow Datasets finds its files.
        image_size: Side in pixels.
        batch_size: Images in a batch.
        epochs: Passes over the data.
        seed: Seeds weights, noise and order.
        limit: At most so many images.
        latent_dim: Length of the latents.
        width: Of the hidden layers.
        unroll_steps: How many steps of the discriminator the generator looks ahead.
        ema_momentum: Sample from a moving average of the generator's weights.
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
    model = kgen.models.UnrolledGAN.build_default(
        splits.image_shape, latent_dim, width, unroll_steps=unroll_steps, ema_momentum=ema_momentum
    )
    model.compile()
    return Run(model=model, data=splits, epochs=epochs)


SMOKE = dict(
    data="glyphs/letters",
    image_size=8,
    batch_size=8,
    epochs=1,
    limit=32,
    latent_dim=4,
    width=4,
    unroll_steps=1,
)
