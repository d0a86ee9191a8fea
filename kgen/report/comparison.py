"""Runs beside each other: only scores of one protocol share a column."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
from collections.abc import Sequence
from pathlib import Path

from kgen.errors import RecipeError
from kgen.files import replacing
from kgen.report.output import check_output, duration
from kgen.report.record import RunRecord, read
from kgen.report.scores import PROTOCOL, arrow, figure, protocol_of, protocol_text
from kgen.scores_file import Measured

# What follows the scores in a table of text.
COST = ("model", "epochs", "time")
#: The columns of the CSV: the score with its protocol, and what the run cost.
CSV_COLUMNS = (
    "run", "recipe", "metric", "value", "deviation", "better", "model", "epoch", *PROTOCOL,
    "seed", "notes", "details", "run_epochs", "run_seconds",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Column:
    """The scores of one metric under one protocol.

    Attributes:
        metric: The metric's name.
        protocol: The protocol in one line.
        better: Which way is better.
        cells: The score of each run, or `None`.
        key: The protocol's parts, in the order of `PROTOCOL`.
    """

    metric: str
    protocol: str
    better: str | None
    cells: tuple[Measured | None, ...]
    key: tuple[object, ...]

    @property
    def winners(self) -> set[int]:
        """The runs with the best value, and those that their deviations do not tell from it.

        None where no way is better, or where nothing tells the runs apart.
        """
        scores = {place: cell.score for place, cell in enumerate(self.cells) if cell}
        if len(scores) < 2 or self.better is None:
            return set()
        pick = min if self.better == "lower" else max
        best = pick(scores.values(), key=lambda score: score.value)
        near = {
            place
            for place, score in scores.items()
            if abs(score.value - best.value)
            <= math.hypot(score.deviation or 0.0, best.deviation or 0.0)
        }
        return near if len(near) < len(scores) else set()


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Runs beside each other.

    Attributes:
        records: The runs.
        names: Their names, each another.
        columns: Their scores on the test split or of no data at all, taken after the training;
            other scores only where no run has such.
        warnings: What a reader must know before comparing.
    """

    records: tuple[RunRecord, ...]
    names: tuple[str, ...]
    columns: tuple[Column, ...]
    warnings: tuple[str, ...]

    def protocols(self) -> list[str]:
        """The protocols, in the order of their numbers: the first is [1]."""
        return list(dict.fromkeys(column.protocol for column in self.columns))

    def header(self, *cost: str) -> list[str]:
        """The header: the run, its scores with the numbers of their protocols, what else."""
        numbers = {protocol: f"[{i}]" for i, protocol in enumerate(self.protocols(), 1)}
        metrics = [
            " ".join(filter(None, [column.metric, arrow(column.better), numbers[column.protocol]]))
            for column in self.columns
        ]
        return ["run", *metrics, *cost]

    def notes(self) -> list[str]:
        """What the numbers of the protocols stand for."""
        return [f"[{i}] {protocol}" for i, protocol in enumerate(self.protocols(), 1)]

    def remarks(self) -> list[str]:
        """The notes of the scores, each once with the metrics and the runs it is of."""
        of: dict[str, dict[str, set[str]]] = {}
        for column in self.columns:
            for name, cell in zip(self.names, column.cells, strict=True):
                for note in cell.score.notes if cell else ():
                    of.setdefault(note, {}).setdefault(column.metric, set()).add(name)
        lines = []
        for note, metrics in of.items():
            runs = [name for name in self.names if any(name in found for found in metrics.values())]
            where = "" if len(runs) == len(self.names) else f" of {', '.join(runs)}"
            lines.append(f"{', '.join(metrics)}{where}: {note}")
        return lines

    def measured(self, place: int) -> list[str]:
        """Which models of a run its scores are of."""
        cells = [column.cells[place] for column in self.columns]
        return list(dict.fromkeys(cell.which for cell in cells if cell))

    def rows(self, best: str) -> list[list[str]]:
        """The table's rows; the best value of a column is put in place of `{}` in `best`."""
        rows = []
        for place, name in enumerate(self.names):
            row = [name]
            for column in self.columns:
                cell = column.cells[place]
                text = figure(cell.score) if cell else "-"
                row.append(best.format(text) if place in column.winners else text)
            rows.append([*row, "; ".join(self.measured(place)) or "-", *self.cost(place)])
        return rows

    def cost(self, place: int) -> list[str]:
        """What a run took: epochs and time."""
        record = self.records[place]
        return [str(record.epochs), duration(record.seconds) if record.seconds else "-"]

    def text(self) -> str:
        """The table for a terminal."""
        lines = [self.header(*COST), *self.rows("{} *")]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        table = [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in lines
        ]
        best = (
            ["* best of its column, or within the deviations of the best"]
            if any(column.winners for column in self.columns)
            else []
        )
        notes = [*self.notes(), *self.remarks()]
        return "\n".join([*table, *notes, *best, *(f"! {line}" for line in self.warnings)])

    def markdown(self) -> str:
        """The table in Markdown, the best values bold, with its notes and warnings."""
        head = self.header(*COST)
        lines = [head, ["---"] * len(head), *self.rows("**{}**")]
        table = ["| " + " | ".join(map(_escaped, line)) + " |" for line in lines]
        below = (*self.notes(), *self.remarks(), *self.warnings)
        notes = [f"- {_escaped(line)}" for line in below]
        return "\n".join([*table, "", *notes]).rstrip() + "\n"

    def csv(self) -> str:
        """The scores as CSV, a row for each run, metric and protocol.

        Numbers are whole, what a score does not say is empty, notes and details are JSON.
        """
        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, CSV_COLUMNS, lineterminator="\n")
        writer.writeheader()
        for place, record in enumerate(self.records):
            run = {
                "run": self.names[place],
                "recipe": record.config["recipe"],
                "run_epochs": record.epochs,
                "run_seconds": round(record.seconds, 1) if record.seconds else "",
            }
            for cell in (column.cells[place] for column in self.columns):
                if cell:
                    score = {
                        name: json.dumps(value) if name in ("notes", "details") else value
                        for name, value in cell.score.to_json().items()
                    }
                    writer.writerow({**run, **score, "model": cell.model, "epoch": cell.epoch})
        return buffer.getvalue()

    def html(self) -> str:
        """The table as a page, with curves over each other and pictures side by side."""
        from kgen.report.comparison_page import page

        return page(self)

    def write(self, path: str | Path, *, force: bool = False) -> Path:
        """Writes the table as its ending says: `.html`, `.md` or `.csv`.

        Raises:
            RecipeError: For another ending, or if the file exists and `force` is not set.
        """
        path = Path(path)
        writers = {".html": self.html, ".md": self.markdown, ".csv": self.csv}
        check_output(path, set(writers), force)
        text = writers[path.suffix.lower()]()
        with replacing(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
        return path


def compare(runs: Sequence[str | Path]) -> Comparison:
    """Compares runs by what their folders hold.

    Where a run has several scores of one metric and protocol, the one written last counts: what
    was measured again, or of a later epoch. Choosing the best would be choosing on the test split.

    Raises:
        RecipeError: If there are fewer than two, or a folder holds no run.
        CheckpointError: If a file of a run cannot be read.
    """
    paths = list(dict.fromkeys(Path(run).resolve() for run in runs))
    if len(paths) < 2:
        raise RecipeError("give two or more run folders to compare")
    records = tuple(read(path) for path in paths)
    names = _names(records)
    reported = [[one for one in record.scores if one.reported] for record in records]
    tested = [name for name, scores in zip(names, reported, strict=True) if scores]
    columns = _columns(reported if tested else [record.scores for record in records])
    return Comparison(records, names, columns, tuple(_warnings(records, names, columns, tested)))


def _columns(runs: Sequence[Sequence[Measured]]) -> tuple[Column, ...]:
    found: dict[tuple, dict[int, Measured]] = {}
    for place, scores in enumerate(runs):
        for measured in scores:
            key = (measured.score.metric, protocol_of(measured.score))
            found.setdefault(key, {})[place] = measured
    metrics = list(dict.fromkeys(metric for metric, _ in found))
    columns = []
    for (metric, protocol), cells in sorted(
        found.items(), key=lambda item: metrics.index(item[0][0])
    ):
        some = next(iter(cells.values())).score
        ordered = tuple(cells.get(place) for place in range(len(runs)))
        columns.append(Column(metric, protocol_text(some), some.better, ordered, protocol))
    return tuple(columns)


def _names(records: Sequence[RunRecord]) -> tuple[str, ...]:
    """The folders' names, with as many of their parents as it takes to tell them apart."""
    paths = [record.folder.path.resolve() for record in records]
    for depth in range(1, max(len(path.parts) for path in paths) + 1):
        names = ["/".join(path.parts[-depth:]) for path in paths]
        if len(set(names)) == len(names):
            break
    return tuple(names)


def _warnings(records, names, columns, tested):
    """What a reader must know before comparing, a line each."""
    yield from _split(columns)
    yield from _mixed(names, columns)
    if not columns:
        yield "no run has a score yet: kgen evaluate RUN --metrics fd,pr"
    elif not tested:
        yield "these scores are not of the test split: kgen evaluate RUN measures on it"
    else:
        for name in names:
            if name not in tested:
                yield f"{name} has no score on the test split yet: kgen evaluate measures on it"
    for name, record in zip(names, records, strict=True):
        if not record.finished:
            yield f"{name} is not finished"
        if record.config["smoke"]:
            yield f"{name} is a smoke run, no result"
    for what, of in (
        ("machines", lambda r: ", ".join(r.machines)),
        ("backends", lambda r: r.backend),
    ):
        seen = {of(record) for record in records} - {""}
        if len(seen) > 1:
            yield f"times are of different {what} and cannot be compared: {'; '.join(sorted(seen))}"


def _split(columns):
    """The metrics that stand in several columns, those that do for the same reason together."""
    reasons: dict[tuple[int, str], list[str]] = {}
    for metric in dict.fromkeys(column.metric for column in columns):
        keys = [column.key for column in columns if column.metric == metric]
        parts = zip(PROTOCOL, *keys, strict=True)
        differing = [
            f"{name} {' or '.join(_part(value) for value in dict.fromkeys(values))}"
            for name, *values in parts
            if len(set(values)) > 1
        ]
        if differing:
            reasons.setdefault((len(keys), "; ".join(differing)), []).append(metric)
    for (number, reason), metrics in reasons.items():
        stand = "stand each" if len(metrics) > 1 else "stands"
        names = ", ".join(metrics)
        yield f"{names} {stand} in {number} columns, since the protocols differ: {reason}"


def _mixed(names, columns):
    """A best model is chosen, so it may look better than another run's last one."""
    for column in columns:
        cells = zip(names, column.cells, strict=True)
        models = {name: cell.model for name, cell in cells if cell and cell.model}
        if len(set(models.values())) > 1:
            said = ", ".join(f"{model} of {name}" for name, model in models.items())
            yield f"{column.metric} is of different kinds of models: {said}"


def _part(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return f"{value:,}" if isinstance(value, int) else str(value or "none")


def _escaped(cell: str) -> str:
    """Text that Markdown shows as it is, but for what we write ourselves."""
    return cell.replace("|", "\\|").replace("<", "&lt;").replace("_", "\\_")
