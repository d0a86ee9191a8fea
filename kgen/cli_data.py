"""`kgen data ...`: crawl, verify, faces, check. None of them imports TensorFlow or Keras."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kgen.errors import DataError

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder of pictures.")]
Pixels = Annotated[int, typer.Option(min=1, metavar="N", help="Pixels of a picture, at most.")]
Aside = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Where found files go; else FOLDER_aside.")
]

data = typer.Typer(help="Collect pictures: crawl, crop faces, check.")


def add_to(app: typer.Typer) -> None:
    """Adds the group to the application."""
    app.add_typer(data, name="data")


@data.command()
def crawl(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="New, or of a crawl before.")],
    urls: Annotated[
        list[str] | None,
        typer.Argument(metavar="[URL]...", help="Of pictures; '{001..120}' counts."),
    ] = None,
    lists: Annotated[
        list[Path] | None,
        typer.Option("--list", metavar="FILE", help="A file of URLs, one a line; repeatable."),
    ] = None,
    pages: Annotated[
        list[str] | None,
        typer.Option("--page", metavar="URL", help="A page whose pictures are wanted; repeatable."),
    ] = None,
    hosts: Annotated[
        list[str] | None,
        typer.Option("--host", help="A further host that pages may name pictures on; repeatable."),
    ] = None,
    contact: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Who you are, told to the servers.")
    ] = None,
    delay: Annotated[float, typer.Option(min=0, help="Seconds between two requests.")] = 1.0,
    retries: Annotated[int, typer.Option(min=0, help="Of a request that failed.")] = 3,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds a server may be silent.")] = 10.0,
    seconds: Annotated[float, typer.Option(min=0.1, help="Of a whole request.")] = 60.0,
    limit: Annotated[int | None, typer.Option(min=1, help="Stop after so many pictures.")] = None,
    max_bytes: Annotated[
        int, typer.Option(min=1, metavar="N", help="Bytes of a picture, at most.")
    ] = 20_000_000,
    max_pixels: Pixels = 50_000_000,
    again: Annotated[
        bool, typer.Option("--again", help="Ask also for what was refused for good before.")
    ] = False,
) -> None:
    """Fetch the pictures you name, as robots.txt allows; run it again to go on."""
    _need("requests", "protego")
    from kgen.collect import crawling
    from kgen.collect.addresses import read_list
    from kgen.collect.fetching import Fetcher
    from kgen.collect.transport import Transport

    patterns = [*(urls or []), *(line for file in lists or [] for line in read_list(file))]
    transport = Transport(crawling.user_agent(contact), timeout, seconds)
    crawled = crawling.crawl(
        folder,
        patterns,
        pages=pages or [],
        hosts=hosts or [],
        limit=limit,
        max_bytes=max_bytes,
        max_pixels=max_pixels,
        again=again,
        fetcher=Fetcher(transport, delay, retries),
        tell=typer.echo,
    )
    typer.echo(crawled)


@data.command()
def verify(folder: Folder, aside: Aside = None) -> None:
    """Hold a crawled folder against the checksums of its manifest."""
    from kgen.collect.verifying import verify

    found = verify(folder, aside)
    for line in found.problems:
        typer.echo(line)
    if found.problems:
        raise DataError(f"{len(found.problems)} files of {folder} are not as its manifest says")
    moved = f", {found.aside:,} moved aside" if found.aside else ""
    typer.echo(f"{found.whole:,} files are as the manifest says{moved}")


@data.command()
def faces(
    folder: Folder,
    output: Annotated[Path, typer.Argument(metavar="FACES", help="New, or of a call before.")],
    cascade: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A cascade of OpenCV, e.g. lbpcascade_animeface.xml."),
    ] = None,
    detector: Annotated[
        str | None,
        typer.Option(metavar="MODULE:FUNCTION", help="Your own, from a picture to boxes."),
    ] = None,
    margin: Annotated[float, typer.Option(help="Around a face, as a share of its side.")] = 0.25,
    size: Annotated[int, typer.Option(min=8, help="Pixels of a side of the results.")] = 96,
    keep_size: Annotated[
        bool, typer.Option("--keep-size", help="Leave each face its own size.")
    ] = False,
    smallest: Annotated[int, typer.Option(min=1, help="Pixels of the smallest face.")] = 24,
    max_pixels: Pixels = 50_000_000,
) -> None:
    """Cut the faces out of pictures; run it again to go on."""
    if (cascade is None) == (detector is None):
        raise DataError("give --cascade FILE, or --detector MODULE:FUNCTION of your own")
    from kgen.collect import detectors
    from kgen.collect.faces import crop_faces

    found = detectors.find(detector) if detector else detectors.Cascade(cascade, smallest)
    cropped = crop_faces(
        folder,
        output,
        found,
        margin=margin,
        size=None if keep_size else size,
        smallest=smallest,
        max_pixels=max_pixels,
        settings={"detector": detector or cascade.name},
        tell=typer.echo,
    )
    for name, reason in cropped.broken.items():
        typer.echo(f"broken: {name}: {reason}")
    typer.echo(cropped)


@data.command()
def check(
    folder: Folder,
    aside: Aside = None,
    smallest: Annotated[int, typer.Option(min=1, help="Pixels of the shorter side.")] = 48,
    near: Annotated[
        int, typer.Option(min=-1, help="Bits of 63 in which doubles may differ; -1: bytes only.")
    ] = 4,
    max_pixels: Pixels = 50_000_000,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what is found.")] = False,
) -> None:
    """Move broken, small and doubled pictures aside, with a report."""
    from kgen.collect.checking import check

    checked = check(
        folder,
        aside=aside,
        smallest=smallest,
        near=None if near < 0 else near,
        max_pixels=max_pixels,
        dry_run=dry_run,
    )
    for line in checked.lines():
        typer.echo(line)
    typer.echo(checked)
    if checked.report:
        typer.echo(f"moved to {checked.aside}: see {checked.report}")


def _need(*modules: str) -> None:
    from importlib.util import find_spec

    missing = [module for module in modules if find_spec(module) is None]
    if missing:
        raise DataError(f"this needs {' and '.join(missing)}: pip install 'kgen-keras[collect]'")
