"""What is a copy of what, in English and Chinese."""

from __future__ import annotations

from datetime import date

import pytest

from tasks.core.dedupe import duplicate_key

LONG = "The pump broke after two weeks and nobody answers."
LONG_ZH = "水泵用了两个星期就坏了，客服不理人。"


def key(text: str, **changes: object) -> str:
    fields: dict = {
        "document_id": "d1",
        "text": text,
        "kind": "review",
        "source": "shop",
        "brand": "Northwind",
        "author_hash": "a1",
        "published_on": date(2025, 7, 1),
    }
    return duplicate_key(**(fields | changes))


@pytest.mark.parametrize("text", [LONG, LONG_ZH])
def test_long_texts_are_copies_whoever_wrote_them(text):
    other = {
        "document_id": "d2",
        "source": "other",
        "brand": "Contoso",
        "author_hash": None,
        "published_on": date(2025, 9, 9),
    }
    assert key(text) == key(text.upper() + "!!", **other)
    assert key(text) == key(text.replace(" ", "  "), **other)
    assert key(text) != key(text + " x", **other)
    assert key(text) != key(text, kind="news")


@pytest.mark.parametrize("text", ["good", "好用", "👍👍", "Very good app"])
def test_short_texts_are_copies_only_of_the_same_author_brand_source_and_day(text):
    assert key(text) == key(text, document_id="d2")
    for change in (
        {"author_hash": "a2"},
        {"brand": "Contoso"},
        {"source": "other"},
        {"published_on": date(2025, 7, 2)},
    ):
        assert key(text) != key(text, document_id="d2", **change)


def test_short_texts_without_an_author_are_no_copies():
    assert key("good", author_hash=None) != key("good", document_id="d2", author_hash=None)


def test_different_emoji_are_different_texts():
    assert key("👍") != key("👎", document_id="d2")
