"""The pictures of a run, embedded in a page and kept within bounds."""

from __future__ import annotations

import base64
import dataclasses
import io
from collections.abc import Mapping
from pathlib import Path

from kgen.report.charts import evenly
from kgen.report.html import Html, tag

MOST_FRAMES = 40  # of one kind
MOST_BYTES = 3_000_000  # of one kind, before base64 adds a third
LARGEST_SIDE = 900  # pixels; a larger picture is brought down to this


@dataclasses.dataclass(frozen=True)
class Frame:
    """An embedded picture.

    Attributes:
        epoch: The epochs the model had been trained for.
        source: The `data:` URI.
        width: In pixels.
        height: In pixels.
    """

    epoch: int
    source: str
    width: int
    height: int


def embed(path: Path, epoch: int) -> tuple[Frame, int]:
    """A picture file as a frame without loss, unless it had to be made smaller; and its bytes."""
    from PIL import Image, features

    kind = "webp" if features.check("webp") else "png"
    with Image.open(path) as opened:
        picture = opened.convert("RGB") if opened.mode not in ("L", "RGB") else opened.copy()
    picture.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
    buffer = io.BytesIO()
    picture.save(buffer, kind, **({"lossless": True, "method": 2} if kind == "webp" else {}))
    data = buffer.getvalue()
    source = f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
    return Frame(epoch, source, *picture.size), len(data)


def film(pictures: Mapping[int, Path]) -> list[Frame]:
    """The frames of pictures by epoch: evenly thinned out until they keep within the bounds.

    The first and the last one always stay.
    """
    embedded: dict[int, tuple[Frame, int]] = {}
    most = MOST_FRAMES
    while True:
        epochs = evenly(sorted(pictures), most)
        for epoch in (epochs[0], epochs[-1], *epochs):
            if epoch not in embedded:
                embedded[epoch] = embed(pictures[epoch], epoch)
        if most <= 2 or sum(embedded[epoch][1] for epoch in epochs) <= MOST_BYTES:
            return [embedded[epoch][0] for epoch in epochs]
        most = min(most, len(epochs)) * 3 // 4 if len(epochs) > 3 else 2


def slider(kind: str, pictures: Mapping[int, Path]) -> Html:
    """A figure that shows one picture of a kind, with a slider over its epochs.

    Without a script it shows the last one.
    """
    frames = film(pictures)
    last = frames[-1]
    images = [
        tag(
            "img",
            src=frame.source,
            width=frame.width,
            height=frame.height,
            alt=f"{kind} after epoch {frame.epoch}",
            data_epoch=frame.epoch,
            hidden=frame is not last,
        )
        for frame in frames
    ]
    left_out = len(pictures) - len(frames)
    thinned = f"{len(frames)} of {len(pictures)} epochs are embedded here" if left_out else None
    controls = tag(
        "div",
        tag("button", "Play", type="button"),
        tag(
            "input",
            type="range",
            min=0,
            max=len(frames) - 1,
            value=len(frames) - 1,
            step=1,
            aria_label=f"epoch of the {kind}",
            aria_valuetext=f"epoch {last.epoch}",
        ),
        tag("output", f"epoch {last.epoch}"),
        class_="controls",
    )
    return tag(
        "figure",
        tag("figcaption", tag("b", kind), tag("small", f" {thinned}") if thinned else None),
        *images,
        controls if len(frames) > 1 else tag("p", f"epoch {last.epoch}", class_="faint"),
        class_="card film",
    )
