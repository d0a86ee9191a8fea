"""`kgen sample`: pictures, sounds or texts of a trained model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from kgen.errors import RecipeError
from kgen.files import write_lines


def add_to(app: typer.Typer, import_quietly: Callable[[], None]) -> None:
    """Adds the command to the application."""

    @app.command()
    def sample(
        run: Annotated[Path, typer.Argument(help="A run folder or a .keras file.")],
        n: Annotated[
            int | None,
            typer.Option("-n", min=1, help="How many; else 64, and 8 of what is made from data."),
        ] = None,
        seed: Annotated[int, typer.Option(help="The seed of the latents.")] = 0,
        output: Annotated[
            Path | None,
            typer.Option(
                "-o",
                "--output",
                metavar="FILE",
                help="The picture; of sounds, the folder; of texts, a .txt. Else samples.png, "
                "samples, or texts on the screen.",
            ),
        ] = None,
        label: Annotated[
            int | None, typer.Option(help="The class to sample, for conditional models.")
        ] = None,
        length: Annotated[
            int | None, typer.Option(min=1, help="Samples of a sound, for models of sound.")
        ] = None,
    ) -> None:
        """Draw samples of a trained model: images as a grid, sounds as WAV files, texts as lines.

        Of a model that translates: images of its run's data, with their translations below them.
        Of a vocoder: the sounds that it makes of the spectrograms of its run's test data.
        """
        import_quietly()
        from kgen import plotting, sounds
        from kgen import run as running

        model = running.load(run)
        translates = "sample" not in model.capabilities and "translate" in model.capabilities
        if translates:
            for option, value in {
                "--seed": seed or None,
                "--label": label,
                "--length": length,
            }.items():
                if value is not None:
                    raise RecipeError(f"the model of {run} translates images: leave {option} out")
        elif "sample" not in model.capabilities:
            raise RecipeError(
                f"the model of {run} cannot sample: it can {', '.join(model.capabilities)}"
            )
        arguments = model.capabilities.get("sample", ())
        if label is not None and "labels" not in arguments:
            raise RecipeError(f"the model of {run} draws no classes: leave --label out")
        if length is not None and "length" not in arguments:
            raise RecipeError(f"the model of {run} draws no sounds: leave --length out")
        if length is not None and "features" in arguments:
            raise RecipeError(
                "the sounds are as long as what they are made from: leave --length out"
            )
        if hasattr(model, "texts"):
            _write_texts(model.texts(model.sample(n or 64, seed=seed)), output)
            return
        of_sound = hasattr(model, "sample_rate")
        output = output or Path("samples" if of_sound else "samples.png")
        if of_sound and output.suffix:
            raise RecipeError(f"sounds go into a folder, not into {output}: leave out the ending")
        if not of_sound and output.suffix.lower() != ".png":
            raise RecipeError(f"samples are drawn as PNG, not as {output}: end the name in .png")
        _refuse_existing(output)
        if translates:
            picture = _translations(run, model, n or 8)
            typer.echo(plotting.save_image(picture, output))
            return
        wanted = _held_out_features(run, n or 8) if "features" in arguments else {}
        n = len(wanted["features"]) if wanted else n or 64
        wanted |= {} if label is None else {"labels": [label] * n}
        wanted |= {} if length is None else {"length": length}
        samples = model.sample(n, seed=seed, **wanted)
        if of_sound:
            typer.echo(sounds.save_sounds(samples, output, model.sample_rate))
            return
        if samples.ndim != 4:
            raise RecipeError(
                f"the model of {run} draws arrays of shape {samples.shape[1:]}, not images: sample "
                "it in Python, kgen.run.load(...).sample(n)"
            )
        typer.echo(plotting.save_image(plotting.grid(samples), output))


def _write_texts(texts: list[str], output: Path | None) -> None:
    """Texts as lines of a file, or on the screen."""
    if output is None:
        typer.echo("\n".join(texts))
        return
    if output.suffix.lower() != ".txt":
        raise RecipeError(f"texts are written as text, not as {output}: end the name in .txt")
    _refuse_existing(output)
    typer.echo(write_lines(output, texts))


def _held_out_features(run: Path, n: int) -> dict:
    """What a model such as a vocoder is given: features, and labels, of test examples."""
    from kgen import run_callbacks

    conditions = run_callbacks.held_out(_data_of(run), n, "test")[1]
    return conditions if isinstance(conditions, dict) else {"features": conditions}


def _data_of(run: Path):
    """The data that the run was trained on."""
    from kgen import run_images

    if run.is_file():
        raise RecipeError(
            f"{run} is a model without its run, so without data: give the run's folder, or use it "
            "in Python, by kgen.run.load"
        )
    return run_images.run_splits(run, tell=lambda line: typer.echo(line, err=True))


def _refuse_existing(output: Path) -> None:
    if output.exists():
        raise RecipeError(f"{output} exists and is never overwritten: give another name with -o")


def _translations(run: Path, model, n: int):
    """The picture of test images of the run's data, and what a model makes of them."""
    from kgen import plotting, run_callbacks

    if run.is_file():
        raise RecipeError(
            f"{run} is a model without its run, so without images: kgen translate takes your own"
        )
    data = _data_of(run)
    drawn = run_callbacks.translations(model, data, run, n, split="test")
    if not drawn:
        raise RecipeError(f"the model of {run} cannot be shown on {data.name}: kgen translate can")
    drawn[0].set_model(model)
    return plotting.grid(drawn[0].images(), columns=drawn[0].columns)
