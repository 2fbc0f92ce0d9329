"""The published snapshot: one immutable DuckDB file and its Parquet copies, swapped in atomically.

The marts and ops schemas leave the warehouse for a file of DuckDB 1.4's storage format, with their comments and the
macros; raw text, authors and the bytes of rejected records stay behind. The file is built aside, closed, opened again,
compared with the warehouse, tested, made read-only, synced and renamed over the old one: a reader who has the old one
open keeps it, and a process killed at any moment leaves the old one or the new one.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any

from tasks.errors import QualityGateError
from tasks.store.data_tests import data_tests, raise_failures, run_tests
from tasks.store.warehouse import SQL_ROOT, Warehouse, ask, connect, sql_text

# Grain of every published table, as its comment tells it.
TABLE_KEYS: dict[str, tuple[str, ...]] = {
    "marts.document": ("document_id",),
    "marts.mention": ("document_id", "start_char", "end_char", "entity_id"),
    "marts.document_aspect": ("document_id", "aspect", "start_char"),
    "marts.comparison": ("document_id", "start_char", "preferred_brand", "other_brand"),
    "marts.page_change": ("change_id",),
    "marts.topic": ("topic_id",),
    "marts.topic_event": ("week_start", "event", "topic_id", "other_topic_id", "cause"),
    "marts.story": ("story_id",),
    "marts.weekly_metric": ("week_start", "metric", "brand", "kind", "segment"),
    "marts.weekly_topic": ("week_start", "metric", "brand", "topic_id"),
    "marts.weekly_aspect": ("week_start", "metric", "brand", "aspect"),
    "marts.rating_agreement": ("week_start", "language"),
    "marts.forecast": ("week_start", "metric", "brand", "kind"),
    "marts.report": ("iso_week", "revision"),
    "marts.finding": ("iso_week", "revision", "finding_id"),
    "marts.quote": ("iso_week", "revision", "quote_id"),
    "marts.metric_definition": ("metric",),
    "ops.run": ("run_id",),
    "ops.batch": ("batch_id",),
    "ops.rejected_record": ("batch_id", "record_number"),
    "ops.source_health": ("iso_week", "source"),
    "ops.brand_coverage": ("source", "kind", "brand"),
    "ops.model_version": ("model_version_id",),
    "ops.correction": ("correction_id",),
}
WITHHELD_COLUMNS = {"ops.rejected_record": ("raw_bytes",)}
# What differs between two runs over the same input. A report's payload tells its run; content_hash covers the rest.
RUN_COLUMNS = {"marts.report": ("run_id", "published_at", "payload")}
_LEFTOVER = re.compile(r"^\.(?:market\.duckdb|parquet)\.(\d+)\.tmp")


def build_snapshot(warehouse: Warehouse, path: Path) -> dict[str, int]:
    """Write the marts and ops schemas of a warehouse into a new file.

    Returns:
        Rows per table.
    """
    home = warehouse.scalar("select current_catalog()")
    connection = warehouse.connection
    connection.execute(f"attach '{_quoted(path)}' as published (storage_version 'v1.4.0')")
    try:
        connection.execute("use published")
        for schema in ("ops", "marts"):
            connection.execute(sql_text(f"schema/{schema}"))
        for file in sorted((SQL_ROOT / "macros").glob("*.sql")):
            connection.execute(file.read_text(encoding="utf-8"))
        row_counts = {}
        for table, key in TABLE_KEYS.items():
            withheld = WITHHELD_COLUMNS.get(table, ())
            for column in withheld:
                connection.execute(f"alter table published.{table} drop column {column}")
            columns = f"* exclude ({', '.join(withheld)})" if withheld else "*"
            connection.execute(
                f"insert into published.{table} by name"
                f' select {columns} from "{home}".{table} order by {", ".join(key)}'
            )
            row_counts[table] = int(warehouse.scalar(f'select count(*) from "{home}".{table}'))
        connection.execute("checkpoint published")
    finally:
        connection.execute(f'use "{home}"')
        connection.execute("detach published")
    return row_counts


def verify_snapshot(path: Path, row_counts: dict[str, int]) -> None:
    """Open a closed snapshot as a reader would and test it.

    Raises:
        QualityGateError: it holds other tables or rows than the warehouse, or a data test fails on it.
    """
    rows_of = partial(_rows, path)
    listed = rows_of("select schema_name || '.' || table_name as name from duckdb_tables() order by name")
    found = {row["name"]: int(rows_of(f"select count(*) as n from {row['name']}")[0]["n"]) for row in listed}
    if found != row_counts:
        differing = sorted(name for name in found.keys() | row_counts.keys() if found.get(name) != row_counts.get(name))
        raise QualityGateError(
            f"The new snapshot does not hold what the warehouse holds: {', '.join(differing)}",
            why="it was not written completely; the disk may be full",
            fix="free disk space and run again; the last snapshot stays as it was",
        )
    raise_failures(run_tests(rows_of, [test for test in data_tests() if not test.needs_warehouse]))


def write_parquet(snapshot: Path, directory: Path) -> list[str]:
    """Copy every table of a snapshot to <schema>.<table>.parquet in a new directory, in key order; the file names."""
    directory.mkdir(parents=True)
    names = []
    with closing(connect(snapshot, read_only=True)) as connection:
        for table, key in TABLE_KEYS.items():
            target = directory / f"{table}.parquet"
            connection.execute(
                f"copy (select * from {table} order by {', '.join(key)}) to '{_quoted(target)}' (format parquet)"
            )
            names.append(target.name)
    return names


def swap_in(built: Path, target: Path) -> None:
    """Make a finished file read-only and rename it over another, durably."""
    built.chmod(0o444)
    _sync(built)
    os.replace(built, target)
    _sync(target.parent)


def swap_in_parquet(built: Path, target: Path) -> list[Path]:
    """Rename each file of a directory over its predecessor, and drop those that have no successor; the new paths."""
    target.mkdir(parents=True, exist_ok=True)
    paths = []
    for file in sorted(built.iterdir()):
        swap_in(file, target / file.name)
        paths.append(target / file.name)
    for old in set(target.glob("*.parquet")) - set(paths):
        old.unlink()
    built.rmdir()
    return paths


def remove_leftovers(directory: Path) -> int:
    """Delete what killed runs left half built beside the snapshot; how many files and folders that were.

    The caller holds the project's lock: files of a process that still runs belong to somebody else and stay.
    """
    count = 0
    for path in directory.glob(".*.tmp*"):
        match = _LEFTOVER.match(path.name)
        if match and not _is_running_elsewhere(int(match[1])):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
            count += 1
    return count


def table_hashes(path: Path) -> dict[str, str]:
    """SHA-256 of each marts table: columns in order of name, rows in key order, without run ids and load times.

    Two databases with equal hashes tell their readers the same, whatever their files' bytes.
    """
    hashes = {}
    with closing(connect(path, read_only=True)) as connection:
        for table, key in TABLE_KEYS.items():
            if not table.startswith("marts."):
                continue
            columns = sorted(column for (column, *_) in connection.execute(f"describe {table}").fetchall())
            kept = [column for column in columns if column not in RUN_COLUMNS.get(table, ())]
            rows = connection.execute(
                f"select sha256(to_json(struct_pack({', '.join(f'{c} := {c}' for c in kept)}))::varchar)"
                f" from {table} order by {', '.join(key)}"
            ).fetchall()
            digest = hashlib.sha256(",".join(kept).encode())
            for (row_hash,) in rows:
                digest.update(row_hash.encode())
            hashes[table] = digest.hexdigest()
    return hashes


def _rows(path: Path, sql: str) -> list[dict[str, Any]]:
    return ask(path, sql).to_pylist()


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_running_elsewhere(pid: int) -> bool:
    if pid == os.getpid():
        return False
    with suppress(ProcessLookupError):
        try:
            os.kill(pid, 0)
        except PermissionError:
            return True
        return True
    return False
