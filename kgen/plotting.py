"""Pictures of a run: image grids, their animation, pictures of sounds, the history's curves.

The one home of plotting. Grids and GIFs need only Pillow; matplotlib is imported when a curve is
drawn, and through its `Figure` alone, so no window system and no global state is touched. Every
file is written under a temporary name and renamed, so a reader never meets half a picture.

Example:

    >>> import numpy as np
    >>> grid(np.zeros((6, 8, 8, 1), "float32"), columns=3, scale=1).size    # (width, height)
    (28, 19)
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kgen.files import replacing

if TYPE_CHECKING:
    from PIL.Image import Image

GAP = 1  # pixels of paper between two images, before scaling
PAPER = 255
LETTERS = 12  # the height of what is written beside a table, in pixels


def to_uint8(images: np.ndarray) -> np.ndarray:
    """Turns images in [-1, 1] into grey levels 0..255; what lies outside is clipped.

    Example:

        >>> to_uint8(np.array([-1.0, 0.0, 1.0, 7.0])).tolist()
        [0, 128, 255, 255]
    """
    levels = np.clip((np.asarray(images, "float32") + 1.0) * 127.5, 0.0, 255.0)
    return np.rint(np.nan_to_num(levels)).astype("uint8")


def grid(images: np.ndarray, columns: int | None = None, scale: int | None = None) -> Image:
    """Lays images out in rows, left to right and top to bottom.

    Args:
        images: float array `(n, height, width, channels)` in [-1, 1], channels 1 or 3.
        columns: Images in a row; by default as near to a square as n allows.
        scale: Whole-number enlargement without smoothing; by default what brings the grid to
            512 pixels or a little more.

    Returns:
        A Pillow image.

    Raises:
        ValueError: If `images` has another shape.
    """
    from PIL import Image

    images = np.asarray(images)
    if images.ndim != 4 or not len(images) or images.shape[-1] not in (1, 3):
        raise ValueError(
            f"a grid needs images of shape (n, height, width, 1 or 3), not {images.shape}"
        )
    n, height, width, channels = images.shape
    columns = min(n, columns or math.ceil(math.sqrt(n)))
    rows = math.ceil(n / columns)
    canvas = np.full(
        (rows * (height + GAP) + GAP, columns * (width + GAP) + GAP, channels), PAPER, "uint8"
    )
    for index, image in enumerate(to_uint8(images)):
        top = GAP + (index // columns) * (height + GAP)
        left = GAP + (index % columns) * (width + GAP)
        canvas[top : top + height, left : left + width] = image
    picture = Image.fromarray(canvas[..., 0] if channels == 1 else canvas)
    scale = scale or math.ceil(512 / max(picture.size))
    return picture.resize((picture.width * scale, picture.height * scale), Image.Resampling.NEAREST)


def table(
    images: np.ndarray,
    rows: Sequence[str] = (),
    columns: Sequence[str] = (),
    scale: int | None = None,
) -> Image:
    """Lays images out in rows and columns, with a text beside each row and above each column.

    Args:
        images: float `(rows, columns, height, width, channels)` in [-1, 1], channels 1 or 3.
        rows: A text for each row, or none.
        columns: A text for each column, or none.
        scale: See `grid`; by default at least what brings an image to 48 pixels, and what the
            widest text above a column needs.

    Returns:
        A Pillow image.

    Raises:
        ValueError: If `images` has another shape, or there are too few or too many texts.

    Example:

        >>> table(np.zeros((2, 3, 8, 8, 1)), columns=("a", "b", "c"), scale=2).size    # 18 above
        (56, 56)
    """
    from PIL import Image, ImageDraw, ImageFont

    images = np.asarray(images)
    if images.ndim != 5 or len(rows) not in (0, len(images)):
        raise ValueError(
            f"a table needs images of shape (rows, columns, height, width, channels) and a text "
            f"for each row, not {images.shape} and {len(rows)} texts"
        )
    number, width = images.shape[1], images.shape[3]
    if len(columns) not in (0, number):
        raise ValueError(f"{len(columns)} texts above {number} columns: give one for each")
    font = ImageFont.load_default(LETTERS)
    wide = [math.ceil(font.getlength(text)) for text in columns]
    if scale is None:
        side = max(number * (width + GAP), len(images) * (images.shape[2] + GAP)) + GAP
        needed = (max(wide, default=0) + 4) / (width + GAP)
        scale = max(math.ceil(512 / side), math.ceil(48 / width), math.ceil(needed))
    body = grid(images.reshape(-1, *images.shape[2:]), columns=number, scale=scale)
    left = max((math.ceil(font.getlength(text)) + 8 for text in rows), default=0)
    above = LETTERS + 6 if columns else 0
    canvas = Image.new(body.mode, (body.width + left, body.height + above), color="white")
    canvas.paste(body, (left, above))
    draw = ImageDraw.Draw(canvas)
    for index, text in enumerate(columns):
        middle = left + scale * (GAP + index * (width + GAP) + width / 2)
        draw.text((middle, above / 2), text, fill=0, font=font, anchor="mm")
    for index, text in enumerate(rows):
        height = images.shape[2]
        middle = above + scale * (GAP + index * (height + GAP) + height / 2)
        draw.text((left - 4, middle), text, fill=0, font=font, anchor="rm")
    return canvas


def wave_pictures(waves: np.ndarray, width: int = 96) -> np.ndarray:
    """A picture of each sound: the wave above, its spectrogram below.

    The spectrogram is of Hann windows, from silence (black, 60 dB below the loudest of all the
    sounds) to the loudest (white), with low frequencies at the bottom.

    Args:
        waves: float `(n, length)` or `(n, length, 1)` in [-1, 1].
        width: Of a picture, in pixels.

    Returns:
        float32 `(n, height, width, 1)` in [-1, 1], a third of the height for the wave.

    Raises:
        ValueError: If `waves` has another shape.

    Example:

        >>> wave_pictures(np.zeros((2, 500, 1))).shape
        (2, 96, 96, 1)
    """
    waves = np.asarray(waves, "float32")
    waves = waves[..., 0] if waves.ndim == 3 and waves.shape[-1] == 1 else waves
    if waves.ndim != 2 or not waves.size:
        raise ValueError(f"a picture of sounds needs (n, length, 1), not {waves.shape}")
    length, high = waves.shape[1], width // 3
    # The wave: of each column's samples, all between the lowest and the highest is inked.
    edges = np.linspace(0, length, width + 1)[:-1].astype(int)
    lowest, highest = (f.reduceat(waves, edges, axis=1) for f in (np.minimum, np.maximum))
    levels = np.linspace(1, -1, high)[:, None]
    step = 1.001 / (high - 1)  # half a row and a little, so that silence is a line
    inked = (levels >= lowest[:, None] - step) & (levels <= highest[:, None] + step)
    # The spectrogram, a window a column.
    size = min(256, length)
    starts = np.linspace(0, length - size, width).astype(int)
    windows = waves[:, starts[:, None] + np.arange(size)] * np.hanning(size + 2)[1:-1]
    power = np.square(np.abs(np.fft.rfft(windows))).transpose(0, 2, 1)[:, ::-1]
    rows = np.linspace(0, power.shape[1], 2 * high + 1)[:-1].astype(int)
    power = np.maximum.reduceat(power, rows, axis=1)
    decibels = 10 * np.log10(np.maximum(power, 1e-12) / max(power.max(), 1e-12))
    spectrogram = np.clip(decibels / 30 + 1, -1, 1) if power.max() > 0 else np.full(power.shape, -1)
    pictures = np.concatenate([np.where(inked, 1.0, -1.0), spectrogram], axis=1)
    return pictures[..., None].astype("float32")


def columns_of(*stacks: np.ndarray, per_row: int = 8) -> np.ndarray:
    """Interleaves stacks of equally many images so that a grid shows them one above the other.

    Args:
        *stacks: Arrays `(n, height, width, channels)`, for instance sources and their translations.
        per_row: Columns of the grid that will be drawn, `grid(..., columns=per_row)`.

    Returns:
        One array: a row of the first stack, the same row of the second, and so on; white images
        fill up rows that are not full.

    Example:

        >>> above, below = np.zeros((4, 1, 1, 1)), np.ones((4, 1, 1, 1))
        >>> columns_of(above, below, per_row=2).ravel().tolist()
        [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0]
    """
    sizes = {len(stack) for stack in stacks}
    if len(sizes) != 1:
        raise ValueError(f"the stacks hold different numbers of images: {sorted(sizes)}")
    n = sizes.pop()
    spare = ((0, -n % per_row), *[(0, 0)] * (np.ndim(stacks[0]) - 1))
    stacks = [np.pad(stack, spare, constant_values=1.0) for stack in stacks]
    rows = [stack[i : i + per_row] for i in range(0, n, per_row) for stack in stacks]
    return np.concatenate(rows)


def save_image(picture: Image, path: str | os.PathLike) -> Path:
    """Writes a picture whole or not at all; the format follows the file's ending."""
    with replacing(path) as temporary:
        picture.save(temporary)
    return Path(path)


def save_animation(
    frames: Sequence[str | os.PathLike], path: str | os.PathLike, milliseconds: int = 200
) -> Path:
    """Joins pictures of one size into a looping GIF; the last one stays for two seconds.

    Args:
        frames: Picture files in order.
        path: The GIF to write.
        milliseconds: How long each frame is shown.
    """
    from PIL import Image

    if not frames:
        raise ValueError("an animation needs at least one frame")
    pictures = []
    for frame in frames:
        with Image.open(frame) as opened:
            pictures.append(opened.convert("L" if opened.mode == "L" else "RGB"))
    with replacing(path) as temporary:
        pictures[0].save(
            temporary,
            save_all=True,
            append_images=pictures[1:],
            duration=[milliseconds] * (len(pictures) - 1) + [2000],
            loop=0,
        )
    return Path(path)


def save_curves(rows: Iterable[Mapping[str, float]], path: str | os.PathLike) -> Path | None:
    """Draws one small panel a quantity against the epoch; a `val_` twin shares its panel.

    Args:
        rows: One mapping an epoch, with the key `epoch` and one key a quantity.
        path: The picture to write.

    Returns:
        The path, or `None` when there is nothing to draw.
    """
    rows = list(rows)
    names = list(dict.fromkeys(k.removeprefix("val_") for row in rows for k in row if k != "epoch"))
    if not names:
        return None
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    columns = min(3, len(names))
    lines = math.ceil(len(names) / columns)
    figure = Figure(figsize=(4.2 * columns, 2.8 * lines), layout="constrained")
    canvas = FigureCanvasAgg(figure)
    for axes in figure.subplots(lines, columns, squeeze=False).flat[len(names) :]:
        axes.remove()
    for axes, name in zip(figure.axes, names, strict=True):
        for key, style in ((name, "-"), (f"val_{name}", "--")):
            points = [(row["epoch"], row[key]) for row in rows if key in row]
            if points:
                label = "validation" if key.startswith("val_") else "training"
                marker = "o" if len(points) == 1 else None  # a line of one point is nothing
                axes.plot(*zip(*points, strict=True), style, marker=marker, label=label)
        axes.set(title=name, xlabel="epoch")
        axes.xaxis.get_major_locator().set_params(integer=True)
        if len(axes.lines) > 1:
            axes.legend()
    from PIL import Image

    canvas.draw()
    return save_image(Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB"), path)
