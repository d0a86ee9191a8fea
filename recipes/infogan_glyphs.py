"""InfoGAN finds the digits without being told of them: the built-in ones at 28 x 28.

0-9 in eight DejaVu faces, jittered; labels are left unread. One code of ten classes and two
continuous ones, the authors' networks for MNIST at half their width. `mutual_information` says how
much of the first, at most ln 10 = 2.30 nats, the images tell.

Command: kgen train infogan_glyphs
Data:    built in (glyphs/digits); 20,000 images
Time:    not yet measured
Result:  not yet measured
"""

import kgen
from kgen.recipe import Run


def recipe(
    *,
    data: str = "glyphs/digits",
    data_dir: str | None = None,
    image_size: int = 28,
    batch_size: int = 128,
    epochs: int = 30,
    seed: int = 0,
    limit: int | None = None,
    noise_dim: int = 62,
    width: int = 32,
    categorical: tuple[int, ...] = (10,),
    continuous: int = 2,
    categorical_weight: float = 1.0,
    continuous_weight: float = 1.0,
    learned_deviation: bool = False,
    ema_momentum: float | None = 0.998,
    metrics: tuple[str, ...] = ("fd", "recall", "mutual_information"),
    evaluate_every: int = 5,
    features: str | None = None,
) -> Run:
    """The run.

    Args:
        data: A built-in set, a folder of images, or a name of TensorFlow Datasets.
        data_dir: Where TensorFlow Datasets finds its files.
        image_size: Side in pixels; a multiple of 4.
        batch_size: Images in a batch.
        epochs: Passes over the data.
        seed: Seeds weights, noise and order.
        limit: At most so many images in each split.
        noise_dim: Length of the noise, without the codes.
        width: Channels of the largest hidden maps; 64 is theirs.
        categorical: How many classes each categorical code has.
        continuous: How many continuous codes there are.
        categorical_weight: Lambda of the categorical codes.
        continuous_weight: Lambda of the continuous ones.
        learned_deviation: Whether Q gives the deviations of the continuous codes too.
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
        layout="images",
        seed=seed,
        limit=limit,
    )
    model = kgen.models.InfoGAN.build_default(
        splits.image_shape,
        noise_dim,
        width,
        categorical=categorical,
        continuous=continuous,
        categorical_weight=categorical_weight,
        continuous_weight=continuous_weight,
        learned_deviation=learned_deviation,
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
    noise_dim=4,
    width=2,
    metrics=(),
)
