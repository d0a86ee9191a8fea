"""SeqGAN learns to write sentences like those of a text file.

A sentence a line, such as captions. Epochs of maximum likelihood, then of the discriminator, then
rounds of one step of REINFORCE and some of the discriminator. `kgen sample RUN -n 20` writes new
sentences; `kgen evaluate RUN --metrics nll,bleu,self_bleu` measures them: samples that are all
alike have a high BLEU and a high self-BLEU.

Command: kgen train seqgan_text --data FILE.txt
Data:    a UTF-8 text with a sentence a line, `sentences.txt` unless --data names another
Time:    not yet measured
Result:  not yet measured
"""

from typing import Literal

import kgen
from kgen.recipe import Run


def recipe(
    *,
    data: str = "sentences.txt",
    length: int = 20,
    vocabulary: int | None = 5000,
    minimum_count: int = 1,
    too_long: Literal["drop", "cut"] = "drop",
    batch_size: int = 64,
    epochs: int = 120,
    seed: int = 0,
    limit: int | None = None,
    embedding_width: int = 32,
    width: int = 32,
    discriminator_embedding_width: int = 64,
    filters: tuple[tuple[int, int], ...] = tuple((width, 64) for width in (1, 2, 3, 4, 5, 8, 12)),
    generator_epochs: int = 80,
    discriminator_epochs: int = 10,
    round_discriminator_steps: int = 15,
    rollouts: int = 16,
    baseline: str | None = "position",
    pretraining_rate: float = 1e-2,
    generator_rate: float = 1e-3,
    discriminator_rate: float = 1e-4,
    metrics: tuple[str, ...] = ("bleu_2", "self_bleu_2"),
    evaluate_every: int = 5,
    evaluation_samples: int = 1000,
) -> Run:
    """The run.

    Args:
        data: A text file, a folder with train.txt, validation.txt and test.txt, or "grammar".
        length: Words of a sentence, at most.
        vocabulary: How many words are told apart; None for all.
        minimum_count: How often a word must occur to be told apart.
        too_long: Whether to drop longer sentences, or to cut them.
        batch_size: Sentences in a batch.
        epochs: Passes over the data, of all phases together.
        seed: Seeds weights, noise and order.
        limit: At most so many sentences in each split.
        embedding_width: Of the generator.
        width: Of the generator's LSTM.
        discriminator_embedding_width: Of the discriminator.
        filters: Pairs of width and number, of the discriminator.
        generator_epochs: Passes of maximum likelihood.
        discriminator_epochs: Passes of the discriminator alone.
        round_discriminator_steps: Steps of the discriminator in a round.
        rollouts: Completions of each prefix.
        baseline: None, "mean" or "position".
        pretraining_rate: Of the generator's Adam under maximum likelihood.
        generator_rate: Of its other Adam, for REINFORCE.
        discriminator_rate: Of the discriminator's Adam.
        metrics: What to measure on the way, beside the held-out nll; BLEU needs sacrebleu.
        evaluate_every: After how many epochs.
        evaluation_samples: How many samples to draw for it, and held-out sentences to compare with.
    """
    import keras

    splits = kgen.datasets.load(
        data,
        length=length,
        vocabulary=vocabulary,
        minimum_count=minimum_count,
        too_long=too_long,
        batch_size=batch_size,
        seed=seed,
        limit=limit,
    )
    steps = int(splits.train.cardinality())
    model = kgen.models.SeqGAN.build_default(
        splits.vocabulary,
        length,
        embedding_width,
        width,
        discriminator_embedding_width,
        filters,
        words=splits.words,
        generator_steps=generator_epochs * steps,
        discriminator_steps=discriminator_epochs * steps,
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
        best="val_nll",
    )


SMOKE = dict(
    data="grammar",
    length=4,
    vocabulary=None,
    batch_size=8,
    epochs=1,
    limit=24,
    embedding_width=4,
    width=4,
    discriminator_embedding_width=4,
    filters=((1, 2), (2, 2)),
    generator_epochs=0,
    discriminator_epochs=0,
    round_discriminator_steps=1,
    rollouts=2,
    metrics=("bleu_2",),
    evaluation_samples=16,
)
