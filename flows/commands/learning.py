"""`marketbrief train` and `evaluate`: a model of one's own, and how good a model is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.markup import escape

from flows.console import Console, near, progress_on, set_up_logging
from flows.invocation import Invocation
from flows.prefect_server import running_server
from tasks.errors import SourceError
from tasks.store.lock import project_lock


@dataclass(frozen=True)
class TrainOptions:
    """How to train; see `flows.train.train`."""

    language: str | None
    method: str
    base: str | None
    epochs: int
    seed: int


def train_command(invocation: Invocation, *, task: str, data: Path, options: TrainOptions) -> None:
    """Train a model for the project and say how to choose it.

    Raises:
        MarketBriefError: see `flows.train.train`.
    """
    console = Console(invocation)
    set_up_logging(invocation)
    settings = invocation.settings()
    _check_file(data)
    progress = progress_on(console)
    with project_lock(settings, invocation.command), running_server(settings) as server:
        from flows.train import train

        server.wait_until_healthy()
        try:
            made = train(settings, task=task, data=data, progress=progress, **vars(options))
        finally:
            progress.close()
    console.emit(
        {
            "name": made.name,
            "revision": made.revision,
            "choice": made.choice,
            "folder": str(made.folder),
            "language": made.language,
            "licence": made.licence,
            "counts": made.counts,
            "metrics": made.metrics,
            "warnings": list(made.warnings),
        }
    )
    for warning in made.warnings:
        console.warn(warning)
    console.print(f"[bold green]Trained[/] {escape(made.choice)} on {made.counts['training']:,} texts")
    _print_metrics(console, made.metrics)
    console.print(f"  in {escape(near(made.folder))}")
    console.print(f'To use it: \\[models] sentiment_{made.language} = "{escape(made.choice)}" in market.toml')


def evaluate_command(invocation: Invocation, *, task: str | None, data: Path | None, is_release: bool = False) -> None:
    """Measure the models.

    Args:
        task: None for the one that the file tells, or all that have a golden set.
        is_release: keep the figures as those of a release, which later ones are compared with.

    Raises:
        MarketBriefError: see `flows.evaluate.evaluate`.
    """
    console = Console(invocation)
    set_up_logging(invocation)
    settings = invocation.settings()
    if data is not None:
        _check_file(data)
    progress = progress_on(console)
    with running_server(settings) as server:
        from flows.evaluate import evaluate

        server.wait_until_healthy()
        try:
            result = evaluate(settings, task=task, data=data, progress=progress)
        finally:
            progress.close()
    results = [result, *result.get("other_tasks", {}).values()]
    if is_release:
        from importlib.metadata import version

        from tasks.evaluate import save_release

        kept = save_release(result, version=version("marketbrief"))
        console.say(f"[green]✓[/] kept as the release: {', '.join(kept)}")
    for each in [*results, *(each["targets"] for each in results if "targets" in each)]:
        each.pop("row_labels", None)
    console.emit(result)
    from flows.commands.evaluation_tables import print_evaluation

    for each in results:
        for warning in each.get("warnings", []):
            console.warn(warning)
        print_evaluation(console, each)


def _print_metrics(console: Console, result: dict[str, Any]) -> None:
    """The headline metrics with their 95 % intervals, then the classes."""
    for name, metric in result["metrics"].items():
        console.print(
            f"  {name.replace('_', ' '):<14}[bold]{metric['value']:.3f}[/]"
            f"  [dim]({metric['lo']:.3f} to {metric['hi']:.3f})[/]"
        )
    rows = [(label, *values.values()) for label, values in result.get("per_class", {}).items()]
    if rows:
        names = [str(name) for name in next(iter(result["per_class"].values()))]
        console.table(("class", *names), rows)


def _check_file(path: Path) -> None:
    if not path.is_file():
        raise SourceError(f"There is no file {path}", fix="name a labelled file with --data")
