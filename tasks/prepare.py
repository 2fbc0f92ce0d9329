"""Stage prepare: raw documents become staging documents, in chunks, and copies are grouped.

Only documents whose newest version lacks a staging row by the current rules are prepared; each chunk is committed as
a whole, so that a killed run goes on where it stopped. The groups of copies, which one new document can change, are
made anew each time.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from dataclasses import dataclass

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.config import Settings
from tasks.core.contracts import Progress
from tasks.core.dedupe import CAMPAIGN_AUTHORS, CAMPAIGN_BRANDS, CAMPAIGN_LETTERS, joined_groups, near_overlap
from tasks.core.prepared import prepare_row, prepare_version
from tasks.store.warehouse import Warehouse, sql_text

logger = logging.getLogger(__name__)

CHUNK_ROWS = 20_000
COMPARED_ROWS = 20_000
_OTHER_LANGUAGE_SHARE = 0.3
_OTHER_LANGUAGE_COUNT = 20


@dataclass(frozen=True)
class PrepareSummary:
    """What was prepared in this run, and how many of all documents are copies."""

    prepared: int
    replaced: int
    repaired: int
    redacted: int
    spam: int
    copies: int
    languages: dict[str, int]
    warnings: tuple[str, ...]


def prepare(settings: Settings, run_id: str, progress: Progress) -> PrepareSummary:
    """Prepare what is new, then group all documents by their copies.

    Returns:
        Counts of this run; copies counts all documents. Warnings name sources in languages that no model reads.
    """
    ranges = pending_ranges(settings)
    progress.start("prepare", len(ranges) + 1)
    counts: Counter[str] = Counter()
    for first_id, last_id in ranges:
        counts.update(prepare_chunk(settings, first_id, last_id))
        progress.advance()
    copies, warnings = group_copies(settings)
    progress.advance()
    progress.finish(
        f"{counts['prepared']:,} documents, {counts['repaired']:,} repaired, {counts['redacted']:,} redacted;"
        f" {copies:,} copies in all"
    )
    return PrepareSummary(
        prepared=counts["prepared"],
        replaced=counts["replaced"],
        repaired=counts["repaired"],
        redacted=counts["redacted"],
        spam=counts["spam"],
        copies=copies,
        languages={name.removeprefix("language_"): counts[name] for name in sorted(counts) if "language_" in name},
        warnings=tuple(warnings),
    )


@task(cache_policy=NO_CACHE, task_run_name="find-pending")
def pending_ranges(settings: Settings) -> list[tuple[str, str]]:
    """First and last document_id of each chunk that is to be prepared; writes the configuration's own tables, too."""
    market = settings.market
    with Warehouse(settings.warehouse_path) as warehouse:
        project = {"name": market.project.name, "timezone": market.project.timezone, "own_brand": settings.own_brand}
        warehouse.replace("staging.project", [project])
        brands = [{"brand": b.name, "role": b.role, "position": i} for i, b in enumerate(market.brands, start=1)]
        warehouse.replace("staging.brand", brands)
        sources = [{"source": s.name, "kind": s.kind, "is_required": s.required} for s in market.sources]
        warehouse.replace("staging.source", sources)
        params = {"prepare_version": prepare_version(), "chunk_rows": CHUNK_ROWS}
        rows = warehouse.rows(sql_text("staging/pending_chunks"), params)
    return [(row["first_id"], row["last_id"]) for row in rows]


@task(cache_policy=NO_CACHE, task_run_name="prepare-{first_id}")
def prepare_chunk(settings: Settings, first_id: str, last_id: str) -> dict[str, int]:
    """Prepare the pending documents of a range of ids; replaced versions go in the same transaction.

    Returns:
        Counts: prepared, replaced, repaired, redacted, spam and language_<code>.
    """
    started = time.monotonic()
    params = {"first_id": first_id, "last_id": last_id, "prepare_version": prepare_version()}
    with Warehouse(settings.warehouse_path) as warehouse:
        pending = warehouse.rows(sql_text("staging/pending"), params)
        prepared = [prepare_row(raw) for raw in pending]
        replaced = [raw["document_id"] for raw in pending if raw["is_replaced"]]
        with warehouse.transaction():
            if replaced:
                warehouse.execute("delete from staging.document where document_id in (select unnest(?))", [replaced])
            warehouse.insert("staging.document", prepared)
    counts = Counter(f"language_{row['language']}" for row in prepared)
    counts["prepared"] = len(prepared)
    counts["replaced"] = len(replaced)
    counts["repaired"] = sum(row["is_repaired"] for row in prepared)
    counts["redacted"] = sum(row["redaction_count"] > 0 for row in prepared)
    counts["spam"] = sum(row["spam_reason"] is not None for row in prepared)
    logger.info(
        "prepare_chunk rows_in=%d rows_out=%d replaced=%d repaired=%d redacted=%d spam=%d seconds=%.1f",
        len(pending),
        len(prepared),
        counts["replaced"],
        counts["repaired"],
        counts["redacted"],
        counts["spam"],
        time.monotonic() - started,
    )
    return dict(counts)


@task(cache_policy=NO_CACHE, task_run_name="group-copies")
def group_copies(settings: Settings) -> tuple[int, list[str]]:
    """Make staging.duplicate anew, and look at what languages the sources are in.

    Candidates for near copies come from the stored signatures; only pairs that were never compared are.

    Returns:
        How many documents copy an earlier one, and warnings.
    """
    started = time.monotonic()
    params = {
        "campaign_brands": CAMPAIGN_BRANDS,
        "campaign_authors": CAMPAIGN_AUTHORS,
        "campaign_letters": CAMPAIGN_LETTERS,
    }
    with Warehouse(settings.warehouse_path) as warehouse:
        compared = _join_near_copies(warehouse)
        rows = warehouse.rebuild("staging.duplicate", params)
        warehouse.check_unique("staging.document", ["document_id"])
        copies = int(warehouse.scalar("select count(*) from staging.duplicate where not is_canonical"))
        warnings = _language_warnings(warehouse)
    logger.info(
        "group_copies rows_out=%d copies=%d compared=%d seconds=%.1f",
        rows, copies, compared, time.monotonic() - started,
    )  # fmt: skip
    return copies, warnings


def _join_near_copies(warehouse: Warehouse) -> int:
    """Fill the temporary table near_group: which duplicate keys are one group; how many pairs were compared."""
    warehouse.execute(f"create or replace temp table near_candidate as {sql_text('staging/near_candidates')}")
    compared = 0
    while unknown := warehouse.rows(f"{sql_text('staging/near_unknown')} limit {COMPARED_ROWS}"):
        found = []
        for pair in unknown:
            overlap = near_overlap(pair["text"], pair["other_text"])
            found.append(
                {
                    "text_hash": pair["text_hash"],
                    "other_hash": pair["other_hash"],
                    "is_copy": overlap is not None,
                    "jaccard": None if overlap is None else round(overlap.jaccard, 4),
                    "containment": None if overlap is None else round(overlap.containment, 4),
                }
            )
        compared += warehouse.insert("staging.near_copy", found)
    joined = warehouse.rows(sql_text("staging/near_joined"))
    groups = joined_groups((pair["duplicate_key"], pair["other_key"]) for pair in joined)
    warehouse.execute("create or replace temp table near_group (duplicate_key varchar, group_key varchar)")
    warehouse.insert("near_group", [{"duplicate_key": key, "group_key": group} for key, group in groups.items()])
    return compared


def _language_warnings(warehouse: Warehouse) -> list[str]:
    """One warning per source of which a large share is in languages that no model reads."""
    sources = warehouse.rows(
        """
        select
            source,
            count(*) as document_count,
            count(*) filter (where language = 'other') as other_count
        from staging.document
        group by source
        having other_count >= $least_count and other_count >= $least_share * document_count
        order by source
        """,
        {"least_count": _OTHER_LANGUAGE_COUNT, "least_share": _OTHER_LANGUAGE_SHARE},
    )
    return [
        f"source {row['source']}: {row['other_count']:,} of {row['document_count']:,} documents are in neither English"
        " nor Chinese; they count in volumes, not in sentiment or topics"
        for row in sources
    ]
