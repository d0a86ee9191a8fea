"""The commands of `kgen explore RUN`: pictures of a trained model's latent space and of its units.

Each draws one picture. Images are samples, or with `--real` some of the run's test split, or with
`--images` the user's own; their latents are the encoder's, or found by gradient descent.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kgen.errors import DataError, RecipeError

if TYPE_CHECKING:
    from kgen.explorer import Explorer

Output = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="FILE", help="The picture; else <command>.png."),
]
Force = Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")]
Real = Annotated[bool, typer.Option("--real", help="Of images of the run's data, not samples.")]
Images = Annotated[
    Path | None,
    typer.Option("--images", metavar="PATH", help="Of images of your own: a folder or a file."),
]
Label = Annotated[
    int | None, typer.Option("--label", min=0, help="The class of them, of conditional models.")
]
Split = Annotated[str, typer.Option(help="Of the run's data: test, validation or train.")]
Seed = Annotated[int, typer.Option(min=0, help="The seed of samples, and of the choice of images.")]
Steps = Annotated[int, typer.Option(min=2, help="Columns from one end to the other.")]


def add_to(app: typer.Typer, import_quietly: Callable[[], None]) -> None:
    """Adds the group of commands to the application."""
    explore = typer.Typer(help="Look into a trained model: kgen explore RUN interpolate, ...")
    app.add_typer(explore, name="explore")

    @explore.callback()
    def _run(
        context: typer.Context,
        run: Annotated[Path, typer.Argument(help="A run folder or a .keras file.")],
    ) -> None:
        """Look into a trained model: kgen explore RUN interpolate, ..."""
        context.obj = run

    def opened(context: typer.Context, output: Path | None, force: bool) -> Explorer:
        target = output or Path(f"{context.info_name}.png")
        if target.suffix.lower() != ".png":
            raise RecipeError(f"pictures are drawn as PNG, not as {target}: end the name in .png")
        if target.exists() and not force:
            raise RecipeError(f"{target} exists: give another name with -o, or --force")
        import_quietly()
        from kgen.explorer import Explorer

        return Explorer(context.obj, target, tell=lambda line: typer.echo(line, err=True))

    @explore.command()
    def interpolate(
        context: typer.Context,
        n: Annotated[int, typer.Option("-n", min=1, help="Rows.")] = 6,
        steps: Steps = 9,
        way: Annotated[
            str, typer.Option("--path", help="prior (as its latents lie), linear or spherical.")
        ] = "prior",
        real: Real = False,
        images: Images = None,
        label: Label = None,
        split: Split = "test",
        seed: Seed = 0,
        output: Output = None,
        force: Force = False,
    ) -> None:
        """What lies between two samples, or between two real images."""
        it = opened(context, output, force)
        from kgen import latent

        seen, codes = it.codes(2 * n, real, images, label, split, seed)
        ends = latent.rows_of(codes, slice(0, n)), latent.rows_of(codes, slice(n, None))
        pair = None if seen is None else (seen[:n], seen[n:])
        typer.echo(
            it.draw(latent.interpolate(it.space, *ends, steps=steps, method=way, images=pair))
        )

    @explore.command()
    def arithmetic(
        context: typer.Context,
        with_it: Annotated[
            Path | None,
            typer.Option("--with", metavar="PATH", help="Images that have the attribute."),
        ] = None,
        without: Annotated[
            Path | None, typer.Option("--without", metavar="PATH", help="Images that have it not.")
        ] = None,
        classes: Annotated[
            str | None,
            typer.Option("--classes", metavar="NAMES", help="Or: classes of the run's data."),
        ] = None,
        method: Annotated[
            str, typer.Option(help="mean (of one group minus the other) or linear (classifier).")
        ] = "mean",
        strengths: Annotated[
            str, typer.Option(metavar="NUMBERS", help="How often the direction is added.")
        ] = "0,0.5,1,1.5",
        of: Annotated[
            int | None,
            typer.Option("--of", min=2, help="Training images for --classes; else 2000 or all."),
        ] = None,
        n: Annotated[int, typer.Option("-n", min=1, help="Rows.")] = 6,
        real: Real = False,
        images: Images = None,
        label: Label = None,
        split: Split = "test",
        seed: Seed = 0,
        output: Output = None,
        force: Force = False,
    ) -> None:
        """Add an attribute to images: mean(with) - mean(without), in latents."""
        groups = with_it is not None and without is not None
        if groups == (classes is not None) or (with_it is None) != (without is None):
            raise RecipeError("give --with and --without, two groups of images, or --classes")
        amounts = _numbers(strengths, float)
        it = opened(context, output, force)
        from kgen import latent

        if groups:
            pair = [it.latents(it.own(path), label) for path in (with_it, without)]
            vector = latent.direction(*pair, method=method)
        else:
            vector = it.direction(classes, of, method)
        seen, codes = it.codes(n, real, images, label, split, seed)
        typer.echo(it.draw(latent.moved(it.space, codes, vector, amounts, seen)))

    @explore.command()
    def neighbours(
        context: typer.Context,
        n: Annotated[int, typer.Option("-n", min=1, help="Rows.")] = 6,
        k: Annotated[int, typer.Option("-k", min=1, help="Neighbours of each.")] = 8,
        space: Annotated[str, typer.Option(help="latents, features or pixels.")] = "latents",
        metric: Annotated[str, typer.Option(help="euclidean or cosine.")] = "euclidean",
        among: Annotated[
            str, typer.Option("--among", help="The split that is searched: train, ...")
        ] = "train",
        index: Annotated[
            Path | None,
            typer.Option(metavar="FILE", help="The .npz to keep its vectors in, or to take."),
        ] = None,
        real: Annotated[
            bool, typer.Option("--real/--samples", help="Of real images, or of samples.")
        ] = True,
        images: Images = None,
        label: Label = None,
        split: Split = "test",
        seed: Seed = 0,
        output: Output = None,
        force: Force = False,
    ) -> None:
        """The images of the data nearest to others, in latents, features or pixels."""
        it = opened(context, output, force)
        from kgen import latent

        found = None
        if index is not None and index.exists():
            found = latent.NeighbourIndex.load(index, it.model)
            if found.space != space:
                raise DataError(f"{index} is of {found.space}: give --space {found.space}")
        labelled = it.sees_by_class(space)
        searched = it.data(among, labelled)
        if found is None:
            found = latent.NeighbourIndex.build(it.model, searched.batches(), space, searched.name)
            if index is not None:
                found.save(index)
        table = found.check(searched.batches())
        if real or images is not None:
            seen, labels = it.images(n, images, label, split, seed, labelled)
        else:
            seen, labels = it.samples(n, label, seed)
        picture, rows, distances = latent.nearest_images(
            it.model, found, seen, table, k, metric, labels
        )
        for row, numbers in enumerate(rows):
            pairs = zip(numbers, distances[row], strict=True)
            typer.echo(f"{row}: " + ", ".join(f"{each} ({far:.3g})" for each, far in pairs))
        typer.echo(it.draw(picture))

    @explore.command()
    def traverse(
        context: typer.Context,
        coordinates: Annotated[
            str,
            typer.Option(
                metavar="NUMBERS", help="0,3,...; all; or by default the ten that change most."
            ),
        ] = "most",
        code: Annotated[
            str | None, typer.Option(metavar="NAME", help="Which input; else the first latents.")
        ] = None,
        low: Annotated[
            float | None, typer.Option(help="The lowest value; else the prior's.")
        ] = None,
        high: Annotated[float | None, typer.Option(help="The highest value.")] = None,
        steps: Steps = 9,
        real: Real = False,
        images: Images = None,
        label: Label = None,
        split: Split = "test",
        seed: Seed = 0,
        output: Output = None,
        force: Force = False,
    ) -> None:
        """One coordinate of a code over a range, a row for each."""
        chosen = coordinates if coordinates in ("most", "all") else _numbers(coordinates, int)
        it = opened(context, output, force)
        from kgen import latent

        _, codes = it.codes(1, real, images, label, split, seed)
        span = {"name": code, "low": low, "high": high}
        if chosen == "most" and (code is None or code in it.space.latents):
            chosen = latent.by_effect(it.space, codes, **span)[:10]
        chosen = None if isinstance(chosen, str) else chosen
        typer.echo(it.draw(latent.traverse(it.space, codes, chosen, steps=steps, **span)))

    @explore.command()
    def truncation(
        context: typer.Context,
        values: Annotated[
            str, typer.Option(metavar="NUMBERS", help="A row for each.")
        ] = "0.1,0.3,0.5,0.7,1,2",
        method: Annotated[
            str, typer.Option(help="resample (latents within the value) or scale (by it).")
        ] = "resample",
        n: Annotated[int, typer.Option("-n", min=1, help="Columns.")] = 8,
        label: Label = None,
        seed: Seed = 0,
        output: Output = None,
        force: Force = False,
    ) -> None:
        """Samples with latents nearer and nearer to the middle of the prior."""
        sweep = _numbers(values, float)
        it = opened(context, output, force)
        from kgen import latent

        typer.echo(
            it.draw(latent.truncation(it.space, sweep, n, method=method, seed=seed, labels=label))
        )

    @explore.command()
    def classes(
        context: typer.Context,
        n: Annotated[int, typer.Option("-n", min=1, help="Columns.")] = 8,
        real: Real = False,
        images: Images = None,
        label: Label = None,
        split: Split = "test",
        seed: Seed = 0,
        output: Output = None,
        force: Force = False,
    ) -> None:
        """The same latents under each class."""
        it = opened(context, output, force)
        from kgen import latent

        seen, codes = it.codes(n, real, images, label, split, seed)
        names = it.class_names(split) if real else None
        typer.echo(it.draw(latent.classes(it.space, codes, images=seen, names=names)))

    @explore.command()
    def invert(
        context: typer.Context,
        n: Annotated[int, typer.Option("-n", min=1, help="Images.")] = 6,
        steps: Annotated[int, typer.Option(min=1, help="Of gradient descent.")] = 300,
        restarts: Annotated[int, typer.Option(min=1, help="Random starts for each.")] = 4,
        rate: Annotated[float, typer.Option(help="Adam's rate at the start.")] = 0.1,
        feature_weight: Annotated[
            float, typer.Option(help="Of the difference in the model's features.")
        ] = 0.0,
        prior_weight: Annotated[float, typer.Option(help="Of the latents' squares.")] = 0.0,
        images: Images = None,
        label: Label = None,
        split: Split = "test",
        seed: Seed = 0,
        output: Output = None,
        force: Force = False,
    ) -> None:
        """Find the latents of images by gradient descent, and say the error that remains."""
        it = opened(context, output, force)
        from kgen import latent

        seen, labels = it.images(n, images, label, split, seed, it.space.takes_labels)
        found = latent.invert(
            it.space,
            seen,
            labels=labels,
            steps=steps,
            restarts=restarts,
            rate=rate,
            feature_weight=feature_weight,
            prior_weight=prior_weight,
            seed=seed,
        )
        typer.echo("RMS error of pixels: " + ", ".join(f"{e:.3f}" for e in found.errors))
        typer.echo(it.draw(found.table(seen)))

    @explore.command()
    def complete(
        context: typer.Context,
        n: Annotated[int, typer.Option("-n", min=1, help="Rows.")] = 6,
        missing: Annotated[
            str, typer.Option(help="lower, upper, left or right half, or the middle.")
        ] = "lower",
        mask: Annotated[
            Path | None,
            typer.Option(metavar="FILE", help="Or: a picture, black where pixels are missing."),
        ] = None,
        draws: Annotated[int, typer.Option(min=1, help="How often each is completed.")] = 4,
        images: Images = None,
        label: Label = None,
        split: Split = "test",
        seed: Seed = 0,
        output: Output = None,
        force: Force = False,
    ) -> None:
        """Real images of which a part is missing, and what the model puts there."""
        it = opened(context, output, force)
        from kgen import latent

        height, width, channels = latent.completed_shape(it.model)
        if mask is None:
            known = latent.mask_without(missing, height, width)
        else:
            known = it.own(mask, 1, (height, width, 1))[0, ..., 0] > 0
        # A model that tells classes apart by itself need not be told them.
        takes = it.model.capabilities
        labelled = "labels" in takes["complete"] and "classify" not in takes
        shape = (height, width, channels)
        seen, labels = it.images(n, images, label, split, seed, labelled, shape)
        labels = label if label is not None else labels
        typer.echo(it.draw(latent.completions(it.model, seen, known, draws, labels, seed)))

    @explore.command()
    def chains(
        context: typer.Context,
        n: Annotated[int, typer.Option("-n", min=1, help="Rows.")] = 6,
        label: Annotated[
            int | None, typer.Option("--label", min=0, help="The class of all; else each in turn.")
        ] = None,
        steps: Steps = 9,
        seed: Seed = 0,
        output: Output = None,
        force: Force = False,
    ) -> None:
        """What the chains of a PPGN go through, from the start to the sample."""
        it = opened(context, output, force)
        from kgen import latent

        typer.echo(it.draw(latent.chains(it.model, n, label, seed, steps)))

    @explore.command()
    def responses(
        context: typer.Context,
        layer: Annotated[
            str | None, typer.Option(metavar="NAME", help="Else the last one that gives maps.")
        ] = None,
        units: Annotated[
            str | None, typer.Option(metavar="NUMBERS", help="Else the eight that vary most.")
        ] = None,
        network: Annotated[
            str | None, typer.Option(metavar="NAME", help="Else the first that takes images.")
        ] = None,
        top: Annotated[int, typer.Option(min=1, help="Images for each unit.")] = 8,
        saliency: Annotated[str, typer.Option(help="guided or plain.")] = "guided",
        images: Images = None,
        split: Split = "test",
        output: Output = None,
        force: Force = False,
    ) -> None:
        """The images that excite a layer's units most, and which of their pixels do."""
        chosen = None if units is None else _numbers(units, int)
        it = opened(context, output, force)
        from kgen import latent

        shape = latent.image_shape(it.model, network)
        seen = it.data(split).batches() if images is None else it.own(images, shape=shape)
        found = latent.unit_responses(
            it.model, seen, layer, chosen, network=network, top=top, saliency=saliency
        )
        typer.echo(it.draw(found.table))

    @explore.command()
    def filters(
        context: typer.Context,
        network: Annotated[
            str | None, typer.Option(metavar="NAME", help="Else the first that takes images.")
        ] = None,
        limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 64,
        output: Output = None,
        force: Force = False,
    ) -> None:
        """The filters of a network's first layer."""
        it = opened(context, output, force)
        from kgen import latent

        typer.echo(it.draw(latent.filters(it.model, network, limit)))


def _numbers(text: str, kind: type) -> list:
    try:
        return [kind(part) for part in text.split(",") if part.strip()]
    except ValueError:
        said = "whole numbers" if kind is int else "numbers"
        raise RecipeError(f"{text!r}: give {said} with commas between") from None
