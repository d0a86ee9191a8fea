"""The texts of a run, for a page: some epochs of them, each within bounds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from kgen.report.charts import evenly
from kgen.report.html import Html, tag

MOST_EPOCHS = 12
MOST_LINES = 64  # of an epoch
LONGEST_LINE = 500  # characters


def sections(texts: Mapping[int, Path]) -> Iterable[Html]:
    """What was drawn after some of the epochs, evenly chosen; the last one is open."""
    epochs = evenly(sorted(texts), MOST_EPOCHS)
    for epoch in epochs:
        lines = texts[epoch].read_text(encoding="utf-8", errors="replace").splitlines()
        shown = [f"{line[:LONGEST_LINE]}{'...' * (len(line) > LONGEST_LINE)}" for line in lines]
        yield tag(
            "details",
            tag("summary", f"epoch {epoch}"),
            tag("pre", "\n".join(shown[:MOST_LINES])),
            open=epoch == epochs[-1],
        )
