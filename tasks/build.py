"""Stage build: what the models said becomes the marts that analysts read.

Documents, mentions and topics are SQL selects (sql/marts). Weekly counts are SQL too (sql/marts/steps); intervals,
baselines and corrections for many comparisons are computed by core/panel, and the rows go back by key. The marts are
made anew each time, so that a killed build leaves nothing that the next one does not replace.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

import pandas as pd
from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.build_forecasts import build_forecasts
from tasks.build_pages import build_page_changes
from tasks.config import Settings
from tasks.core import panel
from tasks.core.contracts import KINDS, Progress
from tasks.store.warehouse import Warehouse, sql_text

logger = logging.getLogger(__name__)

DOCUMENT_MARTS = (
    "marts.document",
    "marts.mention",
    "marts.document_aspect",
    "marts.comparison",
    "marts.topic",
    "marts.story",
    "marts.topic_event",
    "marts.rating_agreement",
    "marts.metric_definition",
)
WEEKLY_TABLES = ("weekly_metric", "weekly_topic", "weekly_aspect")


@dataclass(frozen=True)
class BuildSummary:
    """What the marts hold now."""

    document_count: int
    row_counts: dict[str, int]
    first_week: str | None
    last_week: str | None
    warnings: tuple[str, ...]


def build(settings: Settings, run_id: str, progress: Progress) -> BuildSummary:
    """Make all marts anew, from staging and enriched.

    Returns:
        Number of rows per table, the first and last ISO week that have documents, and warnings for a person.
    """
    progress.start("build", 2)
    row_counts = build_documents(settings)
    row_counts["marts.page_change"] = build_page_changes(settings)
    progress.advance()
    weekly_counts, warnings = build_weekly(settings)
    row_counts.update(weekly_counts)
    row_counts["marts.forecast"] = build_forecasts(settings)
    progress.advance()
    with Warehouse(settings.warehouse_path) as warehouse:
        span = warehouse.rows("select min(iso_week) as first_week, max(iso_week) as last_week from marts.document")[0]
    documents = row_counts["marts.document"]
    progress.finish(f"{documents:,} documents, {span['first_week'] or 'no week'} to {span['last_week'] or 'no week'}")
    return BuildSummary(documents, row_counts, span["first_week"], span["last_week"], tuple(warnings))


@task(cache_policy=NO_CACHE, task_run_name="build-documents")
def build_documents(settings: Settings) -> dict[str, int]:
    """Rows per document: marts.document, mention, document_aspect, topic; and the metric definitions."""
    started = time.monotonic()
    with Warehouse(settings.warehouse_path) as warehouse:
        row_counts = {table: warehouse.rebuild(table) for table in DOCUMENT_MARTS}
        warehouse.check_unique("marts.document", ["document_id"])
    logger.info(
        "build_documents documents=%d mentions=%d topics=%d seconds=%.1f",
        row_counts["marts.document"],
        row_counts["marts.mention"],
        row_counts["marts.topic"],
        time.monotonic() - started,
    )
    return row_counts


@task(cache_policy=NO_CACHE, task_run_name="build-weekly")
def build_weekly(settings: Settings) -> tuple[dict[str, int], list[str]]:
    """Rows per week: ops.source_health and the weekly marts, with intervals and verdicts.

    Returns:
        Rows per table, and warnings.
    """
    started = time.monotonic()
    warnings: list[str] = []
    with Warehouse(settings.warehouse_path) as warehouse:
        warehouse.run_file("marts/steps/attribution")
        warehouse.run_file("marts/steps/coverage")
        row_counts = {table: warehouse.rebuild(table) for table in ("ops.source_health", "ops.brand_coverage")}
        source_weeks = warehouse.frame("from source_week order by source, kind, week_start")
        brand_weeks = warehouse.frame("from brand_week order by source, kind, brand, week_start")
        counts = warehouse.frame(sql_text("marts/steps/weekly_counts"))
        ratings = warehouse.frame(sql_text("marts/steps/weekly_ratings"))
        topic_counts = warehouse.frame(sql_text("marts/steps/weekly_topic_counts"))
        aspect_counts = warehouse.frame(sql_text("marts/steps/weekly_aspect_counts"))
        brands = [row["brand"] for row in warehouse.rows("select brand from staging.brand order by position")]
        kinds = {row["kind"] for row in warehouse.rows("select kind from staging.source")} | set(source_weeks["kind"])

        frames: dict[str, pd.DataFrame] = {}
        if len(source_weeks):
            axes = panel.axes_of(source_weeks, brands)
            coverages = {
                is_total: panel.coverage_of(source_weeks, brand_weeks, axes, is_total=is_total)
                for is_total in (False, True)
            }
            ordered_kinds = [kind for kind in KINDS if kind in kinds]
            judgements = [
                *panel.judge_metrics(counts, ratings, axes, kinds=ordered_kinds, coverages=coverages),
                *panel.judge_parts(
                    counts, topic_counts, axes, part="topic_id", share="topic_share", coverage=coverages[False]
                ),
                *panel.judge_parts(
                    counts, aspect_counts, axes, part="aspect", share="aspect_share", coverage=coverages[False]
                ),
            ]
            frames = panel.weekly_frames(judgements, axes)
            warnings += _segment_warning(counts)
        for table in WEEKLY_TABLES:
            rows = frames.get(table, pd.DataFrame())
            row_counts[f"marts.{table}"] = warehouse.replace(f"marts.{table}", rows)
    logger.info(
        "build_weekly weeks=%d metric_rows=%d topic_rows=%d aspect_rows=%d seconds=%.1f",
        source_weeks["week_start"].nunique(),
        *(row_counts[f"marts.{table}"] for table in WEEKLY_TABLES),
        time.monotonic() - started,
    )
    return row_counts, warnings


def _segment_warning(counts: pd.DataFrame) -> list[str]:
    segment_count = counts.loc[counts["segment"] != "*", "segment"].nunique()
    kept = len(panel.leading_segments(counts))
    if segment_count <= kept:
        return []
    return [
        f"{segment_count} segments: the weekly metrics have rows for {kept} of them, those with the most documents; "
        "the others are in marts.document"
    ]
