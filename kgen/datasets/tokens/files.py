"""Text files: a sentence a line, in one file or in one for each split.

A file is read anew for each of its purposes (lengths, counts, numbers), so that memory holds the
tokens, four bytes each, and the vocabulary, but never the text.
"""

import array
import heapq
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from kgen.datasets import checks, pictures, strands
from kgen.datasets.assembly import Request, assemble
from kgen.datasets.folder_layout import SPLIT_NAMES, holds
from kgen.datasets.sound import sounds
from kgen.datasets.splits import SPLITS, Splits, place, split_of
from kgen.datasets.tokens import text
from kgen.errors import DataError

#: What is done with sentences that are longer than `length` words.
TOO_LONG = ("drop", "cut")


def is_text(path: Path, layout: str | None) -> bool:
    """Whether a path is to be read as text: a file, or a folder of one for each split."""
    if path.is_file():
        return layout == "text" or bool(path.suffix)  # or it is a name that a file has as well
    if not path.is_dir() or layout not in (None, "text", "tokens"):
        return False
    others = (*pictures.SUFFIXES, *sounds.SUFFIXES)  # beside which a train.txt may be a list
    return layout == "text" or (bool(_of_splits(path)) and not holds(path, others))


def load(path: Path, request: Request) -> Splits:
    """Loads sentences.

    Of one file a hash of the sentence says the split, so that equal ones share it; of a folder,
    `train.txt`, `validation.txt` and `test.txt` do. Where one of the latter two is missing, it is
    taken out of the training file in the same way.

    Raises:
        DataError: If there are no sentences, or the settings leave none.
    """
    name = str(path)
    checks.refuse_image_settings(name, "text", request)
    if request.layout not in (None, "text", "tokens"):
        raise DataError(f"{name} is text: layout={request.layout!r} is for images and sounds.")
    if request.too_long not in TOO_LONG:
        raise DataError(f"too_long={request.too_long!r}: choose from {', '.join(TOO_LONG)}.")
    source = _Source(path, request)
    length = source.length
    counts, far = Counter(), source.thresholds()
    for split, words in source.sentences(far):
        if split == "train":
            counts.update(words)
    if not counts:
        raise DataError(f"{name} has no sentences to train on: it is empty, or they are too long.")
    words = text.vocabulary_of(counts, request.vocabulary, request.minimum_count)
    index = {word: number for number, word in enumerate(words)}
    tokens = {split: array.array("i") for split in SPLITS}
    for split, sentence in source.sentences(far):
        tokens[split].extend(text.numbers_of(sentence, index, length))

    def strand(split: str) -> list[strands.Memory]:
        rows = np.frombuffer(tokens[split], np.int32).reshape(-1, length)[: request.limit]
        return [strands.Memory([rows])]

    return assemble(
        name,
        "tokens",
        strand,
        (length,),
        None,
        request.options,
        vocabulary=len(words),
        words=words,
    )


class _Source:
    """The sentences of a path, with the split of each; of the too long ones a warning tells."""

    def __init__(self, path: Path, request: Request):
        self.request = request
        self.shares = {"validation": request.validation, "test": request.test}
        self.files = {"train": path}
        if path.is_dir():
            self.files = _of_splits(path)
            if "train" not in self.files:
                raise DataError(
                    f"{path} has no train.txt: name the files train.txt, validation.txt and "
                    "test.txt, or pass one file."
                )
            self.shares |= {split: 0.0 for split in self.shares if split in self.files}
        longest = count = long = 0
        for split, file in self.files.items():
            of_this = 0
            for words in text.sentences(file):
                of_this += 1
                longest = max(longest, len(words))
                long += request.length is not None and len(words) > request.length
            if not of_this:
                raise DataError(f"{file}, the {split} data, is empty: write a sentence a line.")
            count += of_this
        self.length = request.length or longest
        held = min(count, len(SPLITS) * (request.limit or count))
        if held * self.length * 4 > strands.IN_MEMORY:
            raise DataError(
                f"{count:,} sentences of {self.length} words, the longest in {path}, do not fit "
                "into memory: pass a length or a limit."
            )
        if long:
            done, other = ("left out", "cut' keeps their beginnings")
            if request.too_long == "cut":
                done, other = "cut", "drop' leaves them out"
            warnings.warn(
                f"{long:,} of {count:,} sentences of {path} have more than length={self.length} "
                f"words and were {done}; too_long='{other}.",
                stacklevel=4,
            )

    def sentences(self, far: dict[str, float]) -> Iterator[tuple[str, list[str]]]:
        """The split and the words of each sentence whose place is at most as far as its split's."""
        for split, words, key in self._all():
            if far[split] >= 1 or place(key) <= far[split]:
                yield split, words

    def thresholds(self) -> dict[str, float]:
        """How far a sentence's hash may lie for each split; under a limit it chooses them."""
        if self.request.limit is None:
            return dict.fromkeys(SPLITS, 1.0)
        places = {split: [] for split in SPLITS}
        for split, _, key in self._all():
            heap, item = places[split], -place(key)
            if len(heap) < self.request.limit:
                heapq.heappush(heap, item)
            else:
                heapq.heappushpop(heap, item)
        return {split: -heap[0] if heap else 1.0 for split, heap in places.items()}

    def _all(self) -> Iterator[tuple[str, list[str], str]]:
        for split, file in self.files.items():
            for words in text.sentences(file):
                if len(words) > self.length and self.request.too_long == "drop":
                    continue
                words = words[: self.length]
                key = " ".join(words)
                yield (split_of(key, **self.shares) if split == "train" else split), words, key


def _of_splits(root: Path) -> dict[str, Path]:
    """The files of a folder that are named by a split."""
    found: dict[str, Path] = {}
    for path in sorted(root.glob("*.txt")):
        split = SPLIT_NAMES.get(path.stem.lower())
        if split in found:
            raise DataError(f"{found[split]} and {path} are both {split} data: take one away.")
        if split is not None:
            found[split] = path
    return found
