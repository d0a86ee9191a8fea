"""IntroVAE learns the built-in glyphs at 32 x 32: an encoder that judges samples (Huang 2018).

The authors' residual networks at their smallest, and a margin and weights for images of this size.
The first five epochs are those of a plain VAE, as in their second recipe.

Command: kgen train introvae_glyphs
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
    batch_size: int = 64,
    epochs: int = 30,
    seed: int = 0,
    limit: int | None = None,
    latent_dim: int = 32,
    architecture: str = "residual",
    width: int = 16,
    margin: float = 40.0,
    alpha: float = 0.25,
    beta: float = 0.5,
    gamma: float = 0.5,
    vae_epochs: int = 5,
    metrics: tuple[str, ...] = ("fd",),
    evaluate_every: int = 5,
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
        architecture: "residual", "conv" or "dense".
        width: Channels of the largest map.
        margin: The energy in nats up to which the encoder pushes what is not real.
        alpha: The weight of the encoder's margins.
        beta: The weight of the reconstruction.
        gamma: The weight of the decoder's energies.
        vae_epochs: So many first epochs are those of a VAE.
        metrics: Metrics of samples, taken on the validation split while it trains.
        evaluate_every: Take them after each so many-th epoch.
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
    model = kgen.models.IntroVAE.build_default(
        splits.image_shape,
        latent_dim,
        architecture,
        width,
        margin=margin,
        alpha=alpha,
        beta=beta,
        gamma=gamma,
        vae_steps=vae_epochs * int(splits.train.cardinality()),
    )
    model.compile()
    return Run(
        model=model,
        data=splits,
        epochs=epochs,
        validate=True,
        metrics=metrics,
        evaluate_every=evaluate_every,
    )


SMOKE = dict(
    data="glyphs",
    image_size=16,
    batch_size=8,
    epochs=1,
    limit=32,
    latent_dim=4,
    width=2,
    metrics=(),
)
