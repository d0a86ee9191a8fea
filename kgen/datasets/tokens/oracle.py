"""Oracles: language models with random weights, whose sequences have a known likelihood."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import numpy as np

from kgen.errors import DataError

#: Where the published oracle lies below a folder of data.
PUBLISHED = Path("seqgan") / "target_params.npz"
# Sequences that go through the oracle at once: a vocabulary of 5,000 then takes some 10 MB.
_BATCH = 500


@dataclasses.dataclass(frozen=True)
class Oracle:
    """An LSTM over tokens that begins with token 0 and the state zero.

    The gates' blocks are input, forget, output and content.

    Attributes:
        embedding: float32 (vocabulary, embedding width).
        kernel: (embedding width, 4 width).
        recurrent_kernel: (width, 4 width).
        bias: (4 width,).
        output_kernel: (width, vocabulary).
        output_bias: (vocabulary,).

    Raises:
        DataError: If the shapes do not go together.

    Example:

        >>> oracle = random_oracle(vocabulary=5, width=4, seed=0)
        >>> tokens = oracle.draw(3, 6, np.random.default_rng(0))
        >>> tokens.shape, oracle.log_prob(tokens).shape
        ((3, 6), (3, 6))
    """

    embedding: np.ndarray
    kernel: np.ndarray
    recurrent_kernel: np.ndarray
    bias: np.ndarray
    output_kernel: np.ndarray
    output_bias: np.ndarray

    def __post_init__(self):
        vocabulary, embedded = np.shape(self.embedding)
        width = len(self.recurrent_kernel)
        wanted = shapes(vocabulary, embedded, width)
        for name, shape in wanted.items():
            array = np.asarray(getattr(self, name), np.float32)
            if array.shape != shape:
                raise DataError(f"the oracle's {name} is {array.shape}, and {shape} is needed.")
            object.__setattr__(self, name, array)

    @property
    def vocabulary(self) -> int:
        """How many tokens there are."""
        return len(self.embedding)

    def draw(self, n: int, length: int, generator: np.random.Generator) -> np.ndarray:
        """`n` sequences, int32 (n, length)."""
        parts = []
        for start in range(0, n, _BATCH):
            count = min(_BATCH, n - start)
            uniforms = generator.random((count, length), np.float32)
            before, state, drawn = np.zeros(count, np.int32), self._begin(count), []
            for t in range(length):
                logits, state = self._step(before, state)
                ends = np.exp(logits - logits.max(axis=1, keepdims=True)).cumsum(axis=1)
                # Below 1, a number stays below the last end.
                before = (ends <= (uniforms[:, t] * ends[:, -1])[:, None]).sum(axis=1)
                drawn.append(before)
            parts.append(np.stack(drawn, axis=1).astype(np.int32))
        return np.concatenate(parts)

    def log_prob(self, tokens: np.ndarray) -> np.ndarray:
        """`log p(y_t | y_1 ... y_(t-1))` of each token in nats, float32 (n, length).

        Raises:
            DataError: If the tokens are not whole numbers of the vocabulary.
        """
        tokens = np.asarray(tokens)
        if tokens.ndim != 2 or not np.issubdtype(tokens.dtype, np.integer):
            raise DataError(f"tokens of shape {tokens.shape} and {tokens.dtype}: pass int (n, t).")
        if tokens.size and not 0 <= tokens.min() <= tokens.max() < self.vocabulary:
            raise DataError(
                f"tokens from {tokens.min()} to {tokens.max()}: this oracle has {self.vocabulary}."
            )
        parts = [self._scored(tokens[i : i + _BATCH]) for i in range(0, len(tokens), _BATCH)]
        return np.concatenate(parts) if parts else np.zeros(tokens.shape, np.float32)

    def _scored(self, tokens):
        before, state, scores = np.zeros(len(tokens), np.int32), self._begin(len(tokens)), []
        for t in range(tokens.shape[1]):
            logits, state = self._step(before, state)
            logits -= logits.max(axis=1, keepdims=True)
            before = tokens[:, t]
            scores.append(logits[np.arange(len(tokens)), before] - np.log(np.exp(logits).sum(1)))
        return np.stack(scores, axis=1)

    def nll(self, tokens: np.ndarray) -> float:
        """The mean of `-log p` over all tokens, in nats a token: the paper's `NLL_oracle`."""
        return -float(self.log_prob(tokens).mean(dtype=np.float64))

    def _begin(self, n):
        return tuple(np.zeros((n, len(self.recurrent_kernel)), np.float32) for _ in range(2))

    def _step(self, before, state):
        hidden, cell = state
        gates = self.embedding[before] @ self.kernel + hidden @ self.recurrent_kernel + self.bias
        inward, forget, outward, content = np.split(gates, 4, axis=1)
        cell = _sigmoid(forget) * cell + _sigmoid(inward) * np.tanh(content)
        hidden = _sigmoid(outward) * np.tanh(cell)
        return hidden @ self.output_kernel + self.output_bias, (hidden, cell)


def shapes(vocabulary: int, embedded: int, width: int) -> dict[str, tuple[int, ...]]:
    """The shape of each of an oracle's arrays."""
    return {
        "embedding": (vocabulary, embedded),
        "kernel": (embedded, 4 * width),
        "recurrent_kernel": (width, 4 * width),
        "bias": (4 * width,),
        "output_kernel": (width, vocabulary),
        "output_bias": (vocabulary,),
    }


def random_oracle(vocabulary: int = 50, width: int = 32, seed: int = 0) -> Oracle:
    """An oracle whose weights are all drawn from N(0, 1), as in Yu et al. 2017, section 5.1."""
    generator = np.random.default_rng(seed)
    arrays = shapes(vocabulary, width, width)
    return Oracle(**{name: generator.standard_normal(shape) for name, shape in arrays.items()})


def published_oracle(data_dir: str | os.PathLike | None) -> Oracle:
    """The oracle that the numbers of Yu et al. 2017 were measured with: 5,000 tokens, 32 units.

    The authors publish its parameters, 15 arrays, as a pickle. Here they are an `.npz` file of the
    same arrays in the same order: the embedding; for the input gate, the forget gate, the output
    gate and the content each the weights of the input, those of the state and the bias; the weights
    and the bias of the output.

    Args:
        data_dir: A folder that holds `seqgan/target_params.npz`, or that file itself.

    Raises:
        DataError: If there is no such file, or other arrays in it.
    """
    if data_dir is None:
        raise DataError(
            f"the published oracle is read from a file: pass data_dir, a folder with {PUBLISHED}."
        )
    path = Path(data_dir).expanduser()
    path = path if path.is_file() else path / PUBLISHED
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = [file[name] for name in sorted(file.files)]
    except FileNotFoundError:
        raise DataError(f"there is no {path}: put the oracle's 15 arrays there.") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read as an .npz file of arrays: {error}") from error
    if len(arrays) != 15:
        raise DataError(f"{path} holds {len(arrays)} arrays, and an oracle has 15.")
    gates = [arrays[1 + part : 13 : 3] for part in range(3)]
    try:
        kernel, recurrent_kernel, bias = (np.concatenate(each, axis=-1) for each in gates)
        return Oracle(arrays[0], kernel, recurrent_kernel, bias, arrays[13], arrays[14])
    except (DataError, ValueError) as error:
        raise DataError(f"{path} is no oracle: {error}") from error


def _sigmoid(x):
    return 0.5 * (1 + np.tanh(0.5 * x))
