"""`grammar`: sentences of S -> x | S + S | S - S | S * S | S / S, whose distribution is known.

The toy of Kusner & Hernández-Lobato, *GANs for Sequences of Discrete Elements with the
Gumbel-softmax Distribution*, 2016: sentences of at most 12 symbols, 5,000 to train on, what is
shorter filled up. Which weights its rules had is not said there; here every number of operators
that fits is equally likely, and so is every operator. A sentence has an odd number of symbols, so
11 is the longest of 12; there are 1 + 4 + ... + 4^5 = 1,365 sentences.
"""

import math

import numpy as np

from kgen.datasets import checks
from kgen.datasets.assembly import Request, assemble, chosen_layout
from kgen.datasets.splits import Splits
from kgen.datasets.strands import Memory
from kgen.datasets.tokens.text import END
from kgen.errors import DataError

LENGTH = 12  # by default
WORDS = (END, "x", "+", "-", "*", "/")
_OPERATORS = len(WORDS) - 2
_SIZES = {"train": 5000, "validation": 1000, "test": 1000}


def draw(n: int, generator: np.random.Generator, length: int = LENGTH) -> np.ndarray:
    """Sentences as tokens, int32 `(n, length)`.

    Example:

        >>> tokens = draw(3, np.random.default_rng(0), length=5)
        >>> ["".join(WORDS[t] for t in row if t) for row in tokens]
        ['x-x-x', 'x+x', 'x+x']
    """
    operators = generator.integers((length + 1) // 2, size=(n, 1))
    tokens = np.ones((n, length), np.int32)
    tokens[:, 1::2] = generator.integers(2, len(WORDS), size=(n, length // 2))
    return np.where(np.arange(length) < 2 * operators + 1, tokens, 0).astype(np.int32)


def is_sentence(tokens) -> np.ndarray:
    """Whether each row is a sentence of the grammar with nothing but its end behind it.

    Args:
        tokens: Whole numbers `(n, length)`, as `WORDS` numbers them.

    Returns:
        bool `(n,)`.

    Example:

        >>> is_sentence([[1, 2, 1, 0], [1, 2, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0]]).tolist()
        [True, False, False, False]
    """
    tokens = np.asarray(tokens)
    symbols = (tokens != 0).cumprod(axis=1).sum(axis=1)  # before the first end
    place = np.arange(tokens.shape[1])
    right = np.where(place % 2 == 0, tokens == 1, (tokens >= 2) & (tokens < len(WORDS)))
    right = np.where(place < symbols[:, None], right, tokens == 0)
    return right.all(axis=1) & (symbols % 2 == 1)


def entropy(length: int = LENGTH) -> float:
    """The entropy in nats a sentence: what no model's negative log-likelihood goes below.

    Example:

        >>> round(entropy(3), 4)  # x, or one of four: log 2 + log(4) / 2
        1.3863
    """
    most = (length + 1) // 2  # numbers of operators
    return math.log(most) + (most - 1) / 2 * math.log(_OPERATORS)


def load(request: Request) -> Splits:
    """The splits of `grammar`: drawn once from a fixed seed for each split."""
    checks.refuse_image_settings("grammar", "sentences", request)
    checks.refuse_text_settings("grammar", request)
    layout = chosen_layout(request.layout, "tokens", "grammar")
    length = request.length or LENGTH
    if length < 3:
        raise DataError(f"length={length}: the shortest sum has 3 symbols.")

    def strands(split: str) -> list[Memory]:
        generator = np.random.default_rng(list(_SIZES).index(split))
        return [Memory([draw(_SIZES[split], generator, length)[: request.limit]])]

    return assemble(
        "grammar",
        layout,
        strands,
        (length,),
        None,
        request.options,
        vocabulary=len(WORDS),
        words=WORDS,
    )
