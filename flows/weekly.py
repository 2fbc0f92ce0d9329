"""The weekly flow: ingest → prepare → enrich → build → compose → check → publish → report.

Stage order is told once, by the body of `weekly_flow`. Every stage can be killed and run again: each commits whole
batches or chunks, and picks up what is missing.
"""

from __future__ import annotations

import logging
import shlex
import sys
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from prefect import flow
from prefect.artifacts import create_markdown_artifact

from tasks import run_log
from tasks.build import build
from tasks.check import check
from tasks.compose import compose
from tasks.config import Settings, load_settings
from tasks.core.contracts import NullProgress, Progress
from tasks.core.weeks import last_complete_week
from tasks.enrich import enrich
from tasks.errors import MarketBriefError, QualityGateError
from tasks.ingest import PendingBatch, ingest, pending_batches
from tasks.notify import notify_failure, notify_success
from tasks.prepare import prepare
from tasks.publish import publish
from tasks.report import DEFAULT_FORMATS, render, unrendered_weeks
from tasks.store.lock import project_lock

logger = logging.getLogger(__name__)

_progress: ContextVar[Progress] = ContextVar("progress", default=NullProgress())  # noqa: B039 - it holds no state


@dataclass(frozen=True)
class WeeklyResult:
    """What a run did. status: published, or nothing_new (no work was left)."""

    run_id: str
    status: str
    weeks: list[str]
    counts: dict[str, int]
    warnings: list[str]
    report_paths: list[Path]
    snapshot_path: Path


@dataclass(frozen=True)
class Plan:
    """What a run would do: batches to load, and weeks that the documents known so far make due."""

    weeks: list[str]
    batches: list[PendingBatch]
    warnings: list[str] = field(default_factory=list)


def plan(settings: Settings, *, week: str | None, through: str | None) -> Plan:
    """Say what `run` would do, without doing it."""
    weeks = run_log.weeks_due(
        run_log.known_weeks(settings), week=week, through=through, last_complete=_last_complete(settings)
    )
    batches = pending_batches(settings)
    warnings = ["the batches to load may make further weeks due"] if batches and not week else []
    return Plan(weeks, batches, warnings)


def run_weekly(
    settings: Settings, *, week: str | None, through: str | None, command: str, progress: Progress
) -> WeeklyResult:
    """Run the flow in this process. The caller holds the project's lock.

    Raises:
        MarketBriefError: see tasks/errors.py; the last published snapshot stays as it was.
    """
    token = _progress.set(progress)
    try:
        return weekly_body(str(settings.config_path), week=week, through=through, command=command)
    finally:
        _progress.reset(token)


@flow(name="market-brief-weekly", flow_run_name="weekly-{week}", validate_parameters=False)
def weekly_body(config_path: str, week: str | None, through: str | None, command: str) -> WeeklyResult:
    """Open a run, do its stages, and close it with what became of it."""
    settings = load_settings(config_path)
    was_up_to_date = run_log.is_up_to_date(settings)
    run_id = run_log.start_run(settings, command)
    try:
        result = _stages(settings, run_id, week, through, command, was_up_to_date)
    except BaseException as error:
        status = "refused" if isinstance(error, QualityGateError) else "failed"
        message = error.fact if isinstance(error, MarketBriefError) else type(error).__name__
        with suppress(MarketBriefError):  # the first error is the one to tell
            run_log.finish_run(settings, run_id, status, weeks=[], message=message)
        if isinstance(error, Exception):  # who interrupts a run knows of it
            for warning in notify_failure(settings, error, run_id).warnings:
                logger.warning("%s", warning)
        raise
    told = notify_success(settings, result.weeks)
    return replace(result, warnings=[*result.warnings, *told.warnings])


@flow(name="market-brief-scheduled", validate_parameters=False)
def weekly_flow(config_path: str = "market.toml", week: str | None = None, through: str | None = None) -> None:
    """What a schedule runs: the weekly flow under the project's lock."""
    settings = load_settings(config_path)
    command = shlex.join(["marketbrief", "run", *(["--week", week] if week else [])])
    with project_lock(settings, command):
        weekly_body(str(settings.config_path), week=week, through=through, command=command)


def _stages(
    settings: Settings, run_id: str, week: str | None, through: str | None, command: str, was_up_to_date: bool
) -> WeeklyResult:
    progress = _progress.get()
    ingested = ingest(settings, run_id, progress)
    prepared = prepare(settings, run_id, progress)
    enriched = enrich(settings, run_id, progress)
    counts = {
        "received": ingested.received,
        "loaded": ingested.loaded,
        "updated": ingested.updated,
        "duplicates": ingested.duplicates,
        "rejected": ingested.rejected,
        "prepared": prepared.prepared,
        "enriched": enriched.scored + enriched.tagged + enriched.assigned,
    }
    warnings = [*ingested.warnings, *prepared.warnings, *enriched.warnings]
    is_unchanged = was_up_to_date and not any(counts[k] for k in ("received", "prepared", "enriched"))
    if is_unchanged and not _due(settings, week, through):
        run_log.finish_run(settings, run_id, "nothing_new", weeks=[])
        paths = _render(settings, run_id, unrendered_weeks(settings))
        return WeeklyResult(run_id, "nothing_new", [], counts, warnings, paths, settings.snapshot_path)

    built = build(settings, run_id, progress)
    late = run_log.late_documents(settings, run_id)
    weeks = _due(settings, week, through)
    warnings += [*built.warnings, *_late_warnings(late, weeks)]
    composed = compose(settings, run_id, progress, weeks, command)
    checked = check(settings, run_id, progress)
    run_log.finish_run(settings, run_id, "published", weeks=weeks)
    published = publish(settings, run_id, progress)
    paths = _render(settings, run_id, sorted({*weeks, *unrendered_weeks(settings)}))
    warnings += [*composed.warnings, *checked.warnings, *published.warnings]
    return WeeklyResult(run_id, "published", weeks, counts, warnings, paths, published.path)


def _render(settings: Settings, run_id: str, weeks: list[str]) -> list[Path]:
    """Render weeks, and leave the newest Markdown report as a Prefect artifact, where Prefect's own UI shows it."""
    if not weeks:
        return []
    languages = list(settings.market.project.languages)
    paths = list(render(settings, run_id, _progress.get(), weeks, languages, DEFAULT_FORMATS).paths)
    newest = max((path for path in paths if path.name.endswith(".md")), default=None)
    if newest is not None:
        create_markdown_artifact(newest.read_text(encoding="utf-8"), key="market-brief-report")
    return paths


def _due(settings: Settings, week: str | None, through: str | None) -> list[str]:
    return run_log.weeks_due(
        run_log.known_weeks(settings), week=week, through=through, last_complete=_last_complete(settings)
    )


def _last_complete(settings: Settings) -> str:
    return last_complete_week(datetime.now(settings.timezone).date())


def _late_warnings(late: dict[str, int], weeks: list[str]) -> list[str]:
    missed = {week: count for week, count in late.items() if week not in weeks}
    if not missed:
        return []
    first = next(iter(missed))
    return [
        f"{sum(missed.values())} late documents belong to {len(missed)} weeks already reported, from {first}:"
        f" `marketbrief run --week {first} --through {list(missed)[-1]}` makes revisions of them"
    ]


if __name__ == "__main__":
    weekly_flow(*sys.argv[1:2])
