"""The page of a comparison."""

from __future__ import annotations

from collections.abc import Iterable

from kgen.report.comparison import Column, Comparison
from kgen.report.curves import history_charts, score_charts
from kgen.report.frames import embed
from kgen.report.html import Html, document, join, table, tag, unbroken
from kgen.report.record import typed
from kgen.report.scores import figure


def page(comparison: Comparison) -> str:
    """The page as text."""
    return document(
        "Comparison - kgen",
        tag("h1", "Comparison"),
        tag("p", ", ".join(comparison.names), class_="faint"),
        *_table(comparison),
        *_pictures(comparison),
        *_curves(comparison),
        *_options(comparison),
        tag("footer", "Made by kgen from the files of the runs; it loads nothing from elsewhere."),
    )


def _table(comparison: Comparison) -> Iterable[Html]:
    rows = [
        [
            _run(comparison, place),
            *(_cell(comparison, column, place) for column in comparison.columns),
            *map(unbroken, comparison.cost(place)),
        ]
        for place in range(len(comparison.names))
    ]
    yield tag("h2", "Scores")
    if comparison.warnings:
        yield tag("ul", *(tag("li", line) for line in comparison.warnings), class_="warning")
    caption = (
        "Marked: the best value of a column, and what lies within the deviations of it. The arrows "
        "say which way is better"
    )
    yield table(comparison.header("epochs", "time"), rows, caption)
    for line in (*comparison.notes(), *comparison.remarks()):
        yield tag("p", line, class_="faint")


def _run(comparison: Comparison, place: int) -> Html:
    """The run's name, and which of its models was measured, if it was always the same."""
    models = comparison.measured(place)
    return join(comparison.names[place], tag("small", models[0]) if len(models) == 1 else None)


def _cell(comparison: Comparison, column: Column, place: int) -> Html | str:
    cell = column.cells[place]
    if cell is None:
        return "-"
    wins = place in column.winners
    value = tag("mark", unbroken(figure(cell.score))) if wins else unbroken(figure(cell.score))
    which = cell.which if len(comparison.measured(place)) > 1 else None
    small = "; ".join(filter(None, ["best value" if wins else None, which]))
    return join(value, tag("small", unbroken(small)) if small else None)


def _pictures(comparison: Comparison) -> Iterable[Html]:
    kinds = dict.fromkeys(kind for record in comparison.records for kind in record.pictures)
    for kind in kinds:
        yield tag("h2", f"{kind.capitalize()} at the end")
        figures = []
        for name, record in zip(comparison.names, comparison.records, strict=True):
            if kind in record.pictures:
                epoch, path = max(record.pictures[kind].items())
                frame, _ = embed(path, epoch)
                image = tag(
                    "img",
                    src=frame.source,
                    width=frame.width,
                    height=frame.height,
                    alt=f"{kind} of {name} after epoch {epoch}",
                )
                caption = tag("figcaption", tag("b", name), tag("small", f" epoch {epoch}"))
                figures.append(tag("figure", caption, image, class_="card film"))
        yield tag("div", *figures, class_="grid")


def _curves(comparison: Comparison) -> Iterable[Html]:
    records = list(zip(comparison.names, comparison.records, strict=True))
    charts = [*score_charts(records), *history_charts(records)]
    if charts:
        yield tag("h2", "Curves")
        yield tag("div", *charts, class_="grid")


def _options(comparison: Comparison) -> Iterable[Html]:
    names = dict.fromkeys(
        name for record in comparison.records for name in record.config["options"]
    )
    rows = []
    for option in names:
        values = [
            typed(record.config["options"][option]) if option in record.config["options"] else "-"
            for record in comparison.records
        ]
        if len(set(values)) > 1:
            rows.append([option, *values])
    recipes = [record.config["recipe"] for record in comparison.records]
    backends = [record.backend for record in comparison.records]
    machines = ["; ".join(record.machines) for record in comparison.records]
    yield tag("h2", "How they differ")
    head = ["", *comparison.names]
    always = [["recipe", *recipes], ["backend", *backends], ["machine", *machines]]
    yield table(head, [*always, *rows], "What they were, and the options that differ")
