"""CVAE learns to draw a letter or digit of a given class: a VAE that is told the label.

62 classes, each in twelve faces, moved and turned a little; pixels are binarised anew each time
they are seen. `kgen sample <run> --label 10` draws one class.

Command: kgen train cvae_glyphs
Data:    built in (glyphs/letters)
Time:    not yet measured
Result:  not yet measured
"""

import kgen
from kgen.recipe import Run


def recipe(
    *,
    data: str = "glyphs/letters",
    data_dir: str | None = None,
    image_size: int = 32,
    batch_size: int = 100,
    epochs: int = 30,
    seed: int = 0,
    limit: int | None = None,
    latent_dim: int = 32,
    architecture: str = "conv",
    likelihood: str = "bernoulli",
    metrics: tuple[str, ...] = ("fd",),
    evaluate_every: int = 5,
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
        latent_dim: Length of the latents.
        architecture: "conv" or "dense".
        likelihood: "bernoulli" (binary pixels) or "gaussian" (grey levels or colours).
        metrics: Metrics of samples, taken on the validation split while it trains.
        evaluate_every: Take them after each so many-th epoch.
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
    model = kgen.models.CVAE.build_default(
        splits.image_shape,
        latent_dim,
        splits.num_classes,
        architecture=architecture,
        likelihood=likelihood,
    )
    model.compile()
    return Run(
        model=model,
        data=splits,
        epochs=epochs,
        validate=True,
        metrics=metrics,
        evaluate_every=evaluate_every,
        best="val_loss",
    )


SMOKE = dict(
    data="glyphs/letters",
    image_size=16,
    batch_size=8,
    epochs=1,
    limit=32,
    latent_dim=4,
    metrics=(),
)
