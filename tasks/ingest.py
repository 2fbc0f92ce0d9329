"""Stage ingest: what lies at the sources' paths and addresses becomes rows of raw.document, each content once.

One batch is one file, one member of an archive, one response, or up to some hundred new pages; each is committed as a
whole with its row in the ledger, so that a killed run goes on with the next batch. Contents that the ledger knows are
not read again. What can't be used is stored with its reason. A source that gives nothing is a warning, or, where it
is required, an error.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.context import FlowRunContext
from prefect.tasks import exponential_backoff

from tasks.config import Settings, Source
from tasks.core.contracts import Progress
from tasks.errors import SourceError
from tasks.store.sources import batches, files, ledger, web
from tasks.store.sources.batches import Content
from tasks.store.sources.files import Blob, UnreadableError
from tasks.store.warehouse import Warehouse

logger = logging.getLogger(__name__)

PAGES_PER_BATCH = 500
BATCHES_PER_TASK = 200
BYTES_PER_TASK = 20_000_000
_NOTED_REJECTED_SHARE = 0.05


@dataclass(frozen=True)
class PendingBatch:
    """A batch that the next run will load.

    blobs is empty for an address, whose content is not known yet; size_bytes is what the blobs take up unpacked.
    """

    source: str
    uri: str
    blobs: tuple[Blob, ...] = ()
    size_bytes: int = 0


@dataclass(frozen=True)
class BatchResult:
    """What became of one batch. counts is null where there was none: an address gave nothing, or nothing new."""

    counts: ledger.BatchCounts | None
    warnings: tuple[str, ...] = ()
    is_readable: bool = True


@dataclass(frozen=True)
class IngestSummary:
    """What arrived in this run; received = loaded + updated + duplicates + rejected."""

    received: int
    loaded: int
    updated: int
    duplicates: int
    rejected: int
    batch_count: int
    warnings: tuple[str, ...]


def ingest(settings: Settings, run_id: str, progress: Progress, *, now: datetime | None = None) -> IngestSummary:
    """Load every batch of every source that the ledger does not know.

    Args:
        now: UTC without tzinfo, for tests; dates more than two days later are rejected.

    Raises:
        SourceError: a required source has nothing, or something that can't be read. Batches loaded before it stay.
        ConfigError: a source's settings can't be right for any file.
    """
    now = now or datetime.now(UTC).replace(tzinfo=None)
    pending, warnings = _tracked(find_batches, settings, now)
    progress.start("ingest", len(pending))
    counts = {"received": 0, "loaded": 0, "updated": 0, "duplicates": 0, "rejected": 0}
    by_source: dict[str, list[int]] = {}
    batch_count = 0
    for chunk in _chunks(pending):
        for result in _load(settings, run_id, chunk, now):
            warnings += result.warnings
            if result.counts is None:
                continue
            batch_count += 1
            for name in counts:
                counts[name] += getattr(result.counts, name)
            if result.is_readable:
                tally = by_source.setdefault(chunk[0].source, [0, 0])
                tally[0] += result.counts.rejected
                tally[1] += result.counts.received
        progress.advance(len(chunk))
    for source, (rejected, received) in by_source.items():
        if rejected > _NOTED_REJECTED_SHARE * received:
            warnings.append(
                f"source {source}: {rejected:,} of {received:,} records were rejected"
                " (`marketbrief query rejected_records` says why)"
            )
    progress.finish(
        f"{counts['received']:,} records in {batch_count:,} batches: {counts['loaded']:,} new,"
        f" {counts['updated']:,} changed, {counts['duplicates']:,} known, {counts['rejected']:,} rejected"
    )
    return IngestSummary(**counts, batch_count=batch_count, warnings=tuple(dict.fromkeys(warnings)))


def pending_batches(settings: Settings) -> list[PendingBatch]:
    """Batches that the next run will load; reads files to know their contents, and writes nothing."""
    return find_batches.fn(settings, datetime.now(UTC).replace(tzinfo=None), is_dry=True)[0]


@task(cache_policy=NO_CACHE, task_run_name="find-batches")
def find_batches(settings: Settings, now: datetime, *, is_dry: bool = False) -> tuple[list[PendingBatch], list[str]]:
    """Batches that the ledger does not know, in the order of sources and names, and warnings.

    Raises: as `ingest`, for required sources without a file; a dry look only warns.
    """
    started = time.monotonic()
    pending: list[PendingBatch] = []
    warnings: list[str] = []
    known = _known_contents(settings)
    for source in settings.market.sources:
        batches.check_source(settings, source, now=now)
        if source.url is not None:
            pending.append(PendingBatch(source.name, web.shown(source.url)))
            continue
        blobs, notes = files.list_blobs(settings.source_path(source), format_name=source.format)
        warnings += [f"source {source.name}: {note}" for note in notes]
        if not blobs:
            error = SourceError(
                f"Source {source.name!r} has no file at {settings.source_path(source)}",
                fix="bring the file, or correct the source's path",
            )
            if source.required and not is_dry:
                raise error
            warnings.append(error.fact)
        pending += _batches_of(settings, source, blobs, known[source.name])
    logger.info("find_batches batches=%d seconds=%.1f", len(pending), time.monotonic() - started)
    return pending, warnings


@task(
    cache_policy=NO_CACHE,
    task_run_name="fetch-{source_name}",
    retries=3,
    retry_delay_seconds=exponential_backoff(backoff_factor=1),
    retry_jitter_factor=0.5,
    retry_condition_fn=lambda task, task_run, state: is_worth_another_try(state),
)
def fetch_source(settings: Settings, source_name: str) -> Content:
    """Fetch the address of a source. Raises as `web.fetch`."""
    started = time.monotonic()
    source = _source(settings, source_name)
    response = web.fetch(source.url or "", limits=settings.market.fetch)
    uri = web.shown(source.url or "")
    logger.info(
        "fetch_source source=%s bytes=%d seconds=%.1f", source_name, len(response.content), time.monotonic() - started
    )
    return Content(
        uri=uri,
        record_path=response.url,
        data=response.content,
        content_sha256=batches.sha256_of(response.content),
        url=response.url,
        fetched_at=response.fetched_at,
        content_type=response.content_type,
    )


def is_worth_another_try(state: Any) -> bool:
    """True where a task failed for a reason that passes: no connection, a time-out, an answer of 429 or 5xx."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, BaseException) and web.is_temporary(error)


@task(cache_policy=NO_CACHE, task_run_name="load-{source_name}")
def load_batches(
    settings: Settings,
    run_id: str,
    source_name: str,
    chunk: list[PendingBatch],
    now: datetime,
    response: Content | None = None,
) -> list[BatchResult]:
    """Read some batches of one source and write each in a transaction of its own, or write that it can't be read.

    Args:
        response: what the source's address gave; null for files.

    Raises:
        SourceError: a batch can't be read, and its source is required. The batches before it stay.
    """
    started = time.monotonic()
    source = _source(settings, source_name)
    with Warehouse(settings.warehouse_path) as warehouse:
        results = [_load_batch(warehouse, settings, source, run_id, batch, now, response) for batch in chunk]
    total = [result.counts for result in results if result.counts is not None]
    logger.info(
        "load_batches source=%s batches=%d received=%d loaded=%d updated=%d duplicates=%d rejected=%d seconds=%.1f",
        source_name, len(chunk), sum(n.received for n in total), sum(n.loaded for n in total),
        sum(n.updated for n in total), sum(n.duplicates for n in total), sum(n.rejected for n in total),
        time.monotonic() - started,
    )  # fmt: skip
    return results


def _load_batch(
    warehouse: Warehouse,
    settings: Settings,
    source: Source,
    run_id: str,
    batch: PendingBatch,
    now: datetime,
    response: Content | None,
) -> BatchResult:
    key = ledger.BatchKey(source, batches.mapping_hash(settings, source), batch.uri, run_id, now)
    max_bytes = settings.market.fetch.max_unpacked_bytes
    contents: list[Content] = []
    try:
        contents = [response] if response else list(_contents(batch.blobs, source.format, max_bytes))
        parsed = batches.parse(settings, source, contents, now=now)
    except UnreadableError as error:
        if source.required:
            raise
        data = contents[0].data if contents else b""
        sha = contents[0].content_sha256 if contents else _packed_sha256(batch.blobs)
        has_authors = source.columns.author is not None
        unreadable = batches.rejected_whole(error.fact, data, has_authors=has_authors)
        counts = ledger.load_unreadable(warehouse, key, sha, unreadable)
        return BatchResult(counts, (f"source {source.name}: {error.fact}",), is_readable=False)
    return BatchResult(ledger.load(warehouse, key, contents, parsed), tuple(parsed.warnings))


def _chunks(pending: list[PendingBatch]) -> Iterator[list[PendingBatch]]:
    """Batches in their order, grouped into tasks: files of one source up to a size; an address alone."""
    chunk: list[PendingBatch] = []
    for batch in pending:
        is_full = len(chunk) >= BATCHES_PER_TASK or sum(b.size_bytes for b in chunk) >= BYTES_PER_TASK
        if chunk and (is_full or batch.source != chunk[0].source):
            yield chunk
            chunk = []
        chunk.append(batch)
    if chunk:
        yield chunk


def _load(settings: Settings, run_id: str, chunk: list[PendingBatch], now: datetime) -> list[BatchResult]:
    """Load some batches of one source; for an address, fetch it first."""
    source = _source(settings, chunk[0].source)
    if source.url is None:
        return _tracked(load_batches, settings, run_id, source.name, chunk, now)
    try:
        response = _tracked(fetch_source, settings, source.name)
    except SourceError as error:
        if source.required:
            raise
        return [BatchResult(None, (f"source {source.name}: {error.fact}",))]
    if response.content_sha256 in _known_contents(settings)[source.name]:
        return [BatchResult(None)]
    return _tracked(load_batches, settings, run_id, source.name, chunk, now, response)


def _tracked(stage_task: Any, *args: Any) -> Any:
    """Run a task: in a flow as a tracked task run, elsewhere as the plain function."""
    return stage_task(*args) if FlowRunContext.get() is not None else stage_task.fn(*args)


def _source(settings: Settings, name: str) -> Source:
    return next(source for source in settings.market.sources if source.name == name)


def _known_contents(settings: Settings) -> dict[str, set[str]]:
    """For each source, the SHA-256 of the contents that the ledger holds by today's mapping."""
    if not settings.warehouse_path.is_file():
        return {source.name: set() for source in settings.market.sources}
    with Warehouse(settings.warehouse_path) as warehouse:
        return {
            source.name: ledger.known_contents(warehouse, source.name, batches.mapping_hash(settings, source))
            for source in settings.market.sources
        }


def _batches_of(settings: Settings, source: Source, blobs: list[Blob], known: set[str]) -> Iterator[PendingBatch]:
    """New contents of a source as batches; of two equal contents only the first."""
    new: list[tuple[Blob, int]] = []
    seen = set(known)
    for blob in blobs:
        sha: str | None
        try:
            sha, size = files.content_sha256(blob, max_bytes=settings.market.fetch.max_unpacked_bytes)
        except UnreadableError:
            sha, size = (_packed_sha256((blob,)) if source.format == "html" else None), 0
        if sha is None or sha not in seen:
            new.append((blob, size))
        if sha is not None:
            seen.add(sha)
    if source.format != "html":
        yield from (PendingBatch(source.name, blob.uri, (blob,), size) for blob, size in new)
        return
    for start in range(0, len(new), PAGES_PER_BATCH):
        group = new[start : start + PAGES_PER_BATCH]
        uri = group[0][0].uri if len(group) == 1 else f"{settings.source_path(source)} ({len(group)} pages)"
        yield PendingBatch(source.name, uri, tuple(blob for blob, _ in group), sum(size for _, size in group))


def _contents(blobs: tuple[Blob, ...], format_name: str, max_bytes: int) -> Iterator[Content]:
    """Bytes of a batch. One page among many that can't be read is a problem of its own, not of the batch."""
    for blob in blobs:
        try:
            data = files.read_blob(blob, max_bytes=max_bytes)
        except UnreadableError as error:
            if format_name != "html":
                raise
            yield Content(blob.uri, blob.record_path, b"", _packed_sha256((blob,)), problem=error.fact)
        else:
            yield Content(blob.uri, blob.record_path, data, batches.sha256_of(data))


def _packed_sha256(blobs: tuple[Blob, ...]) -> str:
    """SHA-256 of a file as it lies, packed or broken; of its name where not even that can be read."""
    path = blobs[0].path if blobs else ""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return batches.sha256_of(path.encode("utf-8", "surrogateescape"))
