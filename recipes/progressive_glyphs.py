"""Progressive growing draws letters: from 8 x 8 to 64 x 64 pixels in one training.

A-Z, a-z and 0-9 in eight DejaVu faces, jittered, drawn at 64 pixels and pooled down by the model.
Four resolutions, each faded in and then trained for as long as the first one; the paper's networks
at an eighth of their width. The lengths are ours: 600,000 images each in the paper.

Command: kgen train progressive_glyphs
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
    image_size: int = 64,
    batch_size: int = 16,
    epochs: int = 14,
    steps_per_epoch: int | None = 600,
    seed: int = 0,
    limit: int | None = None,
    first_side: int | None = 8,
    stable_steps: int = 1200,
    fade_steps: int = 1200,
    latent_dim: int = 64,
    width: int = 64,
    group_size: int | None = 4,
    flip: bool = False,
    ema_momentum: float | None = 0.999,
    metrics: tuple[str, ...] = ("fd", "precision", "recall"),
    evaluate_every: int = 2,
    features: str | None = None,
) -> Run:
    """The run.

    Args:
        data: A built-in set, a folder of images, or a name of TensorFlow Datasets.
        data_dir: Where TensorFlow Datasets finds its files.
        image_size: Final side in pixels: 4 or 7 times a power of two.
        batch_size: Images in a batch, at every resolution.
        epochs: How many times so many steps.
        steps_per_epoch: Length of an epoch; `none` for a pass over the data.
        seed: Seeds weights, noise and order.
        limit: At most so many images.
        first_side: Of the first images; `none` for the smallest, 4 or 7.
        stable_steps: How long each resolution is trained alone.
        fade_steps: How long each but the first one fades in.
        latent_dim: Length of the latents; 512 in the paper.
        width: Channels of maps up to side 32; 512 in the paper.
        group_size: Images over which the standard deviation of a minibatch is taken; `none` for
            all, as in the paper.
        flip: Mirror training images at random.
        ema_momentum: Sample from a moving average of the generator's weights.
        metrics: Metrics of samples, taken on the validation split while it trains.
        evaluate_every: Take them after each so many-th epoch.
        features: What the metrics compare in: `auto`, `classifier:<labelled data>`, ...; by
            default a classifier of the data for MNIST and Fashion-MNIST, and `auto` for others.
    """
    splits = kgen.datasets.load(
        data,
        data_dir=data_dir,
        image_size=image_size,
        batch_size=batch_size,
        layout="images",
        seed=seed,
        limit=limit,
        steps_per_epoch=steps_per_epoch,
        flip=flip,
    )
    model = kgen.models.ProgressiveGAN.build_default(
        splits.image_shape,
        latent_dim,
        width,
        first_side=first_side,
        group_size=group_size,
        stable_steps=stable_steps,
        fade_steps=fade_steps,
        ema_momentum=ema_momentum,
    )
    model.compile()
    return Run(
        model=model,
        data=splits,
        epochs=epochs,
        metrics=metrics,
        evaluate_every=evaluate_every,
        features=features,
    )


# One resolution: to trace a second one takes longer than all else in a run of seconds.
SMOKE = dict(
    data="glyphs/letters",
    image_size=8,
    batch_size=8,
    epochs=2,
    steps_per_epoch=2,
    limit=32,
    first_side=8,
    latent_dim=4,
    width=4,
    metrics=(),
)
