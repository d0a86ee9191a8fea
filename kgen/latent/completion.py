"""What a model puts in the place of pixels that are missing."""

from __future__ import annotations

import keras
import numpy as np

from kgen.errors import DataError
from kgen.latent.table import Table

#: The parts of an image that `mask_without` knows: where they begin and end, in quarters of the
#: height and of the width.
PARTS = {
    "lower": ((2, 4), (0, 4)),
    "upper": ((0, 2), (0, 4)),
    "left": ((0, 4), (0, 2)),
    "right": ((0, 4), (2, 4)),
    "middle": ((1, 3), (1, 3)),
}


def mask_without(part: str, height: int, width: int) -> np.ndarray:
    """Which pixels are known where a part of an image is missing.

    Args:
        part: `"lower"`, `"upper"`, `"left"` or `"right"` half, or `"middle"`: half of the height
            by half of the width.
        height: Of the image, in pixels.
        width: Of the image, in pixels.

    Returns:
        bool (height, width), `True` where a pixel is known.

    Raises:
        DataError: For another part.

    Example:

        >>> mask_without("lower", 2, 3).astype(int).tolist()
        [[1, 1, 1], [0, 0, 0]]
    """
    if part not in PARTS:
        raise DataError(f"what is missing must be one of {', '.join(PARTS)}, got {part!r}.")
    down, across = (
        slice(*(size * quarter // 4 for quarter in quarters))
        for size, quarters in zip((height, width), PARTS[part], strict=True)
    )
    known = np.ones((height, width), bool)
    known[down, across] = False
    return known


def completed_shape(model: keras.Model) -> tuple[int, int, int]:
    """The shape (height, width, channels) of the images that a model completes.

    Raises:
        DataError: If it completes none.
    """
    if "images" not in model.capabilities.get("complete", ()):
        raise DataError(
            f"{type(model).__name__} completes no images: autoregressive models and PPGN do."
        )
    return model.signatures()["complete"].inputs["images"].shape[1:]


def completions(
    model: keras.Model, images, mask, draws: int = 4, labels=None, seed: int = 0
) -> Table:
    """Images, what is left of them, and what a model makes of that, several times.

    Args:
        model: One that can `complete` images: an autoregressive model, or a `kgen.models.PPGN`.
        images: (n, height, width, channels) in [-1, 1].
        mask: 1 or `True` where a pixel is known: (height, width) or (n, height, width).
        draws: How often each is completed.
        labels: The class of each, int (n,), or one for all; as `complete` takes them.
        seed: Of the draws.

    Returns:
        A row for each image: itself, what is known of it on grey, and the draws. An autoregressive
        model shows the known pixels as it sees them: binary, or on 256 levels.

    Raises:
        DataError: If the model completes no images, and as its `complete` does.

    Example:

        >>> import kgen
        >>> model = kgen.models.PixelCNN.build_default((6, 6, 1), width=4, blocks=1)
        >>> images = np.zeros((2, 6, 6, 1))
        >>> completions(model, images, mask_without("lower", 6, 6), draws=3).images.shape
        (2, 5, 6, 6, 1)
    """
    completed_shape(model)
    if draws < 1:
        raise DataError(f"draws={draws} must be at least 1.")
    images = np.asarray(images, "float32")
    n = len(images)
    known = np.asarray(mask, bool).reshape(-1, *images.shape[1:3], 1)
    given = {} if labels is None else {"labels": np.broadcast_to(np.asarray(labels, "int32"), (n,))}
    seeds = np.random.SeedSequence(seed).generate_state(draws)
    made = [model.complete(images, known, seed=int(each), **given) for each in seeds]
    shown = [images, np.where(known, images, 0.0), *made]
    names = ("image", "known", *(str(draw + 1) for draw in range(draws)))
    return Table(np.stack(shown, axis=1).astype("float32"), columns=names)
