"""Pages: the article, its metadata and its identity."""

from datetime import datetime

import pytest

from tasks.core.contracts import Rejected
from tasks.store.sources.pages import read_page

NOW = datetime(2026, 11, 22)
PARAGRAPH = "Northwind has cut the price of its smallest machine by thirty euros, and the shops follow at once. "
CHINESE = "北风咖啡今天宣布，小型咖啡机降价三十欧元，各地商店同时跟进，消费者反应热烈。"


def page(body, *, head="", lang="en"):
    return (
        f'<!doctype html><html lang="{lang}"><head><title>Price cut | Shop</title>{head}</head><body>'
        f"<nav><a href=/>Home</a><a href=/b>Basket</a></nav><article><h1>Price cut</h1>{body}</article>"
        "<footer>Imprint and cookies</footer></body></html>"
    )


META = (
    '<link rel="canonical" href="https://shop.example/news/1"><meta name="author" content="Ann Miller">'
    '<meta property="article:published_time" content="2025-07-01T10:00:00+02:00">'
)


def read(html, **changes):
    data = html if isinstance(html, bytes) else html.encode()
    return read_page(data, **({"record_number": 1, "record_path": "a/b.html", "now": NOW} | changes))


def test_an_article_with_its_metadata():
    fields = read(page(f"<p>{PARAGRAPH * 3}</p><p>{PARAGRAPH * 2}</p>", head=META)).fields
    assert PARAGRAPH.strip() in fields["text"]
    assert "Basket" not in fields["text"]
    assert "cookies" not in fields["text"]
    assert (fields["id"], fields["url"]) == ("https://shop.example/news/1", "https://shop.example/news/1")
    assert (fields["published_at"], fields["author"], fields["language"]) == ("2025-07-01", "Ann Miller", "en")
    assert "Price cut" in fields["title"]


def test_a_page_without_an_address_is_known_by_its_place():
    fields = read(page(f"<p>{PARAGRAPH * 4}</p>")).fields
    assert (fields["id"], fields["url"]) == ("a/b.html", None)


def test_a_date_in_the_text_is_no_publication_date():
    fields = read(page(f"<p>In March 2019 it was founded. {PARAGRAPH * 4}</p>")).fields
    assert fields["published_at"] is None


def test_a_fetched_page_has_the_address_and_time_of_its_fetching_where_it_names_none():
    html = page(f"<p>{PARAGRAPH * 4}</p>")
    fields = read(html, url="https://shop.example/price", fetched_at=datetime(2026, 1, 5, 8)).fields
    assert (fields["id"], fields["published_at"]) == ("https://shop.example/price", "2026-01-05T08:00:00Z")
    dated = read(page(f"<p>{PARAGRAPH * 4}</p>", head=META), fetched_at=datetime(2026, 1, 5, 8)).fields
    assert dated["published_at"] == "2025-07-01"


@pytest.mark.parametrize(
    ("declared", "encoding", "content_type"),
    [
        ("gb2312", "gb18030", ""),
        ("gbk", "gb18030", ""),
        ("utf-8", "utf-8", ""),
        (None, "gb18030", ""),
        ("wrong-name", "utf-8", ""),
        (None, "big5", "text/html; charset=Big5"),
        ("utf-8", "gb18030", ""),
    ],
)
def test_chinese_pages_in_the_encoding_they_declare_or_not(declared, encoding, content_type):
    text = (
        "北風咖啡今天宣布，小型咖啡機降價三十歐元，各地商店同時跟進，消費者反應熱烈。"
        if encoding == "big5"
        else CHINESE
    )
    head = f'<meta charset="{declared}">' if declared else ""
    html = page(f"<p>{text * 5}</p>", head=head, lang="zh-CN").encode(encoding)
    fields = read(html, content_type=content_type).fields
    assert text in fields["text"]
    assert fields["language"] == "zh-CN"


@pytest.mark.parametrize(
    "html",
    [
        b"",
        b"   ",
        b"\0\0\0",
        b"<html></html>",
        b"<" * 10_000,
        b"<div>" * 20_000,
        b"plain words",
        bytes(range(256)) * 10,
        b"<html><body><script>alert(1)</script></body></html>",
    ],
)
def test_a_page_without_an_article_is_rejected(html):
    result = read(html)
    assert isinstance(result, Rejected)
    assert result.reason_code == "no_article"


def test_a_page_beyond_all_measure_is_too_large():
    assert read(b"<p>" * 7_000_000).reason_code == "too_large"
