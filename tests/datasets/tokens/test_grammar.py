"""The built-in grammar: its sentences by an independent check, and its distribution."""

import re

import numpy as np
import pytest

from kgen.datasets import load
from kgen.datasets.tokens import grammar
from kgen.errors import DataError


def texts(tokens):
    return ["".join(grammar.WORDS[t] if t else " " for t in row) for row in tokens]


def test_its_sentences_are_those_of_a_pattern_written_differently():
    """On all kinds of rows: drawn, and drawn with one symbol changed."""
    rng = np.random.default_rng(0)
    tokens = grammar.draw(500, rng)
    spoiled = tokens.copy()
    spoiled[np.arange(500), rng.integers(12, size=500)] = rng.integers(7, size=500)
    tokens = np.concatenate([tokens, spoiled])
    words = [*grammar.WORDS, "?"]  # 6 is no symbol
    written = ["".join(words[t] if t else " " for t in row) for row in tokens]
    expected = [bool(re.fullmatch(r"x([-+*/]x)* *", line)) for line in written]
    assert grammar.is_sentence(tokens).tolist() == expected
    assert all(expected[:500]) and 20 < sum(expected[500:]) < 300


def test_it_is_as_likely_as_it_says():
    """Each number of operators 1/6, within four standard errors of 60,000 draws."""
    tokens = grammar.draw(60_000, np.random.default_rng(1))
    operators = (tokens > 1).sum(axis=1)
    shares = np.bincount(operators) / 60_000
    assert np.abs(shares - 1 / 6).max() < 4 * np.sqrt(5 / 36 / 60_000)
    one = np.array(texts(tokens[operators == 1]))
    _, counts = np.unique(one, return_counts=True)
    assert len(counts) == 4
    assert np.abs(counts / len(one) - 1 / 4).max() < 4 * np.sqrt(3 / 16 / len(one))
    surprise = np.log(6) + operators * np.log(4)  # -log p of each sentence
    assert abs(surprise.mean() - grammar.entropy()) < 4 * surprise.std() / np.sqrt(60_000)


def test_it_loads_as_tokens():
    data = load("grammar", batch_size=100)
    assert data.layout == "tokens" and data.image_shape == (12,) and data.vocabulary == 6
    assert data.sizes == {"train": 5000, "validation": 1000, "test": 1000}
    for split in ("train", "validation", "test"):
        batch = next(iter(getattr(data, split))).numpy()
        assert batch.dtype == np.int32 and grammar.is_sentence(batch).all()
    short = load("grammar", length=5, limit=20, batch_size=4)
    assert short.image_shape == (5,) and short.sizes["test"] == 20


def test_it_refuses_what_it_is_not():
    with pytest.raises(DataError, match="grammar is sentences and no image: leave flip=True"):
        load("grammar", flip=True)
    with pytest.raises(DataError, match="the shortest sum has 3 symbols"):
        load("grammar", length=2)
    with pytest.raises(DataError, match="cannot be loaded as 'images'"):
        load("grammar", layout="images")
