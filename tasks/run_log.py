"""The log of runs (ops.run), and what it decides: which weeks are due, and whether anything is to be done.

A run is a row from its first second, with status `running`. A row that still says so when the next run starts
belongs to a process that was killed: it is closed as `failed` then.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from uuid import uuid4

from tasks.config import Settings
from tasks.core.weeks import monday_of, week_range
from tasks.errors import UsageError
from tasks.store.warehouse import Warehouse, connect, sql_text


@dataclass(frozen=True, slots=True)
class KnownWeeks:
    """ISO weeks with documents, with a published report, and with a report that corrections make due again; sorted."""

    with_documents: tuple[str, ...]
    reported: tuple[str, ...]
    corrected: tuple[str, ...] = ()


def utc_now() -> datetime:
    """The current time as the warehouse stores it: UTC, without tzinfo, whole milliseconds."""
    now = datetime.now(UTC).replace(tzinfo=None)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def start_run(settings: Settings, command: str) -> str:
    """Open a row of ops.run and return its run_id, such as 20261122T060000-3f9a1c."""
    started_at = utc_now()
    run_id = f"{started_at:%Y%m%dT%H%M%S}-{uuid4().hex[:6]}"
    row = {
        "run_id": run_id,
        "command": command,
        "started_at": started_at,
        "status": "running",
        "config_hash": settings.config_hash,
        "program_version": version("marketbrief"),
    }
    with Warehouse(settings.warehouse_path) as warehouse, warehouse.transaction():
        warehouse.execute(
            "update ops.run set status = 'failed', message = 'ended without a word (killed?)' where status = 'running'"
        )
        warehouse.insert("ops.run", [row])
    return run_id


def finish_run(settings: Settings, run_id: str, status: str, *, weeks: list[str], message: str | None = None) -> None:
    """Close the row of a run: status is published, nothing_new, refused or failed."""
    with Warehouse(settings.warehouse_path) as warehouse:
        warehouse.execute(
            "update ops.run set status = ?, finished_at = ?, first_week = ?, last_week = ?, message = ?"
            " where run_id = ?",
            [status, utc_now(), weeks[0] if weeks else None, weeks[-1] if weeks else None, message, run_id],
        )


def is_up_to_date(settings: Settings) -> bool:
    """True where the last run left nothing undone under this configuration, and the snapshot holds what it made.

    Corrections that were taken in since are work to be done.

    The snapshot is asked too: a run can be killed between closing its row and swapping the snapshot in.
    """
    if not settings.snapshot_path.is_file():
        return False
    last_run = (
        "select run_id, status, config_hash, program_version from ops.run"
        " where status not in ('running', 'nothing_new') order by started_at desc, run_id desc limit 1"
    )
    with Warehouse(settings.warehouse_path) as warehouse:
        ended = warehouse.rows(last_run)
        corrected = warehouse.scalar(
            "select count(*) from ops.correction where made_at > coalesce((select max(started_at) from ops.run"
            " where status = 'published'), '-infinity'::timestamp)"
        )
    with closing(connect(settings.snapshot_path, read_only=True)) as snapshot:
        published = snapshot.execute(last_run).fetchall()
    if not ended or not published or corrected:
        return False
    expected = {"run_id": published[0][0], "status": "published"}
    expected |= {"config_hash": settings.config_hash, "program_version": version("marketbrief")}
    return ended[0] == expected


def known_weeks(settings: Settings) -> KnownWeeks:
    """Weeks of marts.document and of marts.report, and corrected ones; none where nothing was built yet."""
    if not settings.warehouse_path.is_file():
        return KnownWeeks((), ())
    with Warehouse(settings.warehouse_path) as warehouse:
        documents = warehouse.rows("select distinct iso_week from marts.document order by iso_week")
        reports = warehouse.rows("select distinct iso_week from marts.report order by iso_week")
        corrected = warehouse.rows(sql_text("ops/corrected_weeks"))
    return KnownWeeks(*(tuple(row["iso_week"] for row in rows) for rows in (documents, reports, corrected)))


def late_documents(settings: Settings, run_id: str) -> dict[str, int]:
    """Documents that this run brought for weeks that already have a report: iso_week → count."""
    with Warehouse(settings.warehouse_path) as warehouse:
        rows = warehouse.rows(
            "select documents.iso_week, count(distinct documents.document_id) as late_count"
            " from marts.document as documents"
            " inner join raw.document as versions on versions.document_id = documents.document_id"
            " inner join ops.batch as batches on batches.batch_id = versions.batch_id"
            " where batches.run_id = ? and documents.iso_week in (select iso_week from marts.report)"
            " group by documents.iso_week order by documents.iso_week",
            [run_id],
        )
    return {row["iso_week"]: row["late_count"] for row in rows}


def weeks_due(known: KnownWeeks, *, week: str | None, through: str | None, last_complete: str) -> list[str]:
    """The weeks that a run reports, oldest first.

    Without arguments: weeks with documents that have no report yet, up to the last complete week, and weeks whose
    report does not know a correction. `through` moves that end; `week` names one week, or with
    `through` the start of a range, whether reported before or not.

    Raises:
        UsageError: a week is malformed, lies in the future or is not over yet, or the range is empty.
    """
    for asked in filter(None, (week, through)):
        if monday_of(asked) > monday_of(last_complete):
            raise UsageError(
                f"{asked} is not over yet", fix=f"report whole weeks only; the last complete one is {last_complete}"
            )
    if week:
        weeks = week_range(week, through or week)
        if not weeks:
            raise UsageError(f"--through {through} lies before --week {week}", fix="swap them")
        return weeks
    end = monday_of(through or last_complete)
    due = {week for week in known.with_documents if week not in known.reported} | set(known.corrected)
    return sorted(week for week in due if monday_of(week) <= end)
