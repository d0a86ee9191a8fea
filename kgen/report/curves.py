"""The curves of one run, or of several over each other."""

from __future__ import annotations

from collections.abc import Sequence

from kgen.report.charts import Line, chart
from kgen.report.html import Html
from kgen.report.record import RunRecord
from kgen.report.scores import protocol_text


def score_charts(runs: Sequence[tuple[str, RunRecord]]) -> list[Html]:
    """A chart for each metric and protocol taken while training, with a line for each run."""
    lines: dict[tuple[str, str], list[Line]] = {}
    for place, (run, record) in enumerate(runs):
        series: dict[tuple[str, str], dict[int, float]] = {}
        for measured in record.scores:
            if measured.while_training:
                key = (measured.score.metric, protocol_text(measured.score))
                series.setdefault(key, {})[measured.epoch] = measured.score.value
        for key, points in series.items():
            line = Line(run or "validation", sorted(points.items()), place)
            lines.setdefault(key, []).append(line)
    charts = [chart(metric, each, protocol) for (metric, protocol), each in lines.items()]
    return [drawn for drawn in charts if drawn]


def history_charts(runs: Sequence[tuple[str, RunRecord]]) -> list[Html]:
    """A chart for each quantity of the histories; a `val_` twin is the dashed line of its chart.

    Metrics are left out: between two evaluations the history repeats their last value.
    """
    metrics = {measured.score.metric for _, record in runs for measured in record.scores}
    names = dict.fromkeys(
        name.removeprefix("val_")
        for _, record in runs
        for row in record.history
        for name in row
        if name != "epoch" and name not in metrics
    )
    charts = []
    for name in names:
        twins = any(f"val_{name}" in row for _, record in runs for row in record.history)
        lines = []
        for place, (run, record) in enumerate(runs):
            for key, what in ((name, "training"), (f"val_{name}", "validation")):
                points = [(row["epoch"], row[key]) for row in record.history if key in row]
                label = ", ".join(filter(None, [run, what if twins else ""]))
                lines.append(Line(label, points, place, dashed=key != name))
        charts.append(chart(name, lines))
    return [drawn for drawn in charts if drawn]
