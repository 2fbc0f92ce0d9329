"""The warehouse file: an older program's warehouse opens with its rows and gets the columns declared since."""

import pytest

from tasks.store.warehouse import Warehouse, connect


@pytest.fixture
def old_warehouse(tmp_path):
    """A warehouse as a program would have left it that knew neither missing days nor topics that replace others."""
    path = tmp_path / "warehouse.duckdb"
    with Warehouse(path) as warehouse:
        warehouse.execute(
            "insert into ops.source_health by name select '2026-W01' as iso_week, date '2025-12-29' as week_start,"
            " 'shop' as source, 'review' as kind, 7 as received_count, 0 as duplicate_count, 0 as rejected_count,"
            " 'ok' as status"
        )
        warehouse.execute("alter table ops.source_health drop column missing_days")
        warehouse.execute("alter table marts.topic drop column replaced_by")
        warehouse.execute("update main.schema_fingerprint set fingerprint = 'of an older program'")
    return path


def test_an_older_warehouse_gets_its_missing_columns_and_keeps_its_rows(old_warehouse):
    with Warehouse(old_warehouse) as warehouse:
        rows = warehouse.rows("select source, received_count, missing_days from ops.source_health")
        assert rows == [{"source": "shop", "received_count": 7, "missing_days": None}]
        comment = warehouse.scalar(
            "select comment from duckdb_columns() where table_name = 'topic' and schema_name = 'marts'"
            " and column_name = 'replaced_by'"
        )
        assert comment


def test_columns_are_added_once(old_warehouse):
    with Warehouse(old_warehouse) as warehouse:
        before = warehouse.rows("select table_name, column_name from duckdb_columns() order by all")
    with Warehouse(old_warehouse) as warehouse:
        assert warehouse.rows("select table_name, column_name from duckdb_columns() order by all") == before


def test_a_new_warehouse_has_every_declared_table(tmp_path):
    with Warehouse(tmp_path / "new.duckdb") as warehouse:
        schemas = {row["schema_name"] for row in warehouse.rows("select distinct schema_name from duckdb_tables()")}
    assert {"ops", "raw", "staging", "enriched", "marts"} <= schemas


def test_a_file_that_is_no_warehouse_is_told(tmp_path):
    from tasks.errors import MarketBriefError

    path = tmp_path / "warehouse.duckdb"
    path.write_text("not a database, though it is long enough to be looked at" * 10)
    with pytest.raises(MarketBriefError, match="Can't open"):
        connect(path)
