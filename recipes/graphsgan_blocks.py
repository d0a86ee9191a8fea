"""GraphSGAN finds three clusters of a graph from five labels of each: the built-in blocks.

A stochastic block model of 300 nodes whose features alone do not tell its clusters apart. Losses,
optimizers and the shape of the networks are the authors' for citation graphs (Ding et al. 2018),
narrower here. The error on 150 test nodes is in the run's `summary.json` and on its page; the
nodes without labels are all nodes, as in the paper.

Command: kgen train graphsgan_blocks
Data:    built in (blocks); 300 nodes, 15 of them with labels, 60 validation and 150 test nodes
Time:    40 seconds on one CPU core
Result:  seed 0: no error on the 150 test nodes
"""

import kgen
from kgen.recipe import Run


def recipe(
    *,
    data: str = "blocks",
    data_dir: str | None = None,
    batch_size: int = 64,
    epochs: int = 20,
    steps_per_epoch: int = 100,
    seed: int = 0,
    limit: int | None = None,
    labels_per_class: int | None = None,
    latent_dim: int = 200,
    width: int = 100,
    ema_momentum: float | None = None,
) -> Run:
    """The run.

    Args:
        data: `blocks`, `planetoid/cora`, `planetoid/citeseer`, `planetoid/pubmed`, or an .npz file.
        data_dir: The folder with Planetoid's files.
        batch_size: Nodes in a batch, of those with labels and of those without.
        epochs: How often it is validated.
        steps_per_epoch: Steps before each of them.
        seed: Seeds weights, noise and order, and the choice of the labels where one is asked for.
        limit: At most so many nodes in each split.
        labels_per_class: Choose so many nodes of each class to keep their labels; `none` takes
            those of the data.
        latent_dim: Length of the latents.
        width: Of the first layers; the others are in proportion. 500 is the authors'.
        ema_momentum: Classify by a moving average of the discriminator's weights.
    """
    splits = kgen.datasets.load(
        data,
        data_dir=data_dir,
        batch_size=batch_size,
        steps_per_epoch=steps_per_epoch,
        seed=seed,
        limit=limit,
        labels_per_class=labels_per_class,
    )
    (row_size,) = splits.image_shape
    model = kgen.models.GraphSGAN.build_default(
        row_size, splits.num_classes, latent_dim, width, ema_momentum=ema_momentum
    )
    model.compile()
    return Run(model=model, data=splits, epochs=epochs, validate=True)


SMOKE = dict(
    data="blocks",
    batch_size=15,
    epochs=1,
    steps_per_epoch=3,
    limit=60,
    latent_dim=4,
    width=8,
)
