"""The commands about results: evaluate, compare, report, metrics. Only evaluate imports Keras."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from kgen.errors import MetricError
from kgen.run_evaluation import FRESH_SEED

RunArgument = Annotated[Path, typer.Argument(help="A run folder.")]
Force = Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")]


def add_to(app: typer.Typer, import_quietly: Callable[[], None]) -> None:
    """Adds the commands to the application."""

    @app.command()
    def evaluate(
        run: RunArgument,
        metrics: Annotated[
            str,
            typer.Option(metavar="NAMES", help="fid,kid,pr,... (pr: precision and recall)."),
        ] = "fd,pr",
        n: Annotated[int, typer.Option("-n", "--n", min=1, help="How many samples.")] = 10_000,
        split: Annotated[str, typer.Option(help="test, validation or train.")] = "test",
        features: Annotated[
            str | None,
            typer.Option(metavar="NAME", help="The feature network; else the recipe's."),
        ] = None,
        inception: Annotated[
            Path | None,
            typer.Option(metavar="FILE", help="The Inception graph of 2015-12-05, for fid."),
        ] = None,
        seed: Annotated[
            int, typer.Option(min=0, help="The seed of the samples; training measures with 0.")
        ] = FRESH_SEED,
        data_dir: Annotated[
            str | None, typer.Option(metavar="DIR", help="Where TFDS data lie ready.")
        ] = None,
        best: Annotated[
            bool, typer.Option("--best", help="Measure best.keras, which a metric chose.")
        ] = False,
        log_prob_samples: Annotated[
            int | None,
            typer.Option(min=1, metavar="K", help="Importance samples of nll; else the model's."),
        ] = None,
        nearest: Annotated[
            bool, typer.Option(help="Measure the distance to the training images beside it.")
        ] = True,
        as_json: Annotated[
            bool, typer.Option("--json", help="One JSON object a line, as in scores.jsonl.")
        ] = False,
    ) -> None:
        """Measure a trained run, and add the scores to its scores.jsonl."""
        if inception is not None and features is not None:
            raise MetricError("give --features or --inception, not both")
        if inception is not None:
            if not inception.is_file():
                raise MetricError(f"there is no file {inception}")
            features = f"inception:{inception}"
        import_quietly()
        from kgen import run_evaluation

        measured = run_evaluation.evaluate(
            run,
            metrics,
            n=n,
            split=split,
            features=features,
            seed=seed,
            data_dir=data_dir,
            best=best,
            log_prob_samples=log_prob_samples,
            nearest=nearest,
            tell=lambda line: typer.echo(line, err=as_json),
        )
        for one in measured:
            if as_json:
                row = {**one.score.to_json(), "epoch": one.epoch, "model": one.model}
                typer.echo(json.dumps(row))
            else:
                typer.echo(f"{one.score} | {one.which}")

    @app.command()
    def compare(
        runs: Annotated[list[Path], typer.Argument(metavar="RUN RUN ...", help="Run folders.")],
        output: Annotated[
            Path | None,
            typer.Option("-o", "--output", metavar="FILE", help="A .html, .md or .csv to write."),
        ] = None,
        force: Force = False,
    ) -> None:
        """Compare runs: only scores of one protocol share a column (in a .csv: a row each)."""
        from kgen import report

        comparison = report.compare(runs)
        if output is not None:
            comparison.write(output, force=force)
        typer.echo(comparison.text())
        if output is not None:
            typer.echo(output)

    @app.command("metrics")
    def list_metrics(
        as_markdown: Annotated[
            bool, typer.Option("--markdown", help="As a table, which is docs/metrics.md.")
        ] = False,
    ) -> None:
        """List the metrics: what each is, which way is better, what it needs, its source."""
        from kgen.metrics import registry

        typer.echo(registry.markdown() if as_markdown else registry.listing(), nl=not as_markdown)

    @app.command("report")
    def write_report(
        run: RunArgument,
        output: Annotated[
            Path | None,
            typer.Option("-o", "--output", metavar="FILE", help="Else report.html in the run."),
        ] = None,
        force: Force = False,
    ) -> None:
        """Make the page of a run, finished or not."""
        from kgen import report

        typer.echo(report.write(run, output, force=force))
