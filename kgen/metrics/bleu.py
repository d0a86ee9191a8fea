"""BLEU of samples: how much of each sentence stands in the references, or in the other samples.

Samples of a language model translate nothing, so that every reference counts for every sample
(Yu et al. 2017, section 5.2). Libraries count all references anew for each sample, which for
thousands of both takes hours; here they are counted once, and sacrebleu makes the score of the
counts. It was preferred to NLTK, which is as much alive but takes no counts.
"""

from __future__ import annotations

import collections
from collections.abc import Sequence

import numpy as np

from kgen.errors import MetricError

#: An order without any match counts as so many matches, as in the authors' code (method 1 of Chen
#: & Cherry 2014); a sentence too short for an order is judged by the shorter ones.
FLOOR = 0.1


def bleu(
    samples: Sequence[tuple], references: Sequence[tuple], orders: Sequence[int]
) -> np.ndarray:
    """The BLEU of each sample against all references.

    Args:
        samples: Sentences, each a tuple of words or of their numbers.
        references: Likewise.
        orders: For each score the length of its longest n-grams.

    Returns:
        float64 (n, orders), from 0 to 1.

    Raises:
        MetricError: If there are no references, or sacrebleu is not installed.

    Example:

        >>> samples = [("a", "b", "c"), ("c", "b")]
        >>> bleu(samples, [("a", "b", "c", "d"), ("c", "b")], [1, 2]).round(3).tolist()
        [[1.0, 1.0], [1.0, 1.0]]
    """
    return _scores(samples, _Counts(references, max(orders)), orders, own=False)


def self_bleu(samples: Sequence[tuple], orders: Sequence[int]) -> np.ndarray:
    """The BLEU of each sample against all others: 1 where all are alike (Zhu et al. 2018).

    Args:
        samples: See `bleu`.
        orders: See `bleu`.

    Returns:
        float64 (n, orders), from 0 to 1.

    Raises:
        MetricError: If there are fewer than two samples, or sacrebleu is not installed.

    Example:

        >>> self_bleu([("a", "b"), ("a", "b"), ("c", "d")], [2]).round(3).tolist()
        [[1.0], [1.0], [0.0]]
    """
    if len(samples) < 2:
        raise MetricError(f"self-BLEU of {len(samples)} samples: draw at least two.")
    return _scores(samples, _Counts(samples, max(orders)), orders, own=True)


class _Counts:
    """The n-grams of many sentences: the largest count of each in one, and without any one."""

    def __init__(self, sentences: Sequence[tuple], order: int):
        if not sentences:
            raise MetricError("BLEU needs sentences to compare with: there are none.")
        # Of each n-gram the largest count, how many sentences have it, and the next largest.
        self.most: dict[tuple, tuple[int, int, int]] = {}
        for sentence in sentences:
            for gram, count in _grams(sentence, order).items():
                first, having, second = self.most.get(gram, (0, 0, 0))
                if count > first:
                    self.most[gram] = count, 1, first
                elif count == first:
                    self.most[gram] = first, having + 1, second
                elif count > second:
                    self.most[gram] = first, having, count
        self.lengths = collections.Counter(map(len, sentences))

    def most_of(self, gram: tuple, own: int) -> int:
        """The largest count in one sentence, apart from one that has it `own` times."""
        first, having, second = self.most.get(gram, (0, 0, 0))
        return second if own == first and having == 1 else first

    def closest_length(self, length: int, own: bool) -> int:
        """The length next to one, the shorter of two."""
        there = [n for n, count in self.lengths.items() if count > (own and n == length)]
        return min(there, key=lambda n: (abs(n - length), n))


def _grams(sentence: tuple, order: int) -> collections.Counter:
    return collections.Counter(
        sentence[start : start + n]
        for n in range(1, order + 1)
        for start in range(len(sentence) - n + 1)
    )


def _scores(samples, counts: _Counts, orders: Sequence[int], own: bool) -> np.ndarray:
    try:
        from sacrebleu.metrics import BLEU
    except ImportError:
        raise MetricError("BLEU needs sacrebleu: pip install 'kgen-keras[text]'.") from None
    most = max(orders)
    scores = np.zeros((len(samples), len(orders)))
    for row, sample in enumerate(samples):
        correct, total = [0] * most, [0] * most
        for gram, count in _grams(sample, most).items():
            total[len(gram) - 1] += count
            correct[len(gram) - 1] += min(count, counts.most_of(gram, count if own else 0))
        reference = counts.closest_length(len(sample), own)
        for column, order in enumerate(orders):
            score = BLEU.compute_bleu(
                correct[:order],
                total[:order],
                len(sample),
                reference,
                smooth_method="floor",
                smooth_value=FLOOR,
                effective_order=True,
                max_ngram_order=order,
            )
            scores[row, column] = score.score / 100
    return scores
