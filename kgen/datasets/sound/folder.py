"""Folders of WAV files: plain, with a folder for each class, split already or not.

The files lie as those of image folders do (`kgen.datasets.folder`). Each is cut into pieces of one
length; all pieces of a file are in the split of the file.
"""

import functools
from pathlib import Path

import numpy as np

from kgen.datasets import checks, strands
from kgen.datasets.assembly import Request, assemble, chosen_layout
from kgen.datasets.folder import attempt, split_rows, told_of_skipped
from kgen.datasets.folder_layout import Row, discover
from kgen.datasets.sound import sounds
from kgen.datasets.splits import Splits, place
from kgen.errors import DataError


def load(root: Path, request: Request) -> Splits:
    """Loads a folder of sounds."""
    checks.refuse_image_settings(str(root), "sound", request)
    wanted = "images" if request.layout == "waves" else request.layout
    found = discover(root, wanted, sounds.SUFFIXES)
    if found.layout in ("paired", "unpaired"):
        raise DataError(f'{root} has two sides, a and b: pass layout="labelled" for two classes.')
    stored = "waves" if found.layout == "images" else found.layout
    layout = chosen_layout(request.layout, stored, str(root), plain="waves")
    parts = split_rows(found.rows, request.validation, request.test, request.limit)

    paths = [row.paths[0] for part in parts.values() for row in part]
    sizes, skipped = attempt(functools.partial(_size, sample_rate=request.sample_rate), paths)
    lines = told_of_skipped(root, "sounds", len(paths), skipped)
    rates = [rate for _, rate in sizes.values()]
    rate = sounds.common(str(root), "sample rate", rates, "sample_rate")
    samples = {path: count for path, (count, _) in sizes.items()}
    length = request.length or sounds.common(str(root), "length", samples.values(), "length")

    count = {path: sounds.pieces(number, length) for path, number in samples.items()}
    parts = {split: _pieces(part, count, request.limit) for split, part in parts.items()}
    in_memory = sum(map(len, parts.values())) * length * 4 <= strands.IN_MEMORY

    def strand(part: list[tuple[Row, int]]):
        labels = None
        if layout in ("labelled", "domains"):
            labels = np.array([row.label for row, _ in part], np.int32)
        where = [(row.paths[0], piece) for row, piece in part]
        if not in_memory:
            read = functools.partial(_piece, length=length, sample_rate=rate)
            return strands.Files([where], read, (length, 1), labels, dtype=np.float32)
        held = np.zeros((len(part), length, 1), np.float32)
        wave, last = None, None
        for i, (path, piece) in enumerate(where):
            if path != last:  # the pieces of a file follow one another
                wave, last = sounds.cut(sounds.read(path, rate)[0], length), path
            held[i] = wave[piece]
        return strands.Memory([held], labels)

    return assemble(
        str(root),
        layout,
        {split: [strand(part)] for split, part in parts.items()},
        (length, 1),
        found.class_names,
        request.options,
        lines,
        sample_rate=rate,
        features=sounds.features_of(request, length, rate),
    )


def _size(path: Path, sample_rate: int | None) -> tuple[int, int]:
    """Samples and rate; the whole file is read, to know the broken ones."""
    wave, rate = sounds.read(path, sample_rate)
    return len(wave), rate


def _piece(where: tuple[Path, int], length: int, sample_rate: int) -> np.ndarray:
    path, piece = where
    return sounds.cut(sounds.read(path, sample_rate)[0], length)[piece]


def _pieces(part: list[Row], count: dict[Path, int], limit: int | None) -> list[tuple[Row, int]]:
    """The pieces of a split's files, ordered by name; under a limit the hash chooses."""
    part = [row for row in part if row.paths[0] in count]
    if limit:
        part = sorted(part, key=lambda row: place(row.key))
    pieces = [(row, piece) for row in part for piece in range(count[row.paths[0]])][:limit]
    return sorted(pieces, key=lambda pair: (pair[0].key, pair[1]))
