"""BLEU from counts made once: by hand, and against sacrebleu counting everything itself."""

import math
import sys

import numpy as np
import pytest
from sacrebleu.metrics import BLEU

from kgen.errors import MetricError
from kgen.metrics.bleu import bleu, self_bleu


def drawn(n, rng, words=6, longest=9):
    return [tuple(rng.integers(words, size=rng.integers(1, longest))) for _ in range(n)]


def by_sacrebleu(sample, references, order):
    """One sentence, all references, without any of our own counting."""
    measure = BLEU(
        tokenize="none",
        force=True,
        smooth_method="floor",
        smooth_value=0.1,
        max_ngram_order=order,
        effective_order=True,
    )
    written = [" ".join(map(str, sentence)) for sentence in (sample, *references)]
    return measure.sentence_score(written[0], written[1:]).score / 100


def test_by_hand():
    """Three of four words and one of three pairs stand in a reference, which is a word longer."""
    value = bleu([("a", "b", "x", "c")], [("b", "c", "a", "b", "d")], [2])
    expected = math.exp(1 - 5 / 4) * math.sqrt(3 / 4 * 1 / 3)
    np.testing.assert_allclose(value, [[expected]], rtol=1e-12)


def test_counts_are_clipped_by_the_one_reference_that_has_most():
    """Of four a's one reference has two and another one: two count, not three."""
    value = bleu([("a",) * 4], [("a", "a", "b", "b"), ("a", "c", "c", "c")], [1])
    np.testing.assert_allclose(value, [[2 / 4]], rtol=1e-12)


def test_it_equals_sacrebleu_on_many_references():
    rng = np.random.default_rng(0)
    samples = drawn(30, rng)
    references = [each for each in drawn(150, rng) if len(each) in (3, 7)]  # 6 is nearer to 7
    ours = bleu(samples, references, [1, 2, 3, 4])
    theirs = [[by_sacrebleu(s, references, order) for order in (1, 2, 3, 4)] for s in samples]
    np.testing.assert_allclose(ours, theirs, rtol=1e-12)
    assert ours[:, 3].std() > 0.01


def test_self_bleu_leaves_out_the_sample_itself_and_nothing_else():
    rng = np.random.default_rng(1)
    samples = drawn(25, rng, words=4)
    samples += [samples[0], samples[1] * 2]  # twice the same, and one with twice the counts
    others = [samples[:i] + samples[i + 1 :] for i in range(len(samples))]
    ours = self_bleu(samples, [2, 4])
    theirs = [
        [by_sacrebleu(sample, rest, order) for order in (2, 4)]
        for sample, rest in zip(samples, others, strict=True)
    ]
    np.testing.assert_allclose(ours, theirs, rtol=1e-12)
    assert ours[0].tolist() == pytest.approx([1.0, 1.0]) and ours.min() < 0.9


def test_an_empty_sample_scores_nothing_and_a_short_one_by_what_it_has():
    references = [(1, 2, 3, 4)]
    assert bleu([()], references, [4]).tolist() == [[0.0]]
    np.testing.assert_allclose(bleu([(1,)], references, [4]), [[math.exp(1 - 4)]], rtol=1e-12)


def test_thousands_of_both_take_seconds():
    """In counts: 4,000 x 4,000 pairs of sentences are 16 million, their n-grams 100,000."""
    rng = np.random.default_rng(2)
    samples, references = drawn(4000, rng, words=500), drawn(4000, rng, words=500)
    assert bleu(samples, references, [4]).shape == (4000, 1)


def test_what_cannot_be_scored(monkeypatch):
    with pytest.raises(MetricError, match="there are none"):
        bleu([(1,)], [], [2])
    with pytest.raises(MetricError, match="at least two"):
        self_bleu([(1,)], [2])
    monkeypatch.setitem(sys.modules, "sacrebleu.metrics", None)
    with pytest.raises(MetricError, match=r"pip install 'kgen-keras\[text\]'"):
        bleu([(1,)], [(1,)], [2])
