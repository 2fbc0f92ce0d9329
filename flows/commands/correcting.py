"""`marketbrief correct` and `label`: what people say is right goes in, and documents to look at come out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flows.console import Console, near, set_up_logging
from flows.invocation import Invocation
from tasks.errors import UsageError
from tasks.store.lock import project_lock

if TYPE_CHECKING:
    from tasks.config import Settings


def correct_command(invocation: Invocation, *, file: Path | None, export: Path | None, is_build: bool) -> None:
    """Take corrections in, or write those in force to a file.

    Raises:
        MarketBriefError: see `tasks.corrections`; nothing is taken in unless every row can be used.
    """
    if (file is None) == (export is None) or (export is not None and is_build):
        raise UsageError("Name one CSV file to take in, or --export FILE", fix="marketbrief correct corrections.csv")
    console = Console(invocation)
    set_up_logging(invocation)
    settings = invocation.settings()
    with project_lock(settings, invocation.command):
        if export is not None:
            _export(console, settings, export)
        if file is not None:
            _take(console, settings, file, is_build=is_build)


def _export(console: Console, settings: Settings, path: Path) -> None:
    from tasks.corrections import export_corrections

    count = export_corrections(settings, path)
    console.emit({"exported": count, "path": str(path)})
    console.print(f"[bold green]Wrote[/] {count:,} corrections in force to {near(path)}")


def _take(console: Console, settings: Settings, path: Path, *, is_build: bool) -> None:
    from tasks.corrections import take_corrections

    summary = take_corrections(settings, path)
    console.print(f"[bold green]Took in[/] {summary.added:,} corrections of {summary.read:,} rows")
    if summary.unchanged:
        console.fact("unchanged", f"{summary.unchanged:,} say what is in force already")
    if summary.unlabelled:
        console.fact("left out", f"{summary.unlabelled:,} rows without a label")
    if summary.weeks:
        console.fact("weeks", f"{', '.join(summary.weeks)}: a revision comes with the next run")
    if is_build:
        from flows.commands.weekly import run_weekly_command

        run_weekly_command(console.invocation, week=None, through=None, is_dry_run=False)
        return
    counts = {name: getattr(summary, name) for name in ("read", "added", "unchanged", "unlabelled")}
    console.emit({**counts, "weeks": list(summary.weeks), "next": "marketbrief run"})
    console.fact("next", "marketbrief run applies them; so does this command with --build")


def label_command(invocation: Invocation, *, week: str, task: str, count: int, output: Path | None) -> None:
    """Write documents to label to a CSV file.

    Raises:
        MarketBriefError: see `tasks.corrections.sample_to_label`.
    """
    console = Console(invocation)
    set_up_logging(invocation)
    settings = invocation.settings()
    from tasks import corrections

    path = output or Path(f"label-{task}-{week}.csv")
    if output is None and path.exists():
        raise UsageError(f"{path} is there already", fix="name another file with --output, or remove it")
    rows = corrections.sample_to_label(settings, path, week=week, task=task, most=count)
    console.emit({"rows": rows, "path": str(path), "task": task, "week": week})
    console.print(f"[bold green]Wrote[/] {rows:,} rows to {near(path)}")
    console.fact("next", f"fill in the column label, then marketbrief correct {near(path)}")
