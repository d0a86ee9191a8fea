"""Images in rows and columns: what an exploration gives back."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from kgen import plotting

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclasses.dataclass(frozen=True)
class Table:
    """Images in rows and columns, with what stands beside the rows and above the columns.

    Attributes:
        images: float32 (rows, columns, height, width, channels) in [-1, 1].
        rows: A text for each row, or none.
        columns: A text for each column, or none.

    Example:

        >>> table = Table(np.zeros((2, 3, 8, 8, 1)), columns=("0", "1/2", "1"))
        >>> table.picture().size[0] > 500
        True
    """

    images: np.ndarray
    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()

    def picture(self, scale: int | None = None) -> Image:
        """The table drawn, by `kgen.plotting.table`."""
        return plotting.table(self.images, self.rows, self.columns, scale)


def between(left: np.ndarray | None, table: Table, right: np.ndarray | None = None) -> Table:
    """The table with columns of images (rows, height, width, channels) beside it, where given."""
    parts, columns = [table.images], [*table.columns]
    if left is not None:
        parts.insert(0, np.asarray(left, "float32")[:, None])
        columns.insert(0, "image")
    if right is not None:
        parts.append(np.asarray(right, "float32")[:, None])
        columns.append("image")
    return Table(np.concatenate(parts, axis=1), table.rows, tuple(columns))
