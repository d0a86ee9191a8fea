"""The zoo page, `docs/zoo.md`: every recipe of this clone, with what was measured of it.

    python -m kgen.zoo add runs/dcgan_glyphs   # keeps a run's result in docs/results/, and its grid
    python -m kgen.zoo                         # writes the page anew from recipes and results

A result is what a finished run left: its scores on the test split with their protocol, its time,
its machine and its last grid. The page is made from the recipes' docstrings and these files alone;
a test fails when it is stale.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from kgen import recipe as recipes
from kgen import report
from kgen.errors import KgenError, RecipeError
from kgen.files import replacing
from kgen.metrics.score import Score
from kgen.recipe import Recipe
from kgen.report.output import duration
from kgen.report.scores import arrow, figure, protocol_text

HEAD = """# The zoo

Every recipe, and what was measured of it. Made by `python -m kgen.zoo`; do not edit it by hand.
Scores compare only where their protocols are equal. `nearest_train` is the distance of samples to
their nearest training image over that of held-out real images: 1 like unseen data, near 0 copies.
"""


def docs() -> Path:
    """The folder `docs/` of this clone.

    Raises:
        RecipeError: If kgen was installed without its clone.
    """
    place = recipes.folder().parent / "docs"
    if not place.is_dir():
        raise RecipeError(f"there is no folder {place}: the zoo page belongs to a clone of kgen")
    return place


def add(run: str | Path, place: Path, *, force: bool = False) -> Path:
    """Keeps what a run has left: `results/<run>.json` and `images/zoo/<run>.png`.

    Args:
        run: The folder of a finished run of one of kgen's own recipes.
        place: The folder `docs/`.
        force: Replace the result of a run of this name.

    Returns:
        The result's file.

    Raises:
        RecipeError: If the run is not finished, is a smoke run, was never measured on the test
            split, or is of a recipe that is not kgen's own; or if a result of its name exists.
    """
    record = report.read(run)
    name = record.name
    if not record.finished or record.config["smoke"]:
        raise RecipeError(f"{run} is a smoke run or not finished: the zoo shows whole runs")
    if record.config["recipe_file"]:
        raise RecipeError(f"{run} is of a recipe of your own; the zoo shows those of kgen")
    scores = {}
    for measured in record.scores:  # the last of each metric and protocol
        if measured.reported:
            key = (measured.score.metric, protocol_text(measured.score))
            scores[key] = {**measured.score.to_json(), "epoch": measured.epoch}
            if measured.model is not None:
                scores[key]["model"] = measured.model
    if not scores and not record.summary.get("test"):
        raise RecipeError(f"{run} was not measured on the test split: kgen evaluate {run}")
    path = place / "results" / f"{name}.json"
    if path.exists() and not force:
        raise RecipeError(f"{path} exists: --force replaces it, or give the run another name")
    result = {
        "recipe": record.config["recipe"],
        "command": record.public_command,
        "epochs": record.epochs,
        "seconds": round(record.seconds),
        "machine": "; ".join(record.machines),
        "backend": record.backend,
        "losses": record.summary.get("test", {}),
        "scores": list(scores.values()),
        "picture": _keep_picture(record, place / "images" / "zoo" / f"{name}.png"),
    }
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return path


def _keep_picture(record: report.RunRecord, path: Path) -> str | None:
    """Copies the last grid, and says where it lies beside `zoo.md`."""
    from PIL import Image

    if not record.pictures:
        return None
    kind = next(iter(record.pictures))
    _, last = max(record.pictures[kind].items())
    with Image.open(last) as picture, replacing(path) as temporary:
        picture.save(temporary, optimize=True)
    return f"images/zoo/{path.name}"


def page(place: Path) -> str:
    """The page's text, from the recipes and the results in `place`.

    Raises:
        RecipeError: If a result cannot be read, or is of a recipe that is gone.
    """
    results = _results(place)
    sections = [HEAD]
    waiting = []
    for name in recipes.names():
        recipe = recipes.find(name)
        of = {run: result for run, result in results.items() if result["recipe"] == name}
        if of:
            sections.append("\n".join(_section(recipe, of)))
        else:
            waiting.append(f"| `{name}` | {recipe.summary} | {recipe.fields.get('Result', '')} |")
    if waiting:
        table = ["## Without a kept result", "", "| recipe | | result, as its file says |",
                 "|---|---|---|", *waiting]  # fmt: skip
        sections.append("\n".join(table) + "\n")
    return "\n".join(sections)


def _results(place: Path) -> dict[str, dict[str, Any]]:
    results = {}
    for path in sorted((place / "results").glob("*.json")):
        try:
            result = json.loads(path.read_text(encoding="utf-8"))
            recipes.find(result["recipe"])
        except (ValueError, KeyError, TypeError) as error:
            raise RecipeError(f"{path} is no result of this clone's recipes: {error}") from None
        results[path.stem] = result
    return results


def _section(recipe: Recipe, results: dict[str, dict[str, Any]]) -> Iterator[str]:
    yield from (f"## {recipe.name}", "", recipe.summary, "")
    yield from (f"*Data:* {recipe.fields.get('Data', '')}  ", "")
    yield from (f"*Result:* {recipe.fields.get('Result', '')}", "")
    for run, result in results.items():
        if len(results) > 1:
            yield from (f"### {run}", "")
        if result["picture"]:
            yield from (f"![what {run} draws]({result['picture']})", "")
        yield from ("```", result["command"], "```", "")
        time = duration(result["seconds"])
        facts = [f"{result['epochs']} epochs", time, result["machine"], result["backend"]]
        yield from (", ".join(filter(None, facts)) + ".", "")
        if result["losses"]:
            losses = ", ".join(f"{name} {value:.5g}" for name, value in result["losses"].items())
            yield from (f"Losses on the test split: {losses}.", "")
        if result["scores"]:
            yield from ("| metric | value | after epoch | protocol |", "|---|---|---|---|")
            yield from map(_row, result["scores"])
            yield ""


def _row(record: dict[str, Any]) -> str:
    score = Score.from_json(record)
    name = f"{score.metric} {arrow(score.better)}".strip()
    seed = [] if score.seed is None else [f"seed {score.seed}"]
    protocol = " | ".join([protocol_text(score), *score.notes, *seed]).replace("|", "\\|")
    # The last model is what one expects; another is named.
    other = f", {record['model']}" if record.get("model") not in (None, "last") else ""
    return f"| {name} | {figure(score)} | {record['epoch']}{other} | {protocol} |"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser("python -m kgen.zoo", description="Write docs/zoo.md.")
    commands = parser.add_subparsers(dest="command")
    adding = commands.add_parser("add", help="keep the result of a run, then write the page")
    adding.add_argument("run", type=Path)
    adding.add_argument("--force", action="store_true", help="replace an earlier result")
    chosen = parser.parse_args(arguments)
    try:
        place = docs()
        if chosen.command == "add":
            print(add(chosen.run, place, force=chosen.force))
        text = page(place)
    except KgenError as error:
        print("kgen.zoo:", *str(error).split(), file=sys.stderr)
        return 2
    with replacing(place / "zoo.md") as temporary:
        temporary.write_text(text, encoding="utf-8")
    print(place / "zoo.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
