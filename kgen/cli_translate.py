"""`kgen translate`: a folder of images through a trained model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer


def add_to(app: typer.Typer, import_quietly: Callable[[], None]) -> None:
    """Adds the command to the application."""

    @app.command()
    def translate(
        run: Annotated[Path, typer.Argument(help="A run folder or a .keras file.")],
        source: Annotated[Path, typer.Argument(metavar="IN_FOLDER", help="Images of any size.")],
        target: Annotated[Path, typer.Argument(metavar="OUT_FOLDER", help="Where they go.")],
        domain: Annotated[
            str | None,
            typer.Option(metavar="NAME", help="Into which: a or b, a class, or attributes 0,1,1."),
        ] = None,
        direction: Annotated[
            str | None, typer.Option(metavar="ab|ba", help="Of two sides; ab is into b.")
        ] = None,
        tile: Annotated[
            int | None, typer.Option(min=1, help="Pixels of a tile, for networks of any size.")
        ] = None,
        overlap: Annotated[
            int | None, typer.Option(min=0, help="Pixels that tiles share; else a quarter.")
        ] = None,
        force: Annotated[bool, typer.Option("--force", help="Replace files that exist.")] = False,
        max_pixels: Annotated[
            int | None, typer.Option(min=1, metavar="N", help="Of an image; larger are skipped.")
        ] = None,
    ) -> None:
        """Translate the images of a folder, under their names."""
        import_quietly()
        from kgen import run as running
        from kgen.translating import Way, translate_folder

        way = Way(running.load(run), domain, direction, lambda: _class_names(run))
        limit = {} if max_pixels is None else {"max_pixels": max_pixels}
        translated = translate_folder(
            way, source, target, tile=tile, overlap=overlap, force=force, tell=typer.echo, **limit
        )
        typer.echo(translated)


def _class_names(run: Path) -> tuple[str, ...] | None:
    """The names of the classes in a run's data, which its recipe loads."""
    if not run.is_dir():
        return None
    from kgen.run import build
    from kgen.run_evaluation import recipe_of
    from kgen.run_folder import RunFolder

    folder = RunFolder(run)
    recipe = recipe_of(folder)
    return build(recipe, folder.resumed_options(recipe, {})).data.class_names
