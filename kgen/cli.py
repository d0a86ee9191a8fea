"""The command `kgen`: list, train, sample, export, and those of the modules `kgen.cli_...`.

What the user did wrong (a `KgenError`, or an argument that does not exist) ends in one line on
stderr and exit code 2, Ctrl-C in 130, anything unexpected in one line and 1; `--debug` shows the
traceback. TensorFlow and Keras are imported only by the commands that train or load a model.
"""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer

from kgen import cli_data, cli_explore, cli_sample, cli_scores, cli_translate
from kgen import recipe as recipes
from kgen.errors import KgenError
from kgen.version import __version__

# The base of all refusals of an argument. It has no public name in typer, and which package it
# comes from depends on typer's version.
USAGE_ERROR = typer.BadParameter.__base__

app = typer.Typer(
    help="Train, measure, sample and export generative models.",
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"kgen {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an error (anywhere in the line).")
    ] = False,
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_say_version, help="Show the version."),
    ] = False,
) -> None:
    """Train, measure, sample and export generative models."""


@app.command("list")
def list_recipes() -> None:
    """List the recipes: name, what it trains, and whether its result was measured."""
    names = recipes.names()
    width = max(map(len, names), default=0)
    for name in names:
        recipe = recipes.find(name)
        mark = "measured" if recipe.measured else "not yet measured"
        typer.echo(f"{name:{width}}  {recipe.summary} [{mark}]")


@app.command()
def train(
    recipe: Annotated[str, typer.Argument(help="A name of `kgen list`, or a Python file.")],
    smoke: Annotated[
        bool, typer.Option("--smoke", help="A run of seconds on built-in data.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on after the last whole epoch, exactly.")
    ] = False,
    epochs: Annotated[
        str | None, typer.Option(metavar="N", help="Epochs of the whole run.")
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="A folder of images, a text file or a TFDS name."),
    ] = None,
    data_dir: Annotated[
        str | None, typer.Option(metavar="DIR", help="Where TFDS data lie ready.")
    ] = None,
    image_size: Annotated[str | None, typer.Option(metavar="N", help="Pixels of a side.")] = None,
    seed: Annotated[
        str | None, typer.Option(metavar="N", help="Seed of the weights, noise and order.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Any option of the recipe; repeatable."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The run folder; else runs/<name>.")
    ] = None,
    saved_models: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where exports go; else saved_models."),
    ] = None,
) -> None:
    """Train a recipe in a run folder, and export the model as a SavedModel."""
    found = recipes.find(recipe)
    _import_quietly()
    shortcuts = {
        "epochs": epochs,
        "data": data,
        "data_dir": data_dir,
        "image_size": image_size,
        "seed": seed,
    }
    given = [f"{name}={value}" for name, value in shortcuts.items() if value is not None]
    options = found.parse([*(settings or []), *given])

    from kgen import run
    from kgen.report.output import duration

    outcome = run.train(
        found,
        options,
        smoke=smoke,
        resume=resume,
        output=output,
        saved_models=saved_models,
        verbose="auto" if sys.stdout.isatty() else 2,
        tell=typer.echo,
    )
    if outcome.seconds:
        typer.echo(f"trained for {duration(outcome.seconds)}")
    rows = outcome.table()
    width = max(len(what) for what, _ in rows)
    for what, place in rows:
        typer.echo(f"  {what:{width}}  {place}")


@app.command()
def export(
    run: Annotated[Path, typer.Argument(help="A run folder or a .keras file.")],
    uint8: Annotated[
        bool, typer.Option("--uint8", help="Images enter and leave as uint8 0..255.")
    ] = False,
    saved_models: Annotated[
        Path, typer.Option(metavar="DIR", help="Where exports go, as <name>/<next version>.")
    ] = Path("saved_models"),
) -> None:
    """Export a trained model as a SavedModel, and read it back without kgen."""
    _import_quietly()
    from kgen import run as running

    name = (run.resolve() if run.is_dir() else run).stem
    path, differences = running.export_model(running.load(run), saved_models / name, uint8=uint8)
    typer.echo(path)
    for signature, difference in differences.items():
        typer.echo(f"  {signature:16}largest difference {difference:.1e}")


def _import_quietly() -> None:
    """Imports TensorFlow without the notes on stderr that no setting of its own silences."""
    stderr = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        with contextlib.suppress(ImportError):  # whoever needs it will say so
            import tensorflow  # noqa: F401
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)


cli_data.add_to(app)
cli_sample.add_to(app, _import_quietly)
cli_scores.add_to(app, _import_quietly)
cli_translate.add_to(app, _import_quietly)
cli_explore.add_to(app, _import_quietly)


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line and exits with its code."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in arguments
    arguments = [argument for argument in arguments if argument != "--debug"] or ["--help"]
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # the C++ side's start-up notes
    try:
        # Not standalone: typer would frame its messages and call other errors its own.
        code = app(arguments, prog_name="kgen", standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(130)
    except USAGE_ERROR as error:
        command = error.ctx.command_path if error.ctx else "kgen"
        _say(f"{error.format_message().rstrip('.')}: {command} --help shows what it takes")
        sys.exit(2)
    except Exception as error:
        users = isinstance(error, KgenError)
        if debug:
            traceback.print_exc()
        else:
            kind = type(error).__name__
            _say(str(error) if users else f"{kind}: {error} (--debug shows where)")
        # A file or folder that cannot be read or written is the user's to mend as well.
        sys.exit(2 if users or isinstance(error, OSError) else 1)
    sys.exit(code)


def _say(message: str) -> None:
    """Prints a message as one line."""
    print("kgen:", *message.split(), file=sys.stderr)
