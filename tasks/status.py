"""Where a project stands: its last runs, how fresh each source is, the newest report, and what is pending.

Reports and documents are read from the published snapshot. Runs are read from the warehouse as well, where nothing
holds it: a run that was refused or killed published nothing, and is known there only.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from tasks.config import Settings
from tasks.core.weeks import last_complete_week, monday_of
from tasks.errors import LockedError
from tasks.store.lock import Holder, lock_holder, project_lock
from tasks.store.warehouse import ask, connect

_RUNS = (
    "select run_id, status, started_at, finished_at, first_week, last_week, command, message"
    " from ops.run order by started_at desc, run_id desc limit {limit}"
)


@dataclass(frozen=True)
class SourceState:
    """How fresh a source is. Times are UTC without tzinfo; health is that of the last reported week."""

    name: str
    kind: str
    document_count: int
    rejected_count: int
    newest_published_at: datetime | None
    loaded_at: datetime | None
    health: str | None


@dataclass(frozen=True)
class ProjectStatus:
    """The whole answer. due_weeks: complete weeks with documents in the snapshot and no report."""

    runs: list[dict[str, Any]]
    sources: list[SourceState]
    newest_report: dict[str, Any] | None
    due_weeks: list[str]
    holder: Holder | None


def project_status(settings: Settings, *, today: date, run_limit: int = 5) -> ProjectStatus:
    """Where the project stands.

    Args:
        today: in the project's time zone.
    """
    snapshot = settings.snapshot_path if settings.snapshot_path.is_file() else None
    return ProjectStatus(
        runs=_runs(settings, snapshot, run_limit),
        sources=_sources(settings, snapshot),
        newest_report=_newest_report(snapshot),
        due_weeks=_due_weeks(snapshot, today),
        holder=lock_holder(settings),
    )


def _runs(settings: Settings, snapshot: Path | None, limit: int) -> list[dict[str, Any]]:
    sql = _RUNS.format(limit=int(limit))
    if settings.warehouse_path.is_file():
        try:
            with (
                project_lock(settings, "marketbrief status", timeout_seconds=0),
                closing(connect(settings.warehouse_path, read_only=True)) as warehouse,
            ):
                runs = warehouse.sql(sql).to_arrow_table().to_pylist()
            # The lock was free: whatever still says that it runs was killed.
            return [run | {"status": "killed"} if run["status"] == "running" else run for run in runs]
        except LockedError:
            pass  # a run is under way; the snapshot knows the ones before it
    return ask(snapshot, sql).to_pylist() if snapshot else []


def _sources(settings: Settings, snapshot: Path | None) -> list[SourceState]:
    known: dict[str, dict[str, Any]] = {}
    if snapshot is not None:
        rows = ask(
            snapshot,
            "with documents as ("
            " select source, count(*) as document_count, max(published_at) as newest_published_at"
            " from marts.document group by source),"
            " batches as ("
            " select source, max(loaded_at) as loaded_at, sum(rejected_count)::bigint as rejected_count"
            " from ops.batch group by source),"
            " health as ("
            " select source, status from ops.source_health"
            " where iso_week = (select max(iso_week) from marts.report))"
            " select coalesce(documents.source, batches.source) as source,"
            " coalesce(documents.document_count, 0) as document_count, documents.newest_published_at,"
            " batches.loaded_at, coalesce(batches.rejected_count, 0) as rejected_count, health.status as health"
            " from documents full join batches on batches.source = documents.source"
            " left join health on health.source = coalesce(documents.source, batches.source)",
        ).to_pylist()
        known = {row.pop("source"): row for row in rows}
    nothing = {"document_count": 0, "rejected_count": 0, "newest_published_at": None, "loaded_at": None, "health": None}
    return [SourceState(s.name, s.kind, **known.get(s.name, nothing)) for s in settings.market.sources]


def _newest_report(snapshot: Path | None) -> dict[str, Any] | None:
    if snapshot is None:
        return None
    rows = ask(
        snapshot,
        "select iso_week, revision, reason, published_at, run_id from marts.report"
        " order by iso_week desc, revision desc limit 1",
    ).to_pylist()
    return rows[0] if rows else None


def _due_weeks(snapshot: Path | None, today: date) -> list[str]:
    if snapshot is None:
        return []
    weeks = ask(
        snapshot,
        "select distinct iso_week from marts.document"
        " where iso_week not in (select iso_week from marts.report) order by iso_week",
    ).column("iso_week")
    end = monday_of(last_complete_week(today))
    return [week for week in weeks.to_pylist() if monday_of(week) <= end]
