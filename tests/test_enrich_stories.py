"""Stories in the warehouse: told once or week by week alike, late articles included, in both languages."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

import tasks.enrich_stories as stage
from tasks.build import DOCUMENT_MARTS
from tasks.config import Settings, load_settings
from tasks.core.contracts import ModelVersion
from tasks.store.model_registry import make_current
from tasks.store.warehouse import Warehouse

ENCODER = ModelVersion("embedding", "en", "planted", "1", "exact", "Apache-2.0", "0" * 64)
MONDAY = datetime(2026, 1, 5, 9)
MARKET = """
[project]
name = "Coffee"
timezone = "Europe/Berlin"
[[brands]]
name = "Northwind"
role = "own"
[[sources]]
name = "press"
kind = "news"
format = "csv"
path = "press.csv"
columns = { text = "text", published_at = "date" }
"""


@pytest.fixture
def settings(tmp_path, monkeypatch) -> Settings:
    monkeypatch.setattr(stage, "tell_stories", stage.tell_stories.fn)

    class Bundle:
        def versions(self, language: str) -> list[ModelVersion]:
            return [ENCODER]

    monkeypatch.setattr(stage, "load_bundle", lambda _: Bundle())
    (tmp_path / "market.toml").write_text(MARKET, encoding="utf-8")
    settings = load_settings(tmp_path / "market.toml")
    with Warehouse(settings.warehouse_path) as warehouse:
        warehouse.replace(
            "staging.project", [{"name": "Coffee", "timezone": "Europe/Berlin", "own_brand": "Northwind"}]
        )
        warehouse.replace("staging.brand", [{"brand": "Northwind", "role": "own", "position": 1}])
        with warehouse.transaction():
            make_current(warehouse, [ENCODER])
    return settings


def article(name: str, headline: str, *, day: float = 0, event: int = 0, language: str = "en", **changes: Any) -> dict:
    """A staging row, and the event that its planted vector says it is of."""
    text = f"{headline}\n\nBody of {name}."
    return {
        "document_id": name,
        "content_hash": name,
        "prepare_version": "1",
        "source": "press",
        "kind": "news",
        "language": language,
        "title": headline,
        "text": text,
        "text_hash": hashlib.sha256(text.encode()).hexdigest(),
        "url": f"https://{name[0]}.example/x",
        "published_at": MONDAY + timedelta(days=day),
        "is_date_only": False,
        "redaction_count": 0,
        "is_repaired": False,
        "duplicate_key": name,
        "event": event,
        **changes,
    }


def add(settings: Settings, *articles: dict) -> None:
    rows = [{name: value for name, value in row.items() if name != "event"} for row in articles]
    with Warehouse(settings.warehouse_path) as warehouse:
        warehouse.insert("staging.document", rows)
        warehouse.insert(
            "staging.duplicate",
            [
                {
                    "document_id": row["document_id"],
                    "duplicate_group_id": row["duplicate_key"],
                    "is_canonical": row["duplicate_key"] == row["document_id"],
                }
                for row in rows
            ],
        )
        vectors = [
            {
                "document_id": row["document_id"],
                "model_version_id": ENCODER.model_version_id,
                "vector": vector(row["document_id"], row["event"]),
                "token_count": 9,
                "coverage": 1,
            }
            for row in articles
            if row["language"] == "en"
        ]
        warehouse.insert("enriched.embedding", vectors)


def vector(name: str, event: int) -> list[float]:
    """A unit vector of 64 numbers near the event's direction."""
    noise = np.random.default_rng(int.from_bytes(name.encode()[:6].ljust(6), "big")).normal(size=64) * 0.05
    noise[event] += 1
    return (noise / np.linalg.norm(noise)).astype(np.float32).tolist()


def stories(settings: Settings) -> dict[str, tuple[str, Any]]:
    with Warehouse(settings.warehouse_path) as warehouse:
        rows = warehouse.rows("select * from enriched.story order by document_id")
    assert len({row["document_id"] for row in rows}) == len(rows)
    return {row["document_id"]: (row["story_id"], row["similarity"]) for row in rows}


def feed() -> list[dict]:
    """Five weeks of four events a week, three articles each, and one event that goes on for three weeks."""
    words = ("recall brakes", "strike pilots", "merger banks", "flood valley")
    rows = [
        article(f"{week}-{event}-{copy}", f"{words[event]} {week}", day=7 * week + copy, event=5 * week % 20 + event)
        for week in range(5)
        for event in range(4)
        for copy in range(3)
    ]
    return rows + [article(f"long-{day}", "endless trial", day=day, event=40) for day in range(0, 21, 3)]


def test_once_or_week_by_week_or_with_late_articles_the_stories_are_the_same(settings, tmp_path, monkeypatch):
    rows = feed()
    add(settings, *rows)
    summary = stage.tell_stories(settings, "en")
    at_once = stories(settings)
    assert (summary.articles, summary.stories) == (len(rows), 21)
    assert len({story for name, (story, _) in at_once.items() if name.startswith("long")}) == 1
    assert stage.tell_stories(settings, "en").articles == 0

    with Warehouse(settings.warehouse_path) as warehouse:
        for table in ("staging.document", "staging.duplicate", "enriched.embedding", "enriched.story"):
            warehouse.execute(f"delete from {table}")
        warehouse.execute("delete from enriched.progress")
    late = [row for row in rows if row["document_id"] in ("1-2-0", "long-9")]
    for week in range(5):
        monday = MONDAY + timedelta(days=7 * week - 1)
        of_week = [
            row for row in rows if monday <= row["published_at"] < monday + timedelta(days=7) and row not in late
        ]
        add(settings, *of_week)
        assert stage.tell_stories(settings, "en").articles == len(of_week)
    add(settings, *late)
    stage.tell_stories(settings, "en")
    assert stories(settings) == at_once


def test_chinese_headlines_of_one_event_are_one_story_and_other_companies_have_their_own(settings):
    add(
        settings,
        article(
            "a", "云骑召回四万辆电动自行车，刹车存隐患", language="zh", text="云骑召回四万辆电动自行车，刹车存隐患"
        ),
        article("b", "因刹车隐患，云骑召回四万辆电动车", language="zh", text="因刹车隐患，云骑召回四万辆电动车", day=1),
        article("c", "永安银行因反洗钱不力被罚款六千万元", language="zh", text="永安银行因反洗钱不力被罚款六千万元"),
    )
    stage.tell_stories(settings, "zh")
    found = stories(settings)
    assert found["a"][0] == found["b"][0] != found["c"][0]
    assert found["a"][1] is None
    assert 0 < found["b"][1] <= 1


def test_a_changed_text_is_told_again_and_marts_count_articles_texts_and_publishers(settings):
    add(
        settings,
        article("a1", "Northwind recalls machines", event=1),
        article("b1", "Northwind recalls machines", event=1, duplicate_key="a1"),
        article("c1", "Machines called back by Northwind", event=1, day=1),
        article("d1", "Floods in the valley", event=2),
        article("x1", "Rückruf bei Northwind", language="other", duplicate_key="x1"),
        article("y1", "Rückruf bei Northwind", language="other", duplicate_key="x1"),
    )
    stage.tell_stories(settings, "en")
    with Warehouse(settings.warehouse_path) as warehouse:
        for table in DOCUMENT_MARTS:
            warehouse.rebuild(table)
        rows = warehouse.rows("select * from marts.story order by article_count desc, story_id")
        of_documents = warehouse.rows("select document_id, story_id from marts.document order by document_id")
    assert [(row["article_count"], row["text_count"], row["source_count"]) for row in rows] == [
        (3, 2, 3),
        (2, 1, 2),
        (1, 1, 1),
    ]
    assert (rows[0]["document_id"], rows[0]["headline"]) == ("a1", "Northwind recalls machines")
    assert (str(rows[0]["first_date"]), str(rows[0]["last_date"])) == ("2026-01-05", "2026-01-06")
    story_of = {row["document_id"]: row["story_id"] for row in of_documents}
    assert story_of["x1"] == story_of["y1"] not in (None, story_of["a1"])

    with Warehouse(settings.warehouse_path) as warehouse:
        warehouse.execute("delete from enriched.progress where document_id = 'c1'")
        warehouse.execute("update enriched.embedding set vector = ? where document_id = 'c1'", [vector("c1", 7)])
        warehouse.execute("update staging.document set title = 'Quite another thing' where document_id = 'c1'")
    before = stories(settings)
    assert stage.tell_stories(settings, "en").articles == 1
    after = stories(settings)
    assert after["a1"] == before["a1"]
    assert after["c1"][0] != before["c1"][0]
