"""Stage prepare on a warehouse of its own: what a row becomes, versions, copies, campaigns, second runs."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import tasks.prepare as stage
from tasks.config import Settings, load_settings
from tasks.core.contracts import NullProgress
from tasks.store.warehouse import Warehouse

MARKET = """
[project]
name = "Coffee"
timezone = "Europe/Berlin"
[[brands]]
name = "Northwind"
role = "own"
[[brands]]
name = "Contoso"
[[sources]]
name = "shop"
kind = "review"
format = "csv"
path = "x.csv"
columns = { text = "t", published_at = "d" }
"""
MONDAY = datetime(2025, 7, 7, 12)
DOCUMENTS = """
select documents.*, duplicate_group_id, is_canonical, duplicates.spam_reason as campaign_reason
from staging.document as documents inner join staging.duplicate as duplicates using (document_id)
"""
LONG = "The pump broke after two weeks and nobody in the service answers, so I want my money back as soon as possible."


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    (tmp_path / "market.toml").write_text(MARKET, encoding="utf-8")
    for name in ("pending_ranges", "prepare_chunk", "group_copies"):
        monkeypatch.setattr(stage, name, getattr(stage, name).fn)
    return load_settings(tmp_path / "market.toml")


def raw(name: str, text: str, **changes: Any) -> dict[str, Any]:
    row = {
        "document_id": hashlib.sha256(name.encode()).hexdigest()[:32],
        "content_hash": hashlib.sha256(text.encode()).hexdigest()[:32],
        "source": "shop",
        "kind": "review",
        "source_record_id": name,
        "title": None,
        "text": text,
        "url": None,
        "published_at": MONDAY,
        "is_date_only": False,
        "rating": 4,
        "brand": "Northwind",
        "segment": None,
        "language_hint": None,
        "author_hash": f"author of {name}",
        "batch_id": "b1",
        "batch_sequence": 1,
        "record_number": 1,
    }
    return row | changes


def load(settings: Settings, *rows: dict[str, Any]) -> None:
    with Warehouse(settings.warehouse_path) as warehouse:
        warehouse.insert("raw.document", list(rows))


def run(settings: Settings) -> stage.PrepareSummary:
    return stage.prepare(settings, "run-1", NullProgress())


def rows(settings: Settings, sql: str) -> list[dict[str, Any]]:
    with Warehouse(settings.warehouse_path) as warehouse:
        return warehouse.rows(sql)


def document(settings: Settings, name: str) -> dict[str, Any]:
    found = [row for row in rows(settings, DOCUMENTS) if row["document_id"] == raw(name, "")["document_id"]]
    assert len(found) == 1
    return found[0]


def test_a_row_is_repaired_redacted_and_told_its_language(settings):
    load(
        settings,
        raw("en", "It doesnâ€™t work.<br>Mail me: jo@example.com", title="Broken &amp; loud"),
        raw("zh", "物流太慢了，电话13800138000没人接"),
        raw("de", "Die Maschine ist nach zwei Wochen kaputt gegangen."),
        raw("plain", "Works great, I like it."),
    )
    summary = run(settings)
    assert (summary.prepared, summary.repaired, summary.redacted) == (4, 1, 2)
    assert summary.languages == {"en": 2, "other": 1, "zh": 1}

    english = document(settings, "en")
    assert english["title"] == "Broken & loud"
    assert english["text"] == "Broken & loud\n\nIt doesn’t work.\nMail me: [email]"
    assert english["text_hash"] == hashlib.sha256(english["text"].encode()).hexdigest()
    assert (english["language"], english["redaction_count"], english["is_repaired"]) == ("en", 1, True)
    assert document(settings, "zh")["text"] == "物流太慢了，电话[phone]没人接"
    assert document(settings, "zh")["language"] == "zh"
    assert document(settings, "de")["language"] == "other"
    plain = document(settings, "plain")
    assert (plain["text"], plain["is_repaired"], float(plain["rating"])) == ("Works great, I like it.", False, 4.0)


def test_configuration_becomes_tables(settings):
    run(settings)
    assert rows(settings, "select * from staging.project") == [
        {"name": "Coffee", "timezone": "Europe/Berlin", "own_brand": "Northwind"}
    ]
    assert rows(settings, "select brand, role, position from staging.brand order by position") == [
        {"brand": "Northwind", "role": "own", "position": 1},
        {"brand": "Contoso", "role": "competitor", "position": 2},
    ]
    assert rows(settings, "select * from staging.source") == [
        {"source": "shop", "kind": "review", "is_required": False}
    ]


def test_a_second_run_does_nothing_and_a_new_version_replaces_the_old_row(settings):
    load(settings, raw("a", "The first text."), raw("b", "Another text."))
    assert run(settings).prepared == 2
    assert run(settings).prepared == 0
    load(settings, raw("a", "The second text.", batch_sequence=2))
    summary = run(settings)
    assert (summary.prepared, summary.replaced) == (1, 1)
    assert document(settings, "a")["text"] == "The second text."
    assert len(rows(settings, "select * from staging.document")) == 2


def test_the_version_that_a_later_batch_brought_back_is_the_newest(settings):
    load(settings, raw("a", "Back again.", batch_sequence=3), raw("a", "In between.", batch_sequence=2))
    run(settings)
    assert document(settings, "a")["text"] == "Back again."


def test_changed_rules_prepare_everything_again(settings, monkeypatch):
    load(settings, raw("a", "A text."), raw("b", "Another text."))
    run(settings)
    monkeypatch.setattr(stage, "prepare_version", lambda: "other")
    assert run(settings).replaced == 2
    assert len(rows(settings, "select * from staging.document")) == 2


def test_chunks_cover_everything_once_and_a_broken_chunk_leaves_whole_ones(settings, monkeypatch):
    monkeypatch.setattr(stage, "CHUNK_ROWS", 3)
    load(settings, *(raw(str(i), f"Text number {i} of ten.") for i in range(10)))
    chunk = stage.prepare_chunk
    calls: list[str] = []

    def breaks_at_the_third(given: Settings, first_id: str, last_id: str) -> dict[str, int]:
        calls.append(first_id)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return chunk(given, first_id, last_id)

    monkeypatch.setattr(stage, "prepare_chunk", breaks_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        run(settings)
    assert len(rows(settings, "select * from staging.document")) == 6
    monkeypatch.setattr(stage, "prepare_chunk", chunk)
    assert run(settings).prepared == 4
    assert len(rows(settings, "select distinct document_id from staging.document")) == 10


def test_the_earliest_copy_is_canonical(settings):
    load(
        settings,
        raw("late", LONG.upper(), published_at=MONDAY + timedelta(days=3)),
        raw("early", LONG, published_at=MONDAY),
        raw("other", LONG + " Really.", published_at=MONDAY),
        raw("short 1", "good"),
        raw("short 2", "good"),
    )
    assert run(settings).copies == 1
    late, early = document(settings, "late"), document(settings, "early")
    assert late["duplicate_group_id"] == early["duplicate_group_id"]
    assert (early["is_canonical"], late["is_canonical"]) == (True, False)
    assert late["campaign_reason"] is None
    assert document(settings, "short 1")["is_canonical"]
    assert document(settings, "short 2")["is_canonical"]

    load(settings, raw("earliest", LONG, published_at=MONDAY - timedelta(days=1)))
    run(settings)
    assert document(settings, "earliest")["is_canonical"]
    assert not document(settings, "early")["is_canonical"]


def test_copies_of_news_are_one_group_and_no_copies_of_reviews(settings):
    load(settings, raw("n1", LONG, kind="news"), raw("n2", LONG, kind="news", brand="Contoso"), raw("r", LONG))
    run(settings)
    assert document(settings, "n1")["duplicate_group_id"] == document(settings, "n2")["duplicate_group_id"]
    assert document(settings, "r")["duplicate_group_id"] != document(settings, "n1")["duplicate_group_id"]
    assert document(settings, "r")["is_canonical"]


AGENCY = (
    "LEIPZIG - The maker of coffee machines opens a second plant on the edge of the city next spring. About two "
    "hundred people will work there, the company said on Monday. The works council welcomed the plan."
)
AGENCY_ZH = (
    "莱比锡消息：咖啡机制造商将于明年春天在城郊开设第二家工厂，公司周一表示，届时约有两百人在那里工作。"
    "工会对这一计划表示欢迎，市政府也希望能够带来更多的就业机会和税收。"
)


@pytest.mark.parametrize(
    ("text", "change"),
    [(AGENCY, ("LEIPZIG - ", "LEIPZIG (Trade Wire) - ")), (AGENCY_ZH, ("莱比锡消息：", "本报莱比锡讯 "))],
)
def test_near_copies_join_in_any_order_of_arrival_and_are_compared_once(settings, text, change):
    own_words = raw("own words", text.replace(text[10:], text[10:][::-1]), kind="news")
    first = raw("first", text, kind="news", published_at=MONDAY)
    second = raw("second", text.replace(*change), kind="news", source="other", published_at=MONDAY + timedelta(days=2))
    load(settings, second, own_words)
    assert run(settings).copies == 0
    load(settings, first)
    assert run(settings).copies == 1
    assert document(settings, "first")["is_canonical"]
    assert not document(settings, "second")["is_canonical"]
    assert document(settings, "own words")["is_canonical"]
    assert document(settings, "first")["duplicate_group_id"] == document(settings, "second")["duplicate_group_id"]
    compared = rows(settings, "select * from staging.near_copy")
    run(settings)
    assert rows(settings, "select * from staging.near_copy") == compared
    assert sum(row["is_copy"] for row in compared) == 1


@pytest.mark.parametrize(
    "text", [LONG, "水泵用了两个星期就坏了，打客服电话也没有人理我，真的非常失望，以后再也不会买这个牌子的咖啡机了。"]
)
def test_one_long_review_under_three_brands_or_five_authors_is_a_campaign(settings, text):
    load(settings, *(raw(f"brand {brand}", text, brand=brand) for brand in ("A", "B", "C")))
    run(settings)
    assert document(settings, "brand A")["campaign_reason"] == "copied_across_brands"
    assert document(settings, "brand C")["campaign_reason"] == "copied_across_brands"


def test_four_authors_or_a_common_phrase_are_no_campaign(settings):
    phrase = "Works great, fast delivery, would buy again."
    load(
        settings,
        *(raw(f"long {i}", LONG) for i in range(4)),
        *(raw(f"phrase {i}", phrase, brand="ABCDEFG"[i]) for i in range(7)),
        *(raw(f"news {i}", LONG, kind="news", brand="ABCDEFG"[i]) for i in range(7)),
    )
    run(settings)
    assert rows(settings, "select * from staging.duplicate where spam_reason is not null") == []
    load(settings, raw("long 4", LONG))
    run(settings)
    assert len(rows(settings, "select * from staging.duplicate where spam_reason is not null")) == 5


def test_a_source_in_another_language_is_named(settings):
    load(settings, *(raw(str(i), f"Die Maschine Nummer {i} ist leider kaputt gegangen.") for i in range(30)))
    assert len(run(settings).warnings) == 1
    assert "source shop: 30 of 30 documents" in run(settings).warnings[0]


def test_no_documents_at_all(settings):
    summary = run(settings)
    assert (summary.prepared, summary.copies, summary.languages, summary.warnings) == (0, 0, {}, ())
