"""A run as one page: how it was trained, what it drew, what it scored."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from kgen.files import replacing
from kgen.report.charts import evenly, shown
from kgen.report.curves import history_charts, score_charts
from kgen.report.frames import slider
from kgen.report.html import Html, document, join, table, tag, unbroken
from kgen.report.output import check_output, duration
from kgen.report.record import RunRecord, read, typed
from kgen.report.scores import figure, protocol_text
from kgen.report.texts import sections
from kgen.scores_file import Measured

MOST_ROWS = 200  # of the table of numbers, and of the list of files left out


def write(run: str | Path, output: str | Path | None = None, *, force: bool = False) -> Path:
    """Writes the page of a run.

    Args:
        run: The run folder.
        output: The file; by default `report.html` in the folder, which is made anew each time.
        force: Replace `output` if it exists.

    Returns:
        The file.

    Raises:
        RecipeError: If the folder holds no run, or `output` exists.
        CheckpointError: If one of the run's files cannot be read.
    """
    record = read(run)
    path = record.folder.report if output is None else Path(output)
    if output is not None:
        check_output(path, {".html"}, force)
    text = page(record)
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return path


def page(record: RunRecord) -> str:
    """The page as text."""
    return document(
        f"{record.name} - kgen",
        *_head(record),
        *_scores(record),
        *_pictures(record),
        *_texts(record),
        *_curves(record),
        *_how(record),
        tag("footer", "Made by kgen from the files of the run; it loads nothing from elsewhere."),
    )


def _head(record: RunRecord) -> Iterable[Html]:
    yield tag("h1", record.name)
    if summary := record.recipe_summary:
        yield tag("p", summary)
    wanted = record.epochs_wanted
    facts = [
        f"recipe {record.config['recipe']}",
        "finished" if record.finished else "not finished",
        f"{record.epochs} of {wanted} epochs" if wanted else f"{record.epochs} epochs",
        duration(record.seconds) if record.seconds else None,
        *record.machines,
        record.backend,
    ]
    yield tag("ul", *(tag("li", fact) for fact in facts if fact), class_="facts")
    if record.config["smoke"]:
        yield tag("p", "A smoke run: seconds on built-in data, no result.", class_="warning")


def _scores(record: RunRecord) -> Iterable[Html]:
    yield tag("h2", "Scores")
    tables: dict[str, list[list[object]]] = {}
    chosen: dict[tuple[str, str], list[Measured]] = {}
    for measured in record.scores:
        protocol = protocol_text(measured.score)
        if measured.while_training:
            chosen.setdefault((protocol, measured.score.metric), []).append(measured)
        else:
            rows = tables.setdefault(f"{protocol}, seed {measured.score.seed}", [])
            rows.append(_score_row(measured))
    for protocol, rows in tables.items():
        yield table(["metric", "value", "model"], rows, protocol)
    if not any(measured.reported for measured in record.scores):
        usual = "bleu,nll" if record.texts else "fd,pr"
        advice = f"kgen evaluate {record.folder.path} --metrics {usual}"
        yield tag("p", "Not yet measured on the test split: ", tag("code", advice), class_="faint")
    if test := record.summary.get("test"):
        rows = [[name, shown(value)] for name, value in test.items()]
        yield table(["loss", "value"], rows, "Losses on the test split")
    if chosen:
        yield tag("h3", "During training, on the validation split: what models are chosen by")
        tables = {}
        for (protocol, _), series in chosen.items():
            row = [_named(series[-1]), figure(series[-1].score), _best_of(series)]
            tables.setdefault(protocol, []).append(row)
        for protocol, rows in tables.items():
            yield table(["metric", "last", "best"], rows, protocol)


def _named(measured: Measured) -> Html:
    better = measured.score.better
    return join(measured.score.metric, tag("small", f"{better} is better") if better else None)


def _score_row(measured: Measured) -> list[object]:
    details = [f"{name} {shown(value)}" for name, value in measured.score.details.items()]
    more = ", ".join([*details, *measured.score.notes])
    value = join(unbroken(figure(measured.score)), tag("small", more) if more else None)
    return [_named(measured), value, measured.which]


def _best_of(series: list[Measured]) -> str:
    if series[-1].score.better is None:
        return ""
    pick = min if series[-1].score.better == "lower" else max
    best = pick(series, key=lambda measured: measured.score.value)
    return f"{figure(best.score)} after epoch {best.epoch}"


def _pictures(record: RunRecord) -> Iterable[Html]:
    if record.pictures:
        yield tag("h2", "Pictures")
        films = [slider(kind, by_epoch) for kind, by_epoch in record.pictures.items()]
        yield tag("div", *films, class_="films")


def _texts(record: RunRecord) -> Iterable[Html]:
    for kind, by_epoch in record.texts.items():
        yield tag("h2", kind.capitalize())
        yield from sections(by_epoch)


def _curves(record: RunRecord) -> Iterable[Html]:
    alone = [("", record)]
    charts = [*score_charts(alone), *history_charts(alone)]
    if not charts:
        return
    yield tag("h2", "Curves")
    yield tag("div", *charts, class_="grid")
    names = list(dict.fromkeys(name for row in record.history for name in row))
    kept = evenly(record.history, MOST_ROWS)
    rows = [[shown(row[name]) if name in row else "" for name in names] for row in kept]
    of = f" ({len(kept)} of {len(record.history)} rows)" if len(kept) < len(record.history) else ""
    yield tag("details", tag("summary", f"The numbers{of}"), table(names, rows, "history.csv"))


def _how(record: RunRecord) -> Iterable[Html]:
    yield tag("h2", "How it was run")
    yield tag("pre", record.command)
    changed = record.config.get("changed", {})
    rows = [
        [name, join(typed(value), tag("small", "changed") if name in changed else None)]
        for name, value in record.config["options"].items()
    ]
    versions = record.config["versions"].items()
    yield tag(
        "div",
        table(["option", "value"], rows, "Options"),
        table(["package", "version"], [list(pair) for pair in versions], "Versions"),
        class_="grid",
    )
    if record.sessions:
        yield table(
            ["started", "epochs", "time", "machine"],
            [_session_row(session) for session in record.sessions],
            "Sessions: each process that trained the run",
        )
    if skipped := record.summary.get("skipped"):
        items = [tag("li", text) for text in skipped[:MOST_ROWS]]
        if more := len(skipped) - len(items):
            items.append(tag("li", f"and {more:,} more, named in {record.folder.summary.name}"))
        yield tag("details", tag("summary", f"{len(skipped):,} files left out"), tag("ul", *items))


def _session_row(session: dict) -> list[object]:
    from kgen import machine

    epochs = [row["epoch"] for row in session["epochs"]]
    seconds = sum(row["seconds"] for row in session["epochs"])
    return [
        session["started"].replace("T", " "),
        f"{epochs[0]} to {epochs[-1]}" if epochs else "none finished",
        duration(seconds),
        machine.in_words(session["machine"]),
    ]
