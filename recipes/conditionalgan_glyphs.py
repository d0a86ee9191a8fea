"""cGAN draws the digit that it is asked for: the built-in digits, by convolutions.

0-9 in eight DejaVu faces, jittered, at 28 x 28. DCGAN's networks at a quarter of their width, with
the label beside every layer's input. `kgen sample <run> --label 7` draws one digit.

The paper's dense networks, `--set architecture=mlp --set width=400 --set batch_size=100`, drew one
image for each class here, after 50 epochs: all that differs within a class was lost.

Command: kgen train conditionalgan_glyphs
Data:    built in (glyphs/digits); 20,000 images
Time:    6.4 minutes of one CPU core
Result:  seed 0: of 10,000 samples 99.96 % are of the class asked for in the eyes of a classifier of
         real digits; within a class 1 - MS-SSIM is 0.436 (0.472 of real images) and the recall 0.63
         (0.76) (`python benchmarks/conditional.py --only cgan`); measured when the averaged
         generator still had the batch statistics of the trained one
"""

import kgen
from kgen.recipe import Run


def recipe(
    *,
    data: str = "glyphs/digits",
    data_dir: str | None = None,
    image_size: int = 28,
    batch_size: int = 64,
    epochs: int = 20,
    seed: int = 0,
    limit: int | None = None,
    latent_dim: int = 100,
    architecture: str = "dcgan",
    width: int = 32,
    ema_momentum: float | None = 0.998,
    metrics: tuple[str, ...] = ("fd", "label_accuracy", "recall"),
    evaluate_every: int = 5,
    features: str | None = None,
) -> Run:
    """The run.

    Args:
        data: A built-in set or a folder of images in classes, or a name of TensorFlow Datasets.
        data_dir: Where TensorFlow Datasets finds its files.
        image_size: Side in pixels; for "dcgan" 4, 6 or 7 times a power of two.
        batch_size: Images in a batch.
        epochs: Passes over the data.
        seed: Seeds weights, noise and order.
        limit: At most so many images in each split.
        latent_dim: Length of the latents.
        architecture: "mlp" or "dcgan".
        width: Units of the generator's joint layer, 1200 in the paper; or channels of the largest
            maps, 128 in DCGAN.
        ema_momentum: Sample from a moving average of the generator's weights.
        metrics: Metrics of samples, taken on the validation split while it trains.
        evaluate_every: Take them after each so many-th epoch.
        features: What the metrics compare in: `auto`, `classifier:<labelled data>`, ...; by
            default a classifier of the data for digits and clothes, and `auto` for others.
    """
    splits = kgen.datasets.load(
        data,
        data_dir=data_dir,
        image_size=image_size,
        batch_size=batch_size,
        layout="labelled",
        seed=seed,
        limit=limit,
    )
    model = kgen.models.ConditionalGAN.build_default(
        splits.image_shape,
        splits.num_classes,
        latent_dim,
        architecture,
        width,
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


SMOKE = dict(
    data="glyphs/digits",
    image_size=8,
    batch_size=8,
    epochs=1,
    limit=32,
    latent_dim=4,
    width=8,
    metrics=(),
)
