"""What is a copy, and what is spam: by hand, in English and Chinese, and what must never be called spam."""

from __future__ import annotations

import time
from datetime import date

import pytest

from tasks.core.dedupe import SPAM_REASONS, duplicate_key, spam_reason
from tasks.core.redact import redact

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


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("https://example.com/a?b=c", "link_only"),
        ("www.example.com !!! https://t.co/x", "link_only"),
        ("Earn $500 from home, WhatsApp +1 415 555 2671", "contact_promotion"),
        ("I made $3000 trading, contact my forex account manager on Telegram @best_trader", "contact_promotion"),
        ("He recovered my stolen bitcoin, a real hacker: write to help@example.com", "contact_promotion"),
        ("Part-time job, 2 hours a day! https://t.me/jobs4you", "contact_promotion"),
        ("兼职日结，加微信abc12345", "contact_promotion"),
        ("想要优惠券领取的加V：quan_2020", "contact_promotion"),
        ("内 部 折 扣，请加 QQ 群 12345678", "contact_promotion"),
        ("刷单返利，电话13800138000", "contact_promotion"),
        ("Use my referral code AB12CD and get a discount", "referral_code"),
        ("my invite code: 7XK29Q", "referral_code"),
        ("我的邀请码：A1B2C3", "referral_code"),
    ],
)
def test_spam(text, reason):
    assert spam_reason(redact(text)[0], "review") == reason
    assert reason in SPAM_REASONS


@pytest.mark.parametrize(
    "text",
    [
        "The promo code did not work and nobody answers my calls",
        "My referral code is not working",
        "When I use my referral code it says invalid",
        "I called +1 415 555 2671 and they were rude",
        "Customer service on WhatsApp +234 803 123 4567 never replied",
        "I earn points with every order, love it",
        "They charge $50 per day, see https://example.com/prices",
        "加了客服微信abc12345，一直没人回",
        "用优惠券买的，很划算",
        "客服让我打400-820-8820，打不通",
        "领了500元的优惠券，价格很合适",
        "物流小哥电话13800138000，态度很好",
        "微信支付失败",
        "👍👍👍",
        "!!!",
        "",
        "Look at this: https://example.com/a",
    ],
)
def test_no_spam(text):
    assert spam_reason(redact(text)[0], "review") is None


def test_competitors_may_advertise_and_news_may_report_it():
    text = "Earn $500 from home, WhatsApp [phone]"
    assert spam_reason(text, "competitor") is None
    assert spam_reason(text, "news") is None
    assert spam_reason("https://example.com", "news") == "link_only"
    assert spam_reason("https://example.com", "competitor") is None


@pytest.mark.parametrize(
    "piece",
    ["a", "http://a ", "earn $", "my referral code ", "微信", "recover my ", "[phone] recover a b ", "telegram "],
)
def test_a_hostile_megabyte_takes_seconds(piece):
    started = time.process_time()
    spam_reason(piece * (1_000_000 // len(piece)), "review")
    assert time.process_time() - started < 15
