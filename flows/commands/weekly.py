"""`marketbrief run`: take the lock, start Prefect's server beside the imports, run the weekly flow, say what it did."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from flows.console import Console, near, progress_on, set_up_logging
from flows.invocation import Invocation
from tasks.store.lock import project_lock

if TYPE_CHECKING:
    from flows.weekly import Plan, WeeklyResult
    from tasks.config import Settings
    from tasks.ingest import PendingBatch

_SHOWN_WARNINGS = 12
_SHOWN_WEEKS = 6


def run_weekly_command(invocation: Invocation, *, week: str | None, through: str | None, is_dry_run: bool) -> None:
    """Run the weekly flow, or say what it would do.

    Raises:
        MarketBriefError: see tasks/errors.py.
    """
    console = Console(invocation)
    set_up_logging(invocation)
    settings = invocation.settings()
    _check_weeks(week, through)
    if is_dry_run:
        _dry_run(console, settings, week, through)
        return
    started = time.monotonic()
    progress = progress_on(console)
    with project_lock(settings, invocation.command):
        from flows.prefect_server import running_server

        progress.start("start")
        with running_server(settings) as server:
            from flows.weekly import run_weekly

            server.wait_until_healthy()
            progress.finish(f"{settings.market.project.name}: models and Prefect are ready")
            try:
                result = run_weekly(settings, week=week, through=through, command=invocation.command, progress=progress)
            finally:
                progress.close()
    _tell(console, settings, result, seconds=time.monotonic() - started)


def _check_weeks(week: str | None, through: str | None) -> None:
    """Refuse what is not a week before anything is started."""
    from tasks.core.weeks import monday_of

    for asked in (week, through):
        if asked is not None:
            monday_of(asked)


def _dry_run(console: Console, settings: Settings, week: str | None, through: str | None) -> None:
    from flows import prefect_env

    prefect_env.apply(settings)
    from flows.weekly import plan

    with project_lock(settings, console.invocation.command):
        planned = plan(settings, week=week, through=through)
    console.emit(
        {
            "weeks": planned.weeks,
            "batches": [{"source": b.source, "uri": b.uri, "size": _size_of(b)} for b in planned.batches],
            "warnings": planned.warnings,
        }
    )
    _tell_plan(console, planned)


def _tell_plan(console: Console, planned: Plan) -> None:
    if planned.batches:
        rows = [(batch.source, _place(batch.uri), _words(_size_of(batch))) for batch in planned.batches]
        title = f"Would read {len(rows)} new batches"
        console.table(("source", "batch", "size"), rows, title=title, whole=("source", "size"))
    else:
        console.print("Would read nothing: no source has anything new.")
    if planned.weeks:
        console.print(f"Would report {_weeks(planned.weeks)}.")
    else:
        console.print("Would report no week that is known so far.")
    for warning in planned.warnings:
        console.warn(warning)
    console.say("[dim]Nothing was written.[/]")


def _tell(console: Console, settings: Settings, result: WeeklyResult, *, seconds: float) -> None:
    """The summary at the end: counts, warnings, where things are, and what to do next."""
    newest = _newest_page(settings, result)
    follow_up = _next_command(console, result)
    console.emit(
        {
            "run_id": result.run_id,
            "status": result.status,
            "weeks": result.weeks,
            "counts": result.counts,
            "warnings": result.warnings,
            "report_paths": [str(path) for path in result.report_paths],
            "snapshot_path": str(result.snapshot_path),
            "seconds": round(seconds, 1),
            "next": follow_up,
        }
    )
    for warning in result.warnings[:_SHOWN_WARNINGS]:
        console.warn(warning)
    if len(result.warnings) > _SHOWN_WARNINGS:
        console.warn(f"and {len(result.warnings) - _SHOWN_WARNINGS} more; --json lists all {len(result.warnings)}")
    if console.invocation.is_quiet:
        return
    if result.status == "nothing_new":
        console.print("\n[bold]Nothing new.[/] The published reports and the snapshot stand as they are.")
    else:
        what = _weeks(result.weeks) if result.weeks else "the snapshot; no week was due"
        console.print(f"\n[bold green]Published[/] {what} in {seconds:.0f} s.")
    counts = " · ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in result.counts.items())
    for label, text in (
        ("records", counts),
        ("report", near(newest) if newest else ""),
        ("snapshot", near(result.snapshot_path)),
        ("run", result.run_id),
        ("next", follow_up),
    ):
        console.fact(label, text)


def _newest_page(settings: Settings, result: WeeklyResult) -> Path | None:
    """The page to open first: the newest week, in the project's first language."""
    language = settings.market.project.languages[0]
    pages = [path for path in result.report_paths if path.name == f"report.{language}.html"]
    return max(pages, key=lambda path: path.parent.name, default=None)


def _next_command(console: Console, result: WeeklyResult) -> str:
    """The command that a reader is likely to want next."""
    config = console.invocation.config
    suffix = "" if str(config) == "market.toml" else f" --config {config}"
    return f"marketbrief {'status' if result.status == 'nothing_new' else 'open'}{suffix}"


def _weeks(weeks: list[str]) -> str:
    if len(weeks) == 1:
        return f"week {weeks[0]}"
    if len(weeks) <= _SHOWN_WEEKS:
        return f"weeks {', '.join(weeks)}"
    return f"{len(weeks)} weeks, {weeks[0]} to {weeks[-1]}"


def _place(uri: str) -> str:
    return uri if "://" in uri else near(Path(uri))


def _size_of(batch: PendingBatch) -> int | None:
    """Bytes on disk of the files that a batch is read from; None for an address."""
    paths = {blob.path for blob in batch.blobs}
    return sum(Path(path).stat().st_size for path in paths) if paths else None


def _words(size: int | None) -> str:
    if size is None:
        return ""
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= scale:
            return f"{size / scale:.1f} {unit}"
    return f"{size} B"
