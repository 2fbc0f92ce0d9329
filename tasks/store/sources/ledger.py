"""A parsed batch into the warehouse, exactly once: documents, rejected records and the ledger in one transaction.

The ledger knows contents by source, mapping and SHA-256, wherever they lie: a renamed copy is no new content. A batch
killed at any point has left nothing, and is loaded when it is met again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from tasks.config import Source
from tasks.core.documents import content_hash, document_id, stable_hash
from tasks.core.redact import redact
from tasks.errors import DataContractError
from tasks.store.sources.batches import Content, ParsedBatch, RejectedRecord, sha256_of
from tasks.store.warehouse import Warehouse, sql_text

_TEXT, _COUNT = pa.string(), pa.int64()
_DOCUMENT_SCHEMA = pa.schema(
    [
        ("document_id", _TEXT), ("content_hash", _TEXT), ("source", _TEXT), ("kind", _TEXT),
        ("source_record_id", _TEXT), ("title", _TEXT), ("text", pa.large_string()), ("url", _TEXT),
        ("published_at", pa.timestamp("us")), ("is_date_only", pa.bool_()), ("rating", pa.float64()),
        ("brand", _TEXT), ("segment", _TEXT), ("language_hint", _TEXT), ("author_hash", _TEXT),
        ("batch_id", _TEXT), ("batch_sequence", _COUNT), ("record_number", _COUNT),
    ]
)  # fmt: skip
_REJECTED_SCHEMA = pa.schema(
    [
        ("batch_id", _TEXT), ("record_number", _COUNT), ("source", _TEXT), ("uri", _TEXT), ("reason_code", _TEXT),
        ("reason", _TEXT), ("raw_bytes", pa.binary()), ("excerpt", _TEXT),
    ]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class BatchCounts:
    """What became of a batch's records; received is the sum of the others."""

    received: int
    loaded: int
    updated: int
    duplicates: int
    rejected: int


@dataclass(frozen=True, slots=True)
class BatchKey:
    """Which batch of which source is being loaded, by which run and mapping. loaded_at: UTC without tzinfo."""

    source: Source
    mapping_hash: str
    uri: str
    run_id: str
    loaded_at: datetime


def known_contents(warehouse: Warehouse, source_name: str, mapping_hash: str) -> set[str]:
    """SHA-256 of every content of a source that was loaded by the mapping as it is."""
    rows = warehouse.rows(
        "select distinct content_sha256 from raw.loaded_file where source = ? and mapping_hash = ?",
        [source_name, mapping_hash],
    )
    return {row["content_sha256"] for row in rows}


def load(warehouse: Warehouse, key: BatchKey, contents: Sequence[Content], batch: ParsedBatch) -> BatchCounts:
    """Write a batch, all of it or nothing.

    Raises:
        DataContractError: the records that became something are not as many as were received.
    """
    shas = [content.content_sha256 for content in contents]
    batch_sha = shas[0] if len(shas) == 1 else sha256_of("\n".join(sorted(shas)).encode())
    batch_id = stable_hash(key.source.name, key.mapping_hash, batch_sha)
    files = [
        {
            "source": key.source.name,
            "mapping_hash": key.mapping_hash,
            "uri": content.uri,
            "content_sha256": content.content_sha256,
            "batch_id": batch_id,
        }
        for content in contents
    ]
    with warehouse.transaction():
        sequence = _next_sequence(warehouse)
        warehouse.execute("create or replace temp table incoming_document as select * from raw.document limit 0")
        warehouse.insert("incoming_document", _documents(key.source, batch, batch_id, sequence))
        _retire_reading(warehouse, key, files)
        warehouse.execute(f"create or replace temp table batch_version as {sql_text('staging/load_batch')}")
        counts, has_brought_back = _counts(warehouse, batch)
        columns = ", ".join(_DOCUMENT_SCHEMA.names)
        warehouse.execute(
            f"insert into raw.document by name select {columns} from batch_version where not is_known"  # noqa: S608
        )
        if has_brought_back:
            warehouse.execute(
                "update raw.document set batch_id = versions.batch_id, batch_sequence = versions.batch_sequence,"
                " record_number = versions.record_number from batch_version as versions"
                " where versions.is_brought_back and document.document_id = versions.document_id"
                " and document.content_hash = versions.content_hash"
            )
        warehouse.insert("raw.loaded_file", files)
        _forget_attempts(warehouse, key, batch_id)
        _write_ledger(warehouse, key, batch_id, batch_sha, sequence, counts, batch.rejected, status="loaded")
    return counts


def load_unreadable(warehouse: Warehouse, key: BatchKey, content_sha256: str, rejected: RejectedRecord) -> BatchCounts:
    """Write that a content could not be read at all. It is tried again in every run."""
    batch_id = stable_hash("unreadable", key.source.name, key.mapping_hash, key.uri)
    counts = BatchCounts(received=1, loaded=0, updated=0, duplicates=0, rejected=1)
    with warehouse.transaction():
        _forget_attempts(warehouse, key, batch_id)
        sequence = _next_sequence(warehouse)
        _write_ledger(warehouse, key, batch_id, content_sha256, sequence, counts, [rejected], status="unreadable")
    return counts


def _next_sequence(warehouse: Warehouse) -> int:
    return int(warehouse.scalar("select coalesce(max(batch_sequence), 0) + 1 from ops.batch"))


def _documents(source: Source, batch: ParsedBatch, batch_id: str, sequence: int) -> pa.Table:
    """Grain: one row per record, in the columns of raw.document."""
    records, count = batch.records, len(batch.records)
    columns: dict[str, list] = {
        "document_id": [
            document_id(source.name, record, author=author, has_trusted_id=batch.has_trusted_ids)
            for record, author in zip(records, batch.authors, strict=True)
        ],
        "content_hash": [
            content_hash(record, author=author) for record, author in zip(records, batch.authors, strict=True)
        ],
        "source": [source.name] * count,
        "kind": [source.kind] * count,
        "batch_id": [batch_id] * count,
        "batch_sequence": [sequence] * count,
    }
    for name in _DOCUMENT_SCHEMA.names:
        if name not in columns:
            columns[name] = [getattr(record, name) for record in records]
    return pa.table({name: columns[name] for name in _DOCUMENT_SCHEMA.names}, schema=_DOCUMENT_SCHEMA)


def _retire_reading(warehouse: Warehouse, key: BatchKey, files: list[dict[str, str]]) -> None:
    """Where another mapping read the same contents before: remove what only that reading gave."""
    was_read_otherwise = warehouse.scalar(
        "select count(*) from raw.loaded_file"
        " where source = ? and mapping_hash <> ? and list_contains(?::varchar[], content_sha256)",
        [key.source.name, key.mapping_hash, [file["content_sha256"] for file in files]],
    )
    if was_read_otherwise:
        warehouse.execute("create or replace temp table incoming_file as select * from raw.loaded_file limit 0")
        warehouse.insert("incoming_file", files)
        warehouse.run_file("staging/retire_reading")


def _counts(warehouse: Warehouse, batch: ParsedBatch) -> tuple[BatchCounts, bool]:
    """What becomes of the batch's records, and whether a known version comes back to the top."""
    rows = warehouse.rows(
        "select outcome, count(*) as n, bool_or(is_brought_back) as is_back from batch_version group by outcome"
    )
    by_outcome = {row["outcome"]: row["n"] for row in rows}
    versions = sum(by_outcome.values())
    counts = BatchCounts(
        received=batch.received,
        loaded=by_outcome.get("loaded", 0),
        updated=by_outcome.get("updated", 0),
        duplicates=by_outcome.get("duplicate", 0) + len(batch.records) - versions,
        rejected=len(batch.rejected),
    )
    total = counts.loaded + counts.updated + counts.duplicates + counts.rejected
    numbers = [one.rejected.record_number for one in batch.rejected] + [one.record_number for one in batch.records]
    if total != counts.received or len(set(numbers)) != counts.received:
        raise DataContractError(
            f"A batch received {counts.received} records, of which {total} became something"
            f" and {len(set(numbers))} have a number of their own"
        )
    return counts, any(row["is_back"] for row in rows)


def _forget_attempts(warehouse: Warehouse, key: BatchKey, batch_id: str) -> None:
    """Remove what earlier failures to read the same content wrote, and an earlier reading that was given up."""
    condition = "where batch_id = ? or (source = ? and uri = ? and status = 'unreadable')"
    params = [batch_id, key.source.name, key.uri]
    if not warehouse.scalar(f"select count(*) from ops.batch {condition}", params):  # noqa: S608
        return
    warehouse.execute(
        f"delete from ops.rejected_record where batch_id in (select batch_id from ops.batch {condition})",  # noqa: S608
        params,
    )
    warehouse.execute(f"delete from ops.batch {condition}", params)  # noqa: S608


def _write_ledger(
    warehouse: Warehouse,
    key: BatchKey,
    batch_id: str,
    content_sha256: str,
    sequence: int,
    counts: BatchCounts,
    rejected: Sequence[RejectedRecord],
    *,
    status: str,
) -> None:
    rows = [
        {
            "batch_id": batch_id,
            "record_number": one.rejected.record_number,
            "source": key.source.name,
            "uri": key.uri,
            "reason_code": one.rejected.reason_code,
            "reason": redact(_printable(one.rejected.reason))[0],
            "raw_bytes": one.rejected.raw_bytes,
            "excerpt": _printable(one.excerpt),
        }
        for one in rejected
    ]
    warehouse.insert("ops.rejected_record", pa.Table.from_pylist(rows, schema=_REJECTED_SCHEMA))
    warehouse.insert(
        "ops.batch",
        [
            {
                "batch_id": batch_id,
                "batch_sequence": sequence,
                "run_id": key.run_id,
                "source": key.source.name,
                "uri": key.uri,
                "content_sha256": content_sha256,
                "mapping_hash": key.mapping_hash,
                "received_count": counts.received,
                "loaded_count": counts.loaded,
                "updated_count": counts.updated,
                "duplicate_count": counts.duplicates,
                "rejected_count": counts.rejected,
                "status": status,
                "loaded_at": key.loaded_at,
            }
        ],
    )


def _printable(text: str) -> str:
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
