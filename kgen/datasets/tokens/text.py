"""From lines of text to rows of tokens: what a word is, the vocabulary, the numbers of a sentence.

`keras.layers.TextVectorization` was the other choice. It drops punctuation or leaves it glued to
words, has no minimum count, and leaves words of equal frequency in an order of its own; this is
the same few lines, with every word of a sentence kept and one order on every machine.
"""

import functools
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from kgen.errors import DataError

#: The first words of every vocabulary: what ends a sentence, and what stands for all other words.
END, UNKNOWN = "<end>", "<unknown>"


def words_of(line: str) -> list[str]:
    """The words of a line, each mark of punctuation before or after a word being one of its own.

    Marks within a word stay, and so do capitals; texts of languages without spaces need them put
    in. What is written in two ways in Unicode becomes the same (NFC).

    Example:

        >>> words_of('He said: "don\\'t", 3.5 times...')
        ['He', 'said', ':', '"', "don't", '"', ',', '3.5', 'times', '.', '.', '.']
    """
    chunks = unicodedata.normalize("NFC", line).split()
    return [word for chunk in chunks for word in _parted(chunk)]


@functools.lru_cache(2**16)
def _parted(chunk: str) -> tuple[str, ...]:
    first, last = 0, len(chunk)
    while first < last and _is_mark(chunk[first]):
        first += 1
    while last > first and _is_mark(chunk[last - 1]):
        last -= 1
    middle = (chunk[first:last],) if first < last else ()
    return (*chunk[:first], *middle, *chunk[last:])


def _is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] in "PS"  # punctuation and symbols


def sentences(path: Path) -> Iterator[list[str]]:
    """The words of each line of a UTF-8 file that has any, read line by line.

    Raises:
        DataError: If a line is not UTF-8.
    """
    with open(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError:
                raise DataError(
                    f"{path}, line {number}, is not UTF-8: save the file as UTF-8."
                ) from None
            if words := words_of(text):
                yield words


def vocabulary_of(
    counts: Counter, size: int | None = None, minimum_count: int = 1
) -> tuple[str, ...]:
    """The words that are told apart, the most frequent first and equals by the alphabet.

    Args:
        counts: How often each word occurs.
        size: How many words at most, with the two that stand for the end and for all others.
        minimum_count: How often a word must occur.

    Raises:
        DataError: If no word is left.

    Example:

        >>> vocabulary_of(Counter("a b b c c".split()), size=4)
        ('<end>', '<unknown>', 'b', 'c')
    """
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    kept = [word for word, count in ordered if count >= minimum_count]
    kept = kept if size is None else kept[: size - 2]
    if not kept:
        raise DataError(
            f"no word occurs minimum_count={minimum_count} times: pass a smaller one."
            if size is None or size > 2
            else f"vocabulary={size} leaves no word beside {END} and {UNKNOWN}: pass at least 3."
        )
    return (END, UNKNOWN, *kept)


def numbers_of(words: Sequence[str], index: dict[str, int], length: int) -> list[int]:
    """A sentence as tokens: the number of each word, 1 for one unknown, and 0 after the last.

    Example:

        >>> numbers_of(["a", "z"], {"<end>": 0, "<unknown>": 1, "a": 2}, 4)
        [2, 1, 0, 0]
    """
    numbers = [index.get(word, 1) for word in words[:length]]
    return numbers + [0] * (length - len(numbers))
