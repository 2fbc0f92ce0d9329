"""Stage check: every data test fires on what it is there for, and stays quiet otherwise."""

from datetime import datetime, timedelta

import pytest
from warehouse_builder import WarehouseBuilder

from tasks import check as stage
from tasks.build import build_documents, build_weekly
from tasks.check import check, run_data_tests
from tasks.config import Settings
from tasks.core.contracts import NullProgress
from tasks.errors import QualityGateError
from tasks.store.data_tests import data_tests, raise_failures, run_tests
from tasks.store.warehouse import Warehouse

SECRET = "the secret text"
DOCUMENT = "select * replace ('x' as document_id, 'x' as duplicate_group_id) from marts.document limit 1"
# For each test, SQL that breaks what it guards.
BREAKS = {
    "unique_keys": "insert into marts.document select * from marts.document limit 1",
    "foreign_keys": "update marts.document set topic_id = 'en-unknown' where document_id = 'named'",
    "known_values": "update marts.document set language = 'fr' where document_id = 'named'",
    "value_ranges": "update marts.weekly_metric set hi = 1.2 where metric = 'negative_share' and brand = '*'",
    "intervals_agree": "update marts.weekly_metric set lo = lo - 0.01 where metric = 'positive_share' and brand = '*'",
    "weekly_volume": f"insert into marts.document {DOCUMENT}",
    "weeks": "update marts.document set iso_week = '2026-W03' where document_id = 'named'",
    "offsets": "update marts.mention set start_char = start_char + 1",
    "duplicate_groups": "update marts.document set is_canonical = false where document_id = 'named'",
    "ledger": "update ops.batch set loaded_count = loaded_count - 1",
    "rows_lost": "delete from marts.document where document_id = 'named'",
    "enriched": "update staging.document set text_hash = 'changed' where document_id = 'named'",
    "abstention": "update marts.document set sentiment = null, sentiment_score = null",
    "other_languages": "update marts.document set language = 'other', sentiment = null, sentiment_score = null",
    "source_silent": "update ops.source_health set status = 'silent', expected_count = 5",
    "rejected": "update ops.batch set rejected_count = 30",
    "without_topic": "update marts.document set topic_id = null",
    "future_dates": "update ops.batch set loaded_at = timestamp '2025-01-01'",
    "rating_agreement": (
        "delete from marts.rating_agreement; insert into marts.rating_agreement by name"
        " select date '2026-01-05' + 7 * week::integer as week_start, 'week ' || week as iso_week, 'en' as language,"
        " 60 as rated_count, 50 as n, case when week < 12 then 45 else 30 end as k from range(16) as weeks (week)"
    ),
    "no_documents": "delete from marts.document",
}


def sound(root) -> Settings:
    builder = WarehouseBuilder(root)
    start = datetime(2026, 1, 5)
    builder.add_topics([("en-1", "battery"), ("zh-1", "电池")])
    common = {"brand": "Aurora", "text": SECRET, "sentiment": "negative"}
    builder.add_documents(
        [
            {
                **common,
                "published_at": start + timedelta(hours=number),
                "language": language,
                "topic_id": f"{language}-1",
            }
            for number in range(110)
            for language in ("en", "zh")
        ]
    )
    builder.add_documents(
        [
            {
                "document_id": "named",
                "published_at": start,
                "text": "😀 买了Aurora很好",
                "language": "zh",
                "mentions": [("Aurora", "Aurora", 4, 10)],
            }
        ]
    )
    builder.add_batch(source="shop", loaded=221, rejected=2)
    builder.warehouse.execute("update ops.batch set loaded_at = timestamp '2026-01-12'")
    settings = builder.finish()
    build_documents.fn(settings)
    build_weekly.fn(settings)
    return settings


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    with Warehouse(sound(tmp_path_factory.mktemp("sound")).warehouse_path) as opened:
        yield opened


def test_a_sound_warehouse_passes(warehouse):
    assert [(o.test.name, o.examples) for o in run_tests(warehouse.rows, data_tests()) if o.row_count] == []


def test_every_data_test_has_a_case():
    assert {test.name for test in data_tests()} == set(BREAKS)


@pytest.mark.parametrize("name", BREAKS)
def test_each_data_test_finds_what_it_guards(warehouse, name):
    (test,) = [test for test in data_tests() if test.name == name]
    warehouse.connection.begin()
    try:
        warehouse.execute(BREAKS[name])
        (outcome,) = run_tests(warehouse.rows, [test])
    finally:
        warehouse.connection.rollback()
    assert outcome.row_count >= 1
    assert all(SECRET not in example for example in outcome.examples)


def test_data_tests_say_what_they_are_for():
    for test in data_tests():
        assert test.sentence.endswith("."), test.name
        assert len(test.sentence) > 30, test.name
    assert {test.name for test in data_tests() if test.needs_warehouse} == {"rows_lost", "enriched"}


def test_a_failing_test_refuses_and_names_itself(tmp_path, monkeypatch, caplog):
    settings = sound(tmp_path)
    monkeypatch.setattr(stage, "run_data_tests", run_data_tests.fn)
    assert check(settings, "run-1", NullProgress()).warnings == ()
    with Warehouse(settings.warehouse_path) as broken:
        broken.execute("update marts.mention set surface = 'secret surface'")
    with pytest.raises(QualityGateError, match=r"offsets: 1 row\(s\), such as named 4 10") as caught:
        check(settings, "run-1", NullProgress())
    assert caught.value.exit_code == 5
    assert "secret" not in str(caught.value) + caplog.text


def test_warnings_let_the_run_go_on(tmp_path, monkeypatch):
    settings = sound(tmp_path)
    monkeypatch.setattr(stage, "run_data_tests", run_data_tests.fn)
    with Warehouse(settings.warehouse_path) as quiet:
        quiet.execute("update ops.source_health set status = 'silent', expected_count = 5")
    (warning,) = check(settings, "run-1", NullProgress()).warnings
    assert "shop silent in 2026-W02" in warning


def test_only_tests_marked_fail_refuse(warehouse):
    warnings = [test for test in data_tests() if test.severity == "warn"]
    warehouse.connection.begin()
    try:
        warehouse.execute("delete from marts.document")
        outcomes = run_tests(warehouse.rows, warnings)
    finally:
        warehouse.connection.rollback()
    assert any(outcome.row_count for outcome in outcomes)
    raise_failures(outcomes)
