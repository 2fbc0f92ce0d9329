"""The snapshot: what it holds, what it withholds, and that it is swapped in whole."""

import os
import re
import signal
import stat
import subprocess
import sys
import textwrap
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from warehouse_builder import WarehouseBuilder

from tasks import publish as stage
from tasks.build import build_documents, build_weekly
from tasks.config import PROGRAM_ROOT, SQL_ROOT, Settings
from tasks.core.contracts import NullProgress
from tasks.errors import QualityGateError, UsageError
from tasks.publish import publish, publish_snapshot
from tasks.query import named_queries, run_query
from tasks.store import snapshot
from tasks.store.warehouse import Warehouse, ask


def project(root: Path, documents: int = 60) -> Settings:
    builder = WarehouseBuilder(root)
    builder.add_topics([("en-1", "battery"), ("zh-1", "电池")])
    start = datetime(2026, 1, 5)
    builder.add_documents(
        [
            {
                "document_id": f"d{number:04d}",
                "published_at": start + timedelta(hours=number),
                "brand": "Aurora" if number % 2 else None,
                "language": "zh" if number % 3 else "en",
                "text": "Aurora的电池 battery 100%",
                "sentiment": "negative" if number % 4 else "positive",
                "rating": 1.0 + number % 5,
                "topic_id": "zh-1" if number % 3 else "en-1",
                "mentions": [("Aurora", "Aurora", 0, 6)],
            }
            for number in range(documents)
        ]
    )
    builder.add_batch(source="shop", loaded=documents, rejected=2)
    builder.warehouse.insert(
        "marts.report",
        [
            {"iso_week": "2026-W02", "revision": 1, "run_id": "run-1", "published_at": start,
             "content_hash": "h", "reason": "first", "payload": "{}"}
        ],
    )  # fmt: skip
    builder.warehouse.insert(
        "marts.finding",
        [
            {"iso_week": "2026-W02", "revision": 1, "finding_id": "f1", "rank": 1, "text_en": "Rose", "text_zh": "上升",
             "query": "select 1", "document_ids": ["d0001", "d0002"]}
        ],
    )  # fmt: skip
    settings = builder.finish()
    build_documents.fn(settings)
    build_weekly.fn(settings)
    return settings


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Settings:
    settings = project(tmp_path_factory.mktemp("published"))
    publish_snapshot.fn(settings)
    return settings


def rows(settings: Settings, sql: str) -> list[dict]:
    return ask(settings.snapshot_path, sql).to_pylist()


def test_the_snapshot_tells_what_the_warehouse_tells(published):
    assert snapshot.table_hashes(published.snapshot_path) == snapshot.table_hashes(published.warehouse_path)
    assert rows(published, "select count(*) as n from marts.document") == [{"n": 60}]


def test_parquet_copies_hold_the_same_rows(published):
    files = {path.name for path in published.parquet_dir.iterdir()}
    assert files == {f"{table}.parquet" for table in snapshot.TABLE_KEYS}
    for table in snapshot.TABLE_KEYS:
        (row,) = rows(published, f"select count(*) as n from {table}")
        assert pq.read_metadata(published.parquet_dir / f"{table}.parquet").num_rows == row["n"]


def test_raw_text_authors_and_bytes_stay_behind(published):
    schemas = {row["s"] for row in rows(published, "select distinct schema_name as s from duckdb_tables()")}
    assert schemas == {"marts", "ops"}
    columns = {row["c"] for row in rows(published, "select distinct column_name as c from duckdb_columns()")}
    assert not columns & {"raw_bytes", "author_hash"}
    content = published.snapshot_path.read_bytes()
    assert b"secret" not in content
    assert "raw_bytes" not in pq.read_schema(published.parquet_dir / "ops.rejected_record.parquet").names


def test_older_clients_can_open_the_storage_format(published):
    (row,) = rows(published, "select tags from duckdb_databases() where not internal")
    assert dict(row["tags"])["storage_version"].startswith("v1.4.0")


def test_every_published_table_and_column_is_commented(published):
    tables = rows(published, "select table_name from duckdb_tables() where comment is null")
    columns = rows(
        published, "select table_name, column_name from duckdb_columns() where comment is null and not internal"
    )
    assert tables == []
    assert columns == []


def test_the_keys_are_those_that_the_comments_tell(published):
    comments = {
        row["name"]: row["comment"]
        for row in rows(published, "select schema_name || '.' || table_name as name, comment from duckdb_tables()")
    }
    schema = "".join((SQL_ROOT / "schema" / f"{name}.sql").read_text(encoding="utf-8") for name in ("marts", "ops"))
    for table, key in snapshot.TABLE_KEYS.items():
        declared = re.search(rf"-- Grain: one row per ([^\n]*)\ncreate table if not exists {table} ", schema)
        assert declared, table
        if table not in ("ops.run", "ops.batch"):
            told = re.match(r"\(([^)]*)\)|(\w+)", declared[1])
            assert (told[1] or told[2]).split(", ") == list(key)
        assert table in comments


def test_the_snapshot_is_read_only_for_everybody(published):
    assert stat.S_IMODE(published.snapshot_path.stat().st_mode) == 0o444
    for sql in ("delete from marts.document", "copy marts.topic to '/tmp/leak.csv'", "set threads = 1"):
        with pytest.raises(UsageError):
            ask(published.snapshot_path, sql)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select wilson_lo(79, 271) as x", 0.24062),
        ("select wilson_hi(79, 271) as x", 0.34823),
        ("select wilson_lo(0, 30) as x", 0.0),
        ("select wilson_hi(30, 30) as x", 1.0),
        ("select wilson_lo(0, 0) as x", None),
        ("select net_sentiment(50, 30, 100) as x", 0.2),
        ("select net_sentiment(0, 0, 0) as x", None),
        ("select count(*) as x from weekly('Aurora') where metric = 'volume'", 1),
        ("select n_a as x from compare('*', 'Aurora') where metric = 'volume'", 60),
        ("select count(*) as x from quotes('*', 'battery')", 20),
        ("select count(*) as x from quotes('*', 'zh-1')", 40),
        ("select count(*) as x from quotes('Borealis', '电池')", 0),
        ("select count(*) as x from search_text('BATTERY')", 60),
        ("select count(*) as x from search_text('电池')", 60),
        ("select count(*) as x from search_text('100%')", 60),
        ("select count(*) as x from search_text('%')", 60),
        ("select count(*) as x from search_text('_')", 0),
        ("select string_agg(document_id, ' ') as x from lineage('f1')", "d0001 d0002"),
    ],
)
def test_macros_work_in_the_snapshot(published, sql, expected):
    (row,) = rows(published, sql)
    assert row["x"] == (pytest.approx(expected, abs=1e-5) if isinstance(expected, float) else expected)


def test_quotes_find_nameless_documents_by_what_they_mention(published):
    brandless = rows(published, "select count(*) as n from quotes('Aurora', 'zh-1')")
    assert brandless == [{"n": 40}]


@pytest.mark.parametrize("query", named_queries(), ids=lambda query: query.name)
def test_named_queries_run_and_say_what_they_answer(published, query):
    assert query.description.endswith("."), query.name
    assert run_query(published, query.sql) is not None


def test_hashes_see_every_change_and_no_run(tmp_path):
    settings = project(tmp_path, documents=3)
    before = snapshot.table_hashes(settings.warehouse_path)
    with Warehouse(settings.warehouse_path) as warehouse:
        warehouse.execute("update marts.report set run_id = 'run-2', published_at = now()::timestamp")
    assert snapshot.table_hashes(settings.warehouse_path) == before
    with Warehouse(settings.warehouse_path) as warehouse:
        warehouse.execute("update marts.document set rating = 1.001 where document_id = 'd0002'")
    after = snapshot.table_hashes(settings.warehouse_path)
    assert {table for table in before if before[table] != after[table]} == {"marts.document"}


def test_a_reader_keeps_the_snapshot_that_it_opened(tmp_path):
    settings = project(tmp_path, documents=5)
    publish_snapshot.fn(settings)
    reader = subprocess.Popen(
        [
            sys.executable, "-c",
            textwrap.dedent("""
                import sys, duckdb
                connection = duckdb.connect(sys.argv[1], read_only=True)
                count = "select count(*) from marts.document"
                print(connection.execute(count).fetchall()[0][0], flush=True)
                sys.stdin.readline()
                print(connection.execute(count).fetchall()[0][0], flush=True)
            """),
            str(settings.snapshot_path),
        ],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert reader.stdout.readline() == "5\n"
    with Warehouse(settings.warehouse_path) as warehouse:
        warehouse.execute("delete from marts.document where document_id = 'd0004'")
        warehouse.execute("delete from marts.mention where document_id = 'd0004'")
        warehouse.execute("delete from marts.weekly_metric")
        warehouse.execute("delete from marts.weekly_topic")
        warehouse.execute("update marts.document set is_spam = true")
    publish_snapshot.fn(settings)
    output, _ = reader.communicate("go on\n", timeout=60)
    assert output == "5\n"
    assert rows(settings, "select count(*) as n from marts.document") == [{"n": 4}]


def test_a_snapshot_that_fails_its_tests_is_not_published(tmp_path):
    settings = project(tmp_path, documents=5)
    publish_snapshot.fn(settings)
    before = settings.snapshot_path.read_bytes()
    with Warehouse(settings.warehouse_path) as warehouse:
        warehouse.execute("update marts.document set language = 'fr'")
    with pytest.raises(QualityGateError, match="known_values"):
        publish_snapshot.fn(settings)
    assert settings.snapshot_path.read_bytes() == before
    assert sorted(path.name for path in settings.snapshot_path.parent.iterdir()) == ["market.duckdb", "parquet"]


def test_a_snapshot_that_lost_rows_is_not_published(tmp_path):
    settings = project(tmp_path, documents=5)
    path = tmp_path / "built.duckdb"
    with Warehouse(settings.warehouse_path) as warehouse:
        counts = snapshot.build_snapshot(warehouse, path)
    with pytest.raises(QualityGateError, match=r"marts\.document"):
        snapshot.verify_snapshot(path, {**counts, "marts.document": 6})


def test_leftovers_of_dead_runs_are_removed(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", "pass"])
    dead.wait()
    left = [tmp_path / f".market.duckdb.{dead.pid}.tmp", tmp_path / f".market.duckdb.{dead.pid}.tmp.wal"]
    for path in left:
        path.touch()
    folder = tmp_path / f".parquet.{dead.pid}.tmp"
    folder.mkdir()
    (folder / "marts.topic.parquet").touch()
    kept = [tmp_path / f".market.duckdb.{os.getppid()}.tmp", tmp_path / "market.duckdb", tmp_path / ".other.1.tmp"]
    for path in kept:
        path.touch()
    assert snapshot.remove_leftovers(tmp_path) == 3
    assert set(tmp_path.iterdir()) == set(kept)


@pytest.mark.parametrize("step", ["build_snapshot", "swap_in_parquet", "swap_in"])
def test_a_kill_leaves_the_old_snapshot_and_the_next_publish_mends_all(tmp_path, step):
    settings = project(tmp_path, documents=5)
    publish_snapshot.fn(settings)
    before = snapshot.table_hashes(settings.snapshot_path)
    with Warehouse(settings.warehouse_path) as warehouse:
        warehouse.execute("update marts.document set rating = 2.5 where document_id = 'd0002'")
    killed = subprocess.run(
        [
            sys.executable, "-c",
            textwrap.dedent("""
                import os, signal, sys
                from tasks.config import load_settings
                from tasks.publish import publish_snapshot
                from tasks.store import snapshot
                def kill(*_): os.kill(os.getpid(), signal.SIGKILL)
                step = getattr(snapshot, sys.argv[2])
                setattr(snapshot, sys.argv[2], lambda *a: kill() if sys.argv[2] == "swap_in" else (step(*a), kill()))
                publish_snapshot.fn(load_settings(sys.argv[1]))
            """),
            str(settings.config_path), step,
        ],
        cwd=PROGRAM_ROOT, check=False, capture_output=True,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert snapshot.table_hashes(settings.snapshot_path) == before
    publish_snapshot.fn(settings)
    assert snapshot.table_hashes(settings.snapshot_path) == snapshot.table_hashes(settings.warehouse_path) != before
    assert sorted(path.name for path in settings.snapshot_path.parent.iterdir()) == ["market.duckdb", "parquet"]


def test_publish_says_where(tmp_path, monkeypatch):
    settings = project(tmp_path, documents=3)
    monkeypatch.setattr(stage, "publish_snapshot", publish_snapshot.fn)
    summary = publish(settings, "run-1", NullProgress())
    assert summary.path == settings.snapshot_path
    assert summary.size == settings.snapshot_path.stat().st_size
    assert summary.row_counts["marts.document"] == 3
