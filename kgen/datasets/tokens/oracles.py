"""`oracle` and `oracle/published`: sequences drawn by a language model with random weights.

The task of Yu et al., *SeqGAN*, 2017, section 5: since the model that drew the data is known, the
likelihood that it gives to generated sequences says how good these are.
"""

import numpy as np

from kgen.datasets import checks
from kgen.datasets.assembly import Request, assemble, chosen_layout
from kgen.datasets.splits import Splits
from kgen.datasets.strands import Memory
from kgen.datasets.tokens.oracle import Oracle, published_oracle, random_oracle
from kgen.errors import DataError

NAMES = ("oracle", "oracle/published")
# 156 batches of 64 to train on, as the authors' code has it.
_SIZES = {"train": 9_984, "validation": 1_000, "test": 1_000}


def load(name: str, request: Request) -> Splits:
    """The splits of an oracle, each drawn from a fixed seed of its own.

    Args:
        name: `"oracle"`, 50 tokens and sequences of 8, or `"oracle/published"`, 5,000 tokens and
            sequences of 20, whose weights are read from `data_dir`
            (`kgen.datasets.tokens.oracle.published_oracle`).
        request: What `kgen.datasets.load` was asked for.

    Raises:
        DataError: If the published weights are not there, or for arguments that do not fit.
    """
    chosen_layout(request.layout, "tokens", name)
    checks.refuse_image_settings(name, "tokens", request)
    checks.refuse_text_settings(name, request)
    if name == "oracle":
        oracle, length = random_oracle(), 8
    else:
        oracle, length = published_oracle(request.data_dir), 20
    length = request.length or length
    strands = {split: [_drawn(oracle, split, length, request.limit)] for split in _SIZES}
    return assemble(
        name,
        "tokens",
        strands,
        (length,),
        None,
        request.options,
        vocabulary=oracle.vocabulary,
        oracle=oracle,
    )


def _drawn(oracle: Oracle, split: str, length: int, limit: int | None) -> Memory:
    generator = np.random.default_rng(list(_SIZES).index(split))
    n = _SIZES[split] if limit is None else min(limit, _SIZES[split])
    return Memory([oracle.draw(n, length, generator)])


def is_oracle(name: str) -> bool:
    """Whether a name is one of `NAMES`.

    Raises:
        DataError: If it only begins like one.

    Example:

        >>> is_oracle("oracle"), is_oracle("glyphs")
        (True, False)
    """
    if name.split("/")[0] == "oracle" and name not in NAMES:
        raise DataError(f"there is no {name}: choose from {', '.join(NAMES)}.")
    return name in NAMES
