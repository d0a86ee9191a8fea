"""Metrics taken from tokens, each a function of the case."""

from __future__ import annotations

import math

import numpy as np

from kgen.datasets.tokens.grammar import is_sentence
from kgen.metrics.bleu import FLOOR, bleu, self_bleu
from kgen.metrics.case import Case, Measure, Measured

#: The lengths of the longest n-grams that there are metrics of.
ORDERS = (2, 3, 4)


def sentences(tokens: np.ndarray, ended: bool) -> list[tuple[int, ...]]:
    """Rows of tokens as tuples; those that can end are cut before their first 0.

    Example:

        >>> sentences(np.array([[3, 2, 0], [0, 0, 0]]), ended=True)
        [(3, 2), ()]
    """
    rows = [tuple(row) for row in np.asarray(tokens).tolist()]
    return [row[: row.index(0)] if ended and 0 in row else row for row in rows]


def bleu_of(order: int) -> Measure:
    """Mean BLEU of the samples against the split."""

    def compute(case: Case) -> Measured:
        scores = case.once("bleu", lambda: bleu(*_both(case), ORDERS))[:, ORDERS.index(order)]
        return _mean(case, scores)

    return Measure(compute, real=("images",), fake=("images",), network=False)


def self_bleu_of(order: int) -> Measure:
    """Mean BLEU of each sample against the others, beside the same of as many real sentences."""

    def compute(case: Case) -> Measured:
        scores, real = case.once("self_bleu", lambda: _self_bleus(case))
        column = ORDERS.index(order)
        return _mean(case, scores[:, column], {"real": float(real[:, column].mean())})

    return Measure(compute, real=("images",), fake=("images",), network=False)


def _self_bleus(case: Case) -> tuple[np.ndarray, np.ndarray]:
    samples, real = _both(case)
    n = min(len(samples), len(real))  # more sentences have more in common
    return self_bleu(samples[:n], ORDERS), self_bleu(real[:n], ORDERS)


def _both(case: Case) -> tuple[list[tuple[int, ...]], list[tuple[int, ...]]]:
    ended = case.real.data.words is not None
    return sentences(case.fake.images, ended), sentences(case.real.side.images, ended)


def _mean(case: Case, scores: np.ndarray, details: dict[str, float] | None = None) -> Measured:
    return Measured(
        value=float(scores.mean()),
        deviation=float(scores.std() / math.sqrt(len(scores))),
        details=details or {},
        method=f"sentence BLEU, floor {FLOOR}, vocabulary {case.real.data.vocabulary}",
        n_fake=len(scores),
    )


def validity(case: Case) -> Measured:
    """The share of samples that are sentences of the grammar, and how many different ones."""
    valid = is_sentence(case.fake.images)
    share = float(valid.mean())
    distinct = len(np.unique(case.fake.images[valid], axis=0))
    error = math.sqrt(share * (1 - share) / len(valid))
    return Measured(value=share, deviation=error, details={"distinct": distinct})


def oracle_nll(case: Case) -> Measured:
    """The mean negative log-likelihood a token under the oracle, and the data's own beside it."""
    oracle, tokens = case.real.data.oracle, case.fake.images
    values = -oracle.log_prob(tokens).mean(axis=1, dtype=np.float64)  # of each sequence
    real = np.concatenate([tokens for tokens, _ in case.real.chunks()])
    return Measured(
        value=float(values.mean()),
        deviation=float(values.std() / math.sqrt(len(values))),
        details={"real": oracle.nll(real)},
        method=f"{tokens.shape[1]} tokens by {case.real.data.name}",
        n_fake=len(tokens),
    )
