"""Repair of texts, the text that models read, and the key that tells copies."""

from __future__ import annotations

import re
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.core.text import document_text, matching_key, meaning_length, one_line, repair

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("donâ€™t go â€” CafÃ©", "don’t go — Café"),
        ("ä¸\xadæ–‡å¾ˆå¥½", "中文很好"),
        ("锛佷綘濂斤紝鎴戠殑", "！你好，我的"),
        ("don<U+2019>t <U+0001F600> <U+D83D><U+DE00>", "don’t 😀 😀"),
        ("caf<U+00E9>", "café"),
        ("I\\u2019m", "I’m"),
        ("it<e2><80><99>s", "it’s"),
        ("Nice<br/>app", "Nice\napp"),
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("<b>bold</b> <a href='x'>link</a>", "bold link"),
        ("&lt;b&gt;bold&lt;/b&gt; &amp;amp; more&nbsp;text", "bold & more text"),
        ("a<script>alert(1)</script>b<!-- c -->d", "a b d"),
        ("&#34;quoted&#34; &hellip;", '"quoted" …'),
        ("北京\u200b天安门", "北京天安门"),
        ("\ufefftext", "text"),
        ("a\u202eb\x00c\u2066d", "abcd"),
        ("e\u0301te\u0301", "été"),
        ("\ud83d\ude00", "😀"),
        ("a\u200db", "ab"),
        ("x\U000e0069\U000e0067", "x"),
        ("soft\u00adhyphen", "softhyphen"),
    ],
)
def test_repairs(text, expected):
    assert repair(text) == (expected, True)


@pytest.mark.parametrize(
    "text",
    [
        "I <3 this, a < b and c > d",
        "if x<y then",
        "<sigh> fine",
        "<never wear this>",
        "AT&T and R&D; ok",
        "http://a.b/?x=1&lt=5&copy=2",
        "C:\\users\\new",
        "“全角标点”，。！？～",
        "ＡＢＣ１２３",
        "Gödel, naïve façade, Ærø",
        f"{FAMILY} and {ENGLAND} and 👍🏽",
        "می\u200cخواهم",
        "的的确确是中文，第一次涓涓细流",
        "mojibake? no: Ã alone",
    ],
)
def test_leaves_good_text_alone(text):
    assert repair(text) == (text, False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("one\n\n\n \n two", "one\n\ntwo"),
        ("  a \t b\u00a0\u3000c ", "a b c"),
        ("line \n next", "line\nnext"),
    ],
)
def test_tidied_whitespace_is_no_repair(text, expected):
    assert repair(text) == (expected, False)


UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
HOSTILE = st.lists(
    st.one_of(
        st.text(max_size=6),
        st.sampled_from(
            ["<br>", "&amp;", "&lt;", "<U+D83D>", "\\ud83d", "<e2><80>", "<!--", "<script>", "\u202e", "\ufeff"]
        ),
        st.characters(),
    ),
    max_size=20,
).map("".join)


@settings(max_examples=500, deadline=None)
@given(HOSTILE)
def test_repaired_text_is_well_formed_whatever_came(text):
    repaired, is_repaired = repair(text)
    assert unicodedata.is_normalized("NFC", repaired)
    assert not UNSEEN.search(repaired)
    assert repaired == repaired.strip()
    assert "\n\n\n" not in repaired
    assert "  " not in repaired
    repaired.encode("utf-8")
    if not is_repaired:
        assert "".join(repaired.split()) == "".join(text.split())


@pytest.mark.parametrize(
    "piece",
    ["<", "<b ", "<script>", "<!--", "&", "&#1", "<U+", "<0a>", "\u200d", "é", "â€", "鎴", "\n ", "</br\t\t", "<p a='"],
)
def test_a_hostile_megabyte_takes_seconds(piece):
    started = time.process_time()
    repair(piece * (1_000_000 // len(piece)))
    assert time.process_time() - started < 15


@pytest.mark.parametrize(
    ("title", "body", "text"),
    [
        ("Great shoes", "They fit.", "Great shoes\n\nThey fit."),
        (None, "They fit.", "They fit."),
        ("", "They fit.", "They fit."),
        ("Great shoes", "", "Great shoes"),
        ("Great shoes", "Great shoes, they fit.", "Great shoes, they fit."),
        ("Great Shoes!", "great shoes: they fit.", "great shoes: they fit."),
        ("Great shoes but…", "Great shoes but too small.", "Great shoes but too small."),
        ("物流太慢", "物流太慢，等了两周。", "物流太慢，等了两周。"),
        ("物流太慢", "等了两周。", "物流太慢\n\n等了两周。"),
    ],
)
def test_document_text(title, body, text):
    assert document_text(title, body) == text


def test_matching_key_ignores_case_width_spacing_and_punctuation():
    assert matching_key("Hello, WORLD! 2") == matching_key("ｈｅｌｌｏ　world 2。") == "helloworld2"
    assert matching_key("很 好！用") == "很好用"
    assert matching_key("Straße") == matching_key("STRASSE")
    assert matching_key("👍👍 !!!") == ""
    assert matching_key("cafe") != matching_key("café")


def test_meaning_length_counts_han_double():
    assert meaning_length("abcde") == 5
    assert meaning_length("好" * 12) == 25


def test_one_line():
    assert one_line(" a \n\n b ") == "a b"
