"""SeqGAN imitates an LSTM with random weights: the built-in oracle, 50 tokens, sequences of 8.

The task of the paper, small: since the oracle that drew the data is known, `oracle_nll` says how
likely it finds what the generator draws, in nats a token. The data's own value stands beside it in
each score's details, as `real`. Three phases in one run: maximum likelihood, the discriminator
alone, then rounds of one step of REINFORCE and some of the discriminator.

Command: kgen train seqgan_oracle
Data:    built in (oracle); 9,984 sequences to train on
Time:    8 minutes on two CPU cores that had other work
Result:  oracle_nll 2.519 +- 0.009 at the end, of 10,000 samples; the test data's own is 2.24.
         By 2,000 samples 2.985 +- 0.021 after maximum likelihood, 2.549 at the end. Held-out data
         become less likely meanwhile: nll goes from 2.58 to 2.63 nats a token. One seed
"""

from typing import Literal

import kgen
from kgen.recipe import Run


def recipe(
    *,
    data: str = "oracle",
    data_dir: str | None = None,
    length: int | None = None,
    batch_size: int = 64,
    epochs: int = 60,
    seed: int = 0,
    limit: int | None = None,
    embedding_width: int = 32,
    width: int = 32,
    discriminator_embedding_width: int = 64,
    filters: tuple[tuple[int, int], ...] = tuple((width, 32) for width in range(1, 9)),
    generator_epochs: int = 20,
    discriminator_epochs: int = 10,
    round_generator_steps: int = 1,
    round_discriminator_steps: int = 5,
    rollouts: int = 16,
    baseline: Literal["mean", "position"] | None = "position",
    pretraining_rate: float = 1e-2,
    generator_rate: float = 2e-3,
    discriminator_rate: float = 1e-3,
    metrics: tuple[str, ...] = ("oracle_nll",),
    evaluate_every: int = 5,
    evaluation_samples: int = 2000,
) -> Run:
    """The run.

    Args:
        data: "oracle", "oracle/published", or other data of tokens.
        data_dir: Where the published oracle lies.
        length: Tokens of a sequence; None for as many as the data have.
        batch_size: Sequences in a batch.
        epochs: Passes over the data, of all phases together.
        seed: Seeds weights, noise and order.
        limit: At most so many sequences in each split.
        embedding_width: Of the generator.
        width: Of the generator's LSTM.
        discriminator_embedding_width: Of the discriminator.
        filters: Pairs of width and number, of the discriminator.
        generator_epochs: Passes of maximum likelihood.
        discriminator_epochs: Passes of the discriminator alone.
        round_generator_steps: Steps of REINFORCE in a round.
        round_discriminator_steps: Steps of the discriminator in a round.
        rollouts: Completions of each prefix.
        baseline: None, "mean" or "position".
        pretraining_rate: Of the generator's Adam under maximum likelihood.
        generator_rate: Of its other Adam, for REINFORCE.
        discriminator_rate: Of the discriminator's Adam.
        metrics: What to measure on the way.
        evaluate_every: After how many epochs.
        evaluation_samples: How many samples to draw for it.
    """
    import keras

    splits = kgen.datasets.load(
        data, data_dir=data_dir, length=length, batch_size=batch_size, seed=seed, limit=limit
    )
    steps = int(splits.train.cardinality())
    model = kgen.models.SeqGAN.build_default(
        splits.vocabulary,
        splits.image_shape[0],
        embedding_width,
        width,
        discriminator_embedding_width,
        filters,
        words=splits.words,
        generator_steps=generator_epochs * steps,
        discriminator_steps=discriminator_epochs * steps,
        round_generator_steps=round_generator_steps,
        round_discriminator_steps=round_discriminator_steps,
        rollouts=rollouts,
        baseline=baseline,
    )
    model.compile(
        pretraining_optimizer=keras.optimizers.Adam(pretraining_rate, global_clipnorm=5.0),
        generator_optimizer=keras.optimizers.Adam(generator_rate, global_clipnorm=5.0),
        discriminator_optimizer=keras.optimizers.Adam(discriminator_rate),
    )
    return Run(
        model=model,
        data=splits,
        epochs=epochs,
        validate=True,
        metrics=metrics,
        evaluate_every=evaluate_every,
        evaluation_samples=evaluation_samples,
    )


SMOKE = dict(
    data="oracle",
    data_dir=None,
    length=3,
    batch_size=8,
    epochs=2,
    limit=24,
    embedding_width=4,
    width=4,
    discriminator_embedding_width=4,
    filters=((1, 2), (2, 2)),
    generator_epochs=1,
    discriminator_epochs=0,
    round_discriminator_steps=1,
    rollouts=2,
    metrics=("oracle_nll",),
    evaluation_samples=16,
)
