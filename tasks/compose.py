"""Stage compose: the marts of a week become one report object, frozen as a revision.

Each week is read from the warehouse by the SQL of sql/report, turned into a `WeeklyReport` by core/insight, and
appended to marts.report, marts.finding and marts.quote when (and only when) its content differs from the newest
revision's. Nothing that was published is ever edited.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.config import Settings
from tasks.core.contracts import Progress
from tasks.core.report_model import WeeklyReport, canonical_json, revision_reason
from tasks.models.aspects import load_taxonomy
from tasks.store.warehouse import Warehouse
from tasks.store.week_reader import WeekReader

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ComposeSummary:
    """What became of the weeks: revisions that were added, weeks whose content had not changed."""

    weeks: tuple[str, ...]
    added: tuple[tuple[str, int], ...]
    unchanged: tuple[str, ...]
    finding_count: int
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Composed:
    """One week: its revision, and whether it was added now."""

    iso_week: str
    revision: int
    is_added: bool
    finding_count: int
    warnings: tuple[str, ...]


def compose(settings: Settings, run_id: str, progress: Progress, weeks: list[str], command: str) -> ComposeSummary:
    """Make the reports of some ISO weeks, oldest first, and store those whose content is new.

    Args:
        command: the command line of the run, for the report's "reproduce" section.
    """
    progress.start("compose", len(weeks))
    done = []
    for iso_week in sorted(weeks):
        done.append(compose_week(settings, run_id, iso_week, command))
        progress.advance()
    added = tuple((item.iso_week, item.revision) for item in done if item.is_added)
    unchanged = tuple(item.iso_week for item in done if not item.is_added)
    finding_count = sum(item.finding_count for item in done)
    progress.finish(f"{len(added)} new, {len(unchanged)} unchanged, {finding_count} findings")
    return ComposeSummary(
        weeks=tuple(sorted(weeks)),
        added=added,
        unchanged=unchanged,
        finding_count=finding_count,
        warnings=tuple(warning for item in done for warning in item.warnings),
    )


@task(cache_policy=NO_CACHE, task_run_name="compose-{iso_week}")
def compose_week(settings: Settings, run_id: str, iso_week: str, command: str) -> Composed:
    """Make one week's report and store it as a revision if its content is new."""
    started = time.monotonic()
    with Warehouse(settings.warehouse_path) as warehouse:
        labels = {aspect.name: _labels(aspect.name, aspect.labels) for aspect in load_taxonomy(settings).aspects}
        report, warnings = WeekReader(warehouse, settings, iso_week, labels).report(run_id=run_id, command=command)
        newest = _newest_revision(warehouse, iso_week)
        is_added = newest is None or newest.content_hash != report.content_hash
        if is_added:
            report = _as_revision(report, newest)
            _store(warehouse, report)
        revision = report.revision if is_added or newest is None else newest.revision
    logger.info(
        "compose_week week=%s revision=%d added=%s findings=%d documents=%d seconds=%.2f",
        iso_week,
        revision,
        is_added,
        len(report.findings),
        report.totals.counted,
        time.monotonic() - started,
    )
    return Composed(iso_week, revision, is_added, len(report.findings), tuple(warnings))


def _labels(name: str, labels: Mapping[str, str]) -> tuple[str, str]:
    """What an aspect is called in English and in Chinese."""
    english = labels.get("en", name)
    return english, labels.get("zh", english)


def _newest_revision(warehouse: Warehouse, iso_week: str) -> WeeklyReport | None:
    payload = warehouse.scalar(
        "select payload from marts.report where iso_week = $iso_week order by revision desc limit 1",
        {"iso_week": iso_week},
    )
    return None if payload is None else WeeklyReport.model_validate_json(payload)


def _as_revision(report: WeeklyReport, newest: WeeklyReport | None) -> WeeklyReport:
    """The report as the revision after the newest one, with the reason why it exists."""
    provenance = report.provenance.model_copy(update={"reason": revision_reason(report, newest)})
    revision = 1 if newest is None else newest.revision + 1
    return report.model_copy(update={"revision": revision, "provenance": provenance})


def _store(warehouse: Warehouse, report: WeeklyReport) -> None:
    """Append a revision with its findings and quotes, all or nothing."""
    key = {"iso_week": report.iso_week, "revision": report.revision}
    findings = [
        {
            **key,
            "finding_id": finding.finding_id,
            "rank": rank,
            "text_en": finding.text_en,
            "text_zh": finding.text_zh,
            "query": finding.query,
            "document_ids": list(finding.document_ids),
        }
        for rank, finding in enumerate([*report.findings, *report.watches], 1)
    ]
    quotes = [
        {**key, **quote.model_dump(include={"quote_id", "document_id", "topic_id", "text", "start_char", "end_char"})}
        for quote in report.all_quotes
    ]
    with warehouse.transaction():
        warehouse.insert(
            "marts.report",
            [
                {
                    **key,
                    "run_id": report.provenance.run_id,
                    "published_at": datetime.fromisoformat(report.provenance.published_at).replace(tzinfo=None),
                    "content_hash": report.content_hash,
                    "reason": report.provenance.reason,
                    "payload": canonical_json(report),
                }
            ],
        )
        warehouse.insert("marts.finding", findings)
        warehouse.insert("marts.quote", quotes)
