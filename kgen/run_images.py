"""Images to look at a run's model with: the run's own data, or the user's own files."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from kgen.errors import DataError
from kgen.files import files_below
from kgen.run_folder import RunFolder

if TYPE_CHECKING:
    import numpy as np

    from kgen.datasets import Splits

#: Some images are chosen among at most so many.
CHOICE = 10_000


@dataclasses.dataclass(frozen=True)
class RunData:
    """A split of the data that a run was trained on.

    Attributes:
        data: All of them.
        split: `"test"`, `"validation"` or `"train"`.

    Raises:
        MetricError: If there is no such split, or it has no single images.
    """

    data: Splits
    split: str

    def __post_init__(self):
        from kgen.metrics.streams import check_split

        check_split(self.data, self.split)

    @property
    def name(self) -> str:
        """The data and the split, in words."""
        return f"{self.data.name} {self.split}"

    def batches(self, n: int | None = None) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
        """Batches of (images, labels), always in the same order; labels may be `None`.

        Args:
            n: At most so many images. Of the training split, what fills no whole batch is missing.
        """
        from kgen.metrics.streams import split_chunks

        yield from split_chunks(self.data, self.split, n or self.data.sizes[self.split] or 1)

    def some(
        self, n: int, seed: int = 0, fewer: bool = False
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """`n` images, chosen by the seed among at most 10,000, and their labels or `None`.

        Args:
            n: How many.
            seed: Chooses them.
            fewer: Whether all will do where there are not so many.

        Raises:
            DataError: If there are not so many.
        """
        import numpy as np

        parts = list(self.batches(CHOICE))
        images = np.concatenate([images for images, _ in parts])
        if len(images) < n and not fewer:
            raise DataError(f"{self.name} has {len(images)} images, fewer than {n}: ask for less")
        rows = np.random.default_rng(seed).permutation(len(images))[:n]
        labels = None
        if parts[0][1] is not None:
            labels = np.concatenate([labels for _, labels in parts])[rows].astype("int32")
        return images[rows], labels


def run_splits(
    run: str | os.PathLike, labelled: bool = False, tell: Callable[[str], object] = print
) -> Splits:
    """The data of a run.

    Args:
        run: The run folder.
        labelled: Whether labels are needed: data that the run was trained on without are then
            loaded with.
        tell: Takes each line for the user.

    Raises:
        RecipeError: If the folder holds no run, or its recipe is gone.
        DataError: If the data are not to be had, or have no labels.
    """
    from kgen import datasets
    from kgen.run import build, tell_skipped
    from kgen.run_evaluation import recipe_of

    folder = RunFolder(Path(run))
    if folder.path.is_file():
        raise DataError(f"{run} is a model without its run, so without data: give --images")
    recipe = recipe_of(folder)
    options = folder.resumed_options(recipe, {})
    data = build(recipe, options).data
    tell_skipped(data.skipped, tell, folder.summary)
    if not labelled or data.layout in ("labelled", "domains"):
        return data
    height, width, channels = data.image_shape
    return datasets.load(
        data.name,
        image_size=(height, width),
        channels=channels,
        layout="labelled",
        seed=data.seed,
        limit=options.get("limit"),
        data_dir=options.get("data_dir"),
    )


def own_images(
    place: str | os.PathLike, image_shape: tuple[int, int, int], n: int | None = None
) -> np.ndarray:
    """Images of a file or of a folder, in the order of their names, of the size that is needed.

    Args:
        place: The file or the folder, whose sub-folders are read as well.
        image_shape: (height, width, channels) to bring them to, cut to the middle.
        n: The first `n` of them.

    Returns:
        float32 (n, height, width, channels) in [-1, 1].

    Raises:
        DataError: If there are none, fewer than `n`, or one of them cannot be read.
    """
    import numpy as np

    from kgen.datasets import pictures

    place = Path(place).expanduser()
    if not place.exists():
        raise DataError(f"there is no file or folder {place}")
    paths = [place]
    if place.is_dir():
        paths = files_below(place, pictures.SUFFIXES)
    if not paths or len(paths) < (n or 1):
        raise DataError(f"{place} has {len(paths)} images, fewer than {n or 1}")
    images = []
    for path in paths[:n]:
        try:
            images.append(pictures.read(path, image_shape[:2], image_shape[2]))
        except Exception as error:  # a broken file can make a decoder raise anything
            raise DataError(f"{path} cannot be read as an image: {error}") from None
    return np.stack(images).astype("float32") / 127.5 - 1
