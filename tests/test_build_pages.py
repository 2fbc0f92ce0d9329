"""Versions of a competitor's page in the raw tables become changes, redacted and dated."""

from datetime import datetime
from decimal import Decimal

import pytest
from warehouse_builder import CREATED_AT, WarehouseBuilder

from tasks.build import build_documents
from tasks.build_pages import build_page_changes
from tasks.config import Settings
from tasks.store.data_tests import data_tests
from tasks.store.warehouse import Warehouse

OLD = "The Kettle\nIt costs 69 euros. Write to anna.miller@example.com for the free trial of our plan."
NEW = (
    "The Kettle\nIt costs 49 euros. Write to sales@example.com for the free trial of our new plan. "
    "新款水壶：价格由499元调整为399元。"
)


def page(**values: object) -> dict:
    return {
        "document_id": "p1",
        "source": "site",
        "kind": "competitor",
        "brand": "Borealis",
        "text": NEW,
        "title": "The Kettle",
        "url": "https://example.com/kettle",
        "published_at": datetime(2026, 1, 6),
    } | values


@pytest.fixture
def changed(tmp_path) -> Settings:
    """A page of January whose second version arrived in March under the same date, and a site that began before."""
    builder = WarehouseBuilder(tmp_path, sources=[("shop", "review"), ("site", "competitor")])
    builder.add_documents([page(), page(document_id="p0", text="About us", published_at=datetime(2026, 1, 1))])
    warehouse = builder.warehouse
    warehouse.execute("update raw.document set batch_sequence = 2, batch_id = 'late' where document_id = 'p1'")
    (row,) = warehouse.rows("from raw.document where document_id = 'p1'")
    warehouse.insert(
        "raw.document",
        [row | {"text": OLD.split("\n", 1)[1], "content_hash": "old", "batch_sequence": 1, "batch_id": "early"}],
    )
    batch = {
        "run_id": "r",
        "source": "site",
        "uri": "u",
        "content_sha256": "0",
        "mapping_hash": "0",
        "received_count": 1,
        "loaded_count": 1,
        "updated_count": 0,
        "duplicate_count": 0,
        "rejected_count": 0,
        "status": "loaded",
    }
    warehouse.insert(
        "ops.batch",
        [
            batch | {"batch_id": "early", "batch_sequence": 1, "loaded_at": CREATED_AT},
            batch | {"batch_id": "late", "batch_sequence": 2, "loaded_at": datetime(2026, 3, 4, 9)},
        ],
    )
    settings = builder.finish()
    build_documents.fn(settings)
    build_page_changes.fn(settings)
    return settings


def test_versions_become_changes_of_the_week_in_which_they_arrived(changed):
    with Warehouse(changed.warehouse_path) as warehouse:
        rows = warehouse.rows("from marts.page_change where iso_week = '2026-W10' order by start_char")
    assert [(row["change_kind"], row["before_text"], row["after_text"]) for row in rows] == [
        ("price", "It costs 69 euros.", "It costs 49 euros."),
        (
            "plan",
            "Write to [email] for the free trial of our plan.",
            "Write to sales@example.com for the free trial of our new plan.",
        ),
        ("price", None, "新款水壶：价格由499元调整为399元。"),
    ]
    assert (rows[0]["before_amount"], rows[0]["after_amount"], rows[0]["currency"]) == (Decimal(69), Decimal(49), "EUR")
    assert (rows[2]["before_amount"], rows[2]["after_amount"], rows[2]["currency"]) == (
        Decimal(499),
        Decimal(399),
        "CNY",
    )
    assert {row["is_newest"] for row in rows} == {True}


def test_earlier_versions_are_redacted_before_they_are_shown(changed):
    with Warehouse(changed.warehouse_path) as warehouse:
        texts = warehouse.rows(
            "select coalesce(before_text, '') || coalesce(after_text, '') as t from marts.page_change"
        )
    assert not [row for row in texts if "anna.miller" in row["t"]]


def test_the_first_version_keeps_the_page_s_own_date(changed):
    with Warehouse(changed.warehouse_path) as warehouse:
        rows = warehouse.rows(
            "select iso_week, change_kind, is_newest from marts.page_change where iso_week < '2026-W10'"
        )
    assert rows == [{"iso_week": "2026-W02", "change_kind": "new_page", "is_newest": False}]


def test_offsets_are_those_of_the_newest_text(changed):
    (check,) = [test for test in data_tests() if test.name == "offsets"]
    with Warehouse(changed.warehouse_path) as warehouse:
        assert warehouse.rows(check.sql) == []
        warehouse.execute("update marts.page_change set start_char = start_char + 1 where is_newest")
        assert len(warehouse.rows(check.sql)) == 3


def test_building_again_changes_nothing(changed):
    with Warehouse(changed.warehouse_path) as warehouse:
        before = warehouse.rows("from marts.page_change order by change_id")
    build_page_changes.fn(changed)
    with Warehouse(changed.warehouse_path) as warehouse:
        assert warehouse.rows("from marts.page_change order by change_id") == before
