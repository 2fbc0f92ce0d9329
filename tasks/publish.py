"""Stage publish: the tested marts become the snapshot that analysts read.

Everything is built aside and swapped in at the end: the Parquet copies first, the database last, so that a run that
was killed in between is seen not to have published.
"""

from __future__ import annotations

import logging
import os
import time
from dataclasses import dataclass
from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.config import Settings
from tasks.core.contracts import Progress
from tasks.store import snapshot
from tasks.store.warehouse import Warehouse

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PublishSummary:
    """The snapshot and its copies. size: bytes of the snapshot."""

    path: Path
    size: int
    row_counts: dict[str, int]
    parquet_paths: tuple[Path, ...]
    warnings: tuple[str, ...]


def publish(settings: Settings, run_id: str, progress: Progress) -> PublishSummary:
    """Publish marts and ops, atomically.

    Raises:
        QualityGateError: the new snapshot fails its tests; the last one stays as it was.
    """
    progress.start("publish", 1)
    summary = publish_snapshot(settings)
    progress.advance()
    progress.finish(f"{summary.path} ({summary.size / 1e6:.1f} MB)")
    return summary


@task(cache_policy=NO_CACHE, task_run_name="publish-snapshot")
def publish_snapshot(settings: Settings) -> PublishSummary:
    """Build, verify and swap in the snapshot and its Parquet copies."""
    started = time.monotonic()
    directory = settings.snapshot_path.parent
    directory.mkdir(parents=True, exist_ok=True)
    removed = snapshot.remove_leftovers(directory)
    built = directory / f".{settings.snapshot_path.name}.{os.getpid()}.tmp"
    built_parquet = directory / f".parquet.{os.getpid()}.tmp"
    try:
        with Warehouse(settings.warehouse_path) as warehouse:
            row_counts = snapshot.build_snapshot(warehouse, built)
        snapshot.verify_snapshot(built, row_counts)
        snapshot.write_parquet(built, built_parquet)
        parquet_paths = snapshot.swap_in_parquet(built_parquet, settings.parquet_dir)
        snapshot.swap_in(built, settings.snapshot_path)
    finally:
        snapshot.remove_leftovers(directory)
    size = settings.snapshot_path.stat().st_size
    logger.info(
        "publish tables=%d rows=%d bytes=%d leftovers_removed=%d seconds=%.1f",
        len(row_counts),
        sum(row_counts.values()),
        size,
        removed,
        time.monotonic() - started,
    )
    return PublishSummary(settings.snapshot_path, size, row_counts, tuple(parquet_paths), ())
