"""Stage build, competitors' own pages: versions become the changes of marts.page_change.

Raw versions hold personal data: what is compared are their repaired and redacted texts, made by the rules of stage
prepare. The newest version's is at hand in staging; earlier versions of pages that changed are prepared again.
"""

from __future__ import annotations

import logging
import time

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.config import Settings
from tasks.core.page_changes import PageVersion, all_changes
from tasks.core.prepared import prepare_row
from tasks.core.weeks import monday_of, week_of
from tasks.store.warehouse import Warehouse, sql_text

logger = logging.getLogger(__name__)


@task(cache_policy=NO_CACHE, task_run_name="build-page-changes")
def build_page_changes(settings: Settings) -> int:
    """Make marts.page_change anew; its number of rows."""
    started = time.monotonic()
    with Warehouse(settings.warehouse_path) as warehouse:
        rows = warehouse.rows(sql_text("marts/steps/page_versions"))
        newest = {(row["document_id"], row["content_hash"]) for row in rows if row["is_newest"]}
        changes = all_changes(_version(row) for row in rows)
        count = warehouse.replace(
            "marts.page_change",
            [
                {
                    **{name: getattr(change, name) for name in change.__slots__ if name != "content_hash"},
                    "iso_week": week_of(change.changed_on),
                    "week_start": monday_of(week_of(change.changed_on)),
                    "is_newest": (change.document_id, change.content_hash) in newest,
                }
                for change in changes
            ],
        )
    logger.info("build_page_changes versions=%d changes=%d seconds=%.1f", len(rows), count, time.monotonic() - started)
    return count


def _version(row: dict) -> PageVersion:
    if row["is_newest"]:
        text, title, language = row["staged_text"], row["staged_title"], row["staged_language"]
    else:
        prepared = prepare_row(row)
        text, title, language = prepared["text"], prepared["title"], prepared["language"]
    return PageVersion(
        document_id=row["document_id"],
        content_hash=row["content_hash"],
        source=row["source"],
        brand=row["brand"],
        language=language,
        title=title,
        url=row["url"],
        text=text,
        seen_on=row["seen_on"],
    )
