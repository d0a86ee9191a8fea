"""GumbelSoftmaxGAN learns a grammar: sums such as x+x*x, from sentences alone.

The toy of Kusner & Hernández-Lobato 2016. `validity` is the share of samples that are sentences;
`nll` can be compared with the entropy of the data, 5.26 nats a sentence. With `--set
straight_through=no --set temperature=5` the rows stay soft, from a temperature of 5 to 1.

Command: kgen train gumbelsoftmaxgan_grammar
Data:    built in (grammar)
Time:    6 minutes on 2 CPU cores that were busy with other work as well
Result:  test split, 1,000 fresh samples, one seed: all 1,000 are sentences after 20 epochs, and nll
         is 5.48 ± 0.07 nats a sentence; at its best by nll, after 13 epochs, 0.996 and 5.29 ± 0.07.
         From there on 86 to 432 of 1,000 samples are different ones, of the data some 360.
         Soft rows, from 5 to 1 in 10 epochs, end in one sentence alone: validity 1, nll 191.
"""

from typing import Literal

import kgen
from kgen.recipe import Run


def recipe(
    *,
    data: str = "grammar",
    length: int = 12,
    vocabulary: int | None = None,
    batch_size: int = 200,
    steps_per_epoch: int = 250,
    epochs: int = 20,
    seed: int = 0,
    limit: int | None = None,
    straight_through: bool = True,
    temperature: float = 1.0,
    last_temperature: float = 1.0,
    annealing: Literal["linear", "exponential"] = "linear",
    embedding_width: int = 32,
    width: int = 32,
    objective: str = "non_saturating",
    rate: float = 1e-3,
    metrics: tuple[str, ...] = ("nll", "validity"),
    evaluate_every: int = 1,
    evaluation_samples: int = 1000,
) -> Run:
    """The run.

    Args:
        data: `grammar`, or any text file with a sentence a line.
        length: Tokens of a sentence.
        vocabulary: Of a text, how many words are told apart; None for all.
        batch_size: Sentences in a batch.
        steps_per_epoch: Batches in an epoch.
        epochs: Epochs.
        seed: Seeds weights, noise and order.
        limit: At most so many sentences in each split.
        straight_through: Whether the discriminator sees one-hot rows, and not soft ones.
        temperature: Of the Gumbel-softmax in the first step.
        last_temperature: In the last step.
        annealing: How it gets there.
        embedding_width: Length of a token's vector.
        width: Length of the LSTM's state.
        objective: A key of kgen.losses.OBJECTIVES.
        rate: The learning rate of Adam, of both players.
        metrics: Metrics to take while it trains; of a text that is not the grammar, nll alone.
        evaluate_every: Take them after each so many-th epoch.
        evaluation_samples: How many samples to draw for them.
    """
    import keras

    from kgen.models.sequence.gumbelsoftmaxgan import annealed

    splits = kgen.datasets.load(
        data,
        length=length,
        vocabulary=vocabulary,
        batch_size=batch_size,
        steps_per_epoch=steps_per_epoch,
        seed=seed,
        limit=limit,
    )
    model = kgen.models.GumbelSoftmaxGAN.build_default(
        splits.vocabulary,
        length,
        embedding_width,
        width,
        temperature=annealed(temperature, last_temperature, epochs * steps_per_epoch, annealing),
        straight_through=straight_through,
        objective=objective,
        words=splits.words,
    )
    model.compile(
        generator_optimizer=keras.optimizers.Adam(rate),
        discriminator_optimizer=keras.optimizers.Adam(rate),
    )
    return Run(
        model=model,
        data=splits,
        epochs=epochs,
        metrics=metrics,
        evaluate_every=evaluate_every,
        evaluation_samples=evaluation_samples,
    )


SMOKE = dict(
    data="grammar",
    length=5,
    batch_size=8,
    steps_per_epoch=2,
    epochs=1,
    limit=24,
    embedding_width=4,
    width=4,
    metrics=("nll", "validity"),
)
