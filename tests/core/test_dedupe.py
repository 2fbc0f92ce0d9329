"""What is a copy of what, in English and Chinese."""

from __future__ import annotations

import random
import time
from datetime import date

import pytest

from tasks.core.dedupe import duplicate_key, joined_groups, near_bands, near_overlap

LONG = "The pump broke after two weeks and nobody answers."
LONG_ZH = "水泵用了两个星期就坏了，打了好几次电话客服都不理人。"
MIDDLE = "I would never buy from them again"
MIDDLE_ZH = "质量不错，版型好看，穿上很舒服"
REVIEW = (
    "I bought this machine in spring and it made good coffee for about two months. Then the pump began to rattle, "
    "water ran out below the tank, and the shop sent me from one hotline to the next for weeks."
)
REVIEW_ZH = (
    "春天买的这台咖啡机，头两个月出品一直不错，后来水泵开始响，水箱下面漏水，店家让我一个电话一个电话地打，"
    "前后折腾了好几个星期也没有解决，最后只好自己拿去修。"
)


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


@pytest.mark.parametrize("text", ["good", "好用", "👍👍", "Very good app", "good " * 20, "很好，" * 40])
def test_short_texts_are_copies_only_of_the_same_author_brand_source_and_week(text):
    assert key(text) == key(text, document_id="d2", published_on=date(2025, 7, 6))
    for change in (
        {"author_hash": "a2"},
        {"brand": "Contoso"},
        {"source": "other"},
        {"published_on": date(2025, 7, 7)},
    ):
        assert key(text) != key(text, document_id="d2", **change)


@pytest.mark.parametrize("text", [MIDDLE, MIDDLE_ZH])
def test_texts_of_a_line_are_copies_within_a_brand_and_week_whoever_wrote_them(text):
    assert key(text) == key(text, document_id="d2", author_hash="a2", source="other")
    assert key(text) == key(text, document_id="d2", author_hash=None)
    assert key(text) != key(text, document_id="d2", brand="Contoso")
    assert key(text) != key(text, document_id="d2", published_on=date(2025, 7, 7))


def test_short_texts_without_an_author_are_no_copies():
    assert key("good", author_hash=None) != key("good", document_id="d2", author_hash=None)


def test_different_emoji_are_different_texts():
    assert key("👍") != key("👎", document_id="d2")


@pytest.mark.parametrize(
    ("text", "other"),
    [
        (REVIEW, "Update: " + REVIEW.replace("spring", "autumn")),
        (REVIEW, REVIEW.replace("this machine", "the Northwind One") + " Never again."),
        (REVIEW_ZH, "追评：" + REVIEW_ZH.replace("春天", "秋天")),
        (REVIEW_ZH, REVIEW_ZH.replace("咖啡机", "北风咖啡机") + "再也不买了。"),
    ],
)
def test_a_text_with_a_few_words_changed_is_a_near_copy(text, other):
    assert set(near_bands(text)) & set(near_bands(other))
    assert near_overlap(text, other).jaccard >= 0.7
    assert near_overlap(text, other) == near_overlap(other, text)


@pytest.mark.parametrize(
    ("text", "other"),
    [
        (REVIEW, "I bought this machine in spring and it made good coffee ever since. " + REVIEW[::-1]),
        (
            REVIEW,
            "The pump of my machine began to rattle after two months, water ran out of the tank, and for weeks the "
            "hotline and the shop sent me back and forth. I bought it in spring; the coffee was good at first.",
        ),
        (
            REVIEW_ZH,
            "这台咖啡机是春天入手的，刚开始味道很好，两个月以后水泵就响个不停，水箱底下也漏水，打电话给店家推来推去，"
            "拖了几个星期都没人管，没办法只能自己找人修理。",
        ),
    ],
)
def test_the_same_complaint_in_other_words_is_no_copy(text, other):
    assert near_overlap(text, other) is None


@pytest.mark.parametrize("text", [REVIEW, REVIEW_ZH])
def test_an_agency_text_inside_a_longer_article_is_a_near_copy(text):
    agency = text + " " + text[::-1] + " " + text[::2]
    article = agency + " " + "".join(random.Random(1).sample(agency, len(agency)))
    assert near_overlap(agency, article).containment == 1
    assert near_overlap(text, text + text[::-1] + text[5:60]) is None, "too short for that"


def test_short_texts_have_no_bands():
    assert near_bands(LONG) is None
    assert near_bands("") is None
    assert near_bands("好" * 48) is None
    assert near_bands("很好" * 100) is None
    assert len(near_bands(REVIEW)) == len(near_bands(REVIEW_ZH)) == 20


def test_groups_are_what_pairs_join_in_any_order():
    pairs = [("b", "c"), ("e", "f"), ("a", "b"), ("g", "e")]
    expected = {"a": "a", "b": "a", "c": "a", "e": "e", "f": "e", "g": "e"}
    for seed in range(20):
        shuffled = random.Random(seed).sample(pairs, len(pairs))
        assert joined_groups(shuffled) == expected
        assert joined_groups([pair[::-1] for pair in shuffled]) == expected
    assert joined_groups([]) == {}


def test_a_hostile_text_of_two_megabytes_takes_seconds():
    text = "".join(chr(0x4E00 + i * 7919 % 20000) for i in range(1_000_000)) + "a" * 1_000_000
    started = time.process_time()
    assert near_bands(text) is not None
    assert time.process_time() - started < 15
