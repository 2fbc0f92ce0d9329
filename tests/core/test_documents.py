"""One raw record to ours; and what makes two records the same document, or the same version."""

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.contracts import Record, Rejected
from tasks.core.dates import DateReader
from tasks.core.documents import (
    MAX_RAW_BYTES,
    FieldMap,
    RecordMapper,
    author_hash,
    author_mark,
    content_hash,
    document_id,
    http_url,
    is_id_trusted,
    parse_rating,
    stable_hash,
    untrusted_ids,
)

NOW = datetime(2026, 11, 22)
COLUMNS = {
    "id": ("id",),
    "text": ("body",),
    "title": ("head",),
    "published_at": ("at",),
    "rating": ("stars",),
    "brand": ("app",),
    "segment": ("region",),
    "language": ("lang",),
    "url": ("link",),
    "author": ("user",),
}


def mapper(**changes):
    given_map = {"source": "s", "columns": COLUMNS, "constants": {}, "salt": b"pepper"} | changes
    return RecordMapper(FieldMap(**given_map), dates=DateReader(timezone_name="UTC", now=NOW))


def mapped(fields, **changes):
    return mapper(**changes).map(1, {"at": "2026-01-02", "body": "Fine"} | fields, b"raw")


def test_every_field_is_mapped():
    record = mapped(
        {
            "id": 7,
            "head": " Good ",
            "stars": "4/5",
            "app": "x",
            "region": "NA",
            "lang": "en",
            "link": "https://a.io/1",
            "user": "Ann",
        }
    )
    assert record == Record(
        record_number=1,
        text="Fine",
        published_at=datetime(2026, 1, 2),
        is_date_only=True,
        source_record_id="7",
        title="Good",
        url="https://a.io/1",
        rating=4.0,
        brand="x",
        segment="NA",
        language_hint="en",
        author_hash=author_hash("Ann", salt=b"pepper"),
    )


def test_texts_of_several_columns_are_joined_by_a_blank_line_and_empty_ones_skipped():
    columns = COLUMNS | {"text": ("pro", "con", "tip")}
    assert mapped({"pro": "Light", "con": " ", "tip": "轻便"}, columns=columns).text == "Light\n\n轻便"


def test_a_title_alone_is_the_text():
    assert mapped({"body": "", "head": "Only this"}).text == "Only this"


def test_constants_stand_in_for_columns():
    columns = {name: theirs for name, theirs in COLUMNS.items() if name not in ("brand", "published_at")}
    record = mapped({}, columns=columns, constants={"brand": "Nike", "published_at": "2025-07-01"})
    assert (record.brand, record.published_at) == ("Nike", datetime(2025, 7, 1))


@pytest.mark.parametrize(
    ("written", "brand"),
    [
        ("com.nike.app", "Nike"),
        ("COM.NIKE.APP", "Nike"),
        ("nike", "Nike"),
        (" ＮＩＫＥ ", "Nike"),
        ("耐克", "Nike"),
        ("Reebok", "Reebok"),
        ("", None),
        ("null", None),
        (None, None),
    ],
)
def test_brands_are_matched_by_value_name_and_alias_and_else_kept_as_written(written, brand):
    names = {"Nike": "Nike", "耐克": "Nike"}
    assert mapped({"app": written}, brand_values={"com.nike.app": "Nike"}, brand_names=names).brand == brand


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"body": " \n"}, "no_text"),
        ({"body": None}, "no_text"),
        ({"body": {"a": 1}}, "no_text"),
        ({"at": ""}, "no_date"),
        ({"at": "soon"}, "bad_date"),
        ({"at": "1970-01-01"}, "implausible_date"),
        ({"body": "字" * 333_334}, "too_large"),
        ({"body": "x" * 1_000_001}, "too_large"),
    ],
)
def test_what_can_t_be_used_is_rejected_with_a_reason(fields, code):
    assert mapped(fields).reason_code == code


def test_a_text_of_exactly_the_limit_is_kept_whole():
    assert len(mapped({"body": "x" * 1_000_000}).text) == 1_000_000


def test_rejected_bytes_are_bounded():
    rejected = mapper().map(3, {"body": "x", "at": ""}, b"r" * 50_000)
    assert isinstance(rejected, Rejected)
    assert (rejected.record_number, len(rejected.raw_bytes)) == (3, MAX_RAW_BYTES)


def test_hostile_characters_leave_text_that_utf_8_can_hold():
    record = mapped({"body": "a\x00b\ud800c\ud83d\ude00", "id": "\udc00", "head": "\x00", "app": "\ud800"})
    assert record.text == "ab\ufffdc😀"
    assert record.source_record_id == "\ufffd"
    for value in (record.text, record.source_record_id, record.brand):
        value.encode("utf-8")


@pytest.mark.parametrize(
    ("value", "rating"),
    [
        (4, 4.0),
        ("4", 4.0),
        ("4.0", 4.0),
        ("4,5", 4.5),
        ("4/5", 4.0),
        ("8 / 10", 8.0),
        ("5 stars", 5.0),
        ("1 star", 1.0),
        ("4.5 out of 5 stars", 4.5),
        ("Rated 3 out of 5", 3.0),
        ("★★★★☆", 4.0),
        ("⭐⭐⭐", 3.0),
        ("五星", 5.0),
        ("4星", 4.0),
        ("４.５", 4.5),
        ("-1", -1.0),
        ("great", None),
        ("", None),
        (None, None),
        (True, None),
        (float("nan"), None),
        (float("inf"), None),
        ("1e400", None),
        ("9999999", None),
        ("☆☆", None),
        ([5], 5.0),
        ({"v": 5}, None),
    ],
)
def test_ratings(value, rating):
    assert parse_rating(value) == rating


@pytest.mark.parametrize(
    ("value", "is_kept"),
    [
        ("https://example.com/a?b=c#d", True),
        ("HTTP://EXAMPLE.com", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("//example.com", False),
        ("ftp://example.com", False),
        ("https://", False),
        ("http://[::1", False),
        ("not a link", False),
        ('https://a.io/"><script>', False),
        ("https://a.io/" + "x" * 3000, False),
        (None, False),
        (5, False),
    ],
)
def test_only_web_links_are_kept(value, is_kept):
    assert http_url(value) == (value if is_kept else None)


def test_an_author_is_a_salted_hash():
    assert author_hash("Ann", salt=b"a") != author_hash("Ann", salt=b"b")
    assert author_hash(" Ann ", salt=b"a") == author_hash("Ann", salt=b"a")
    assert len(author_hash("Ann", salt=b"a")) == 32
    assert "Ann" not in repr(mapped({"user": "Ann"}))


RECORD = Record(
    record_number=1, text="t", published_at=datetime(2026, 1, 2), source_record_id="1", brand="b", title="h"
)


def identity(record, **changes):
    return document_id(**({"source": "s", "record": record, "author": "Ann", "has_trusted_id": True} | changes))


def test_with_a_trusted_id_only_source_and_id_count():
    assert identity(RECORD) == identity(replace(RECORD, text="other", brand="c", record_number=9), author="Bob")
    assert identity(RECORD) != identity(replace(RECORD, source_record_id="2"))
    assert identity(RECORD) != identity(RECORD, source="s2")


@pytest.mark.parametrize(
    "change", [{"text": "u"}, {"title": None}, {"brand": None}, {"published_at": datetime(2026, 1, 3)}]
)
def test_without_a_trusted_id_the_content_counts(change):
    one = identity(RECORD, has_trusted_id=False)
    assert one != identity(replace(RECORD, **change), has_trusted_id=False)
    assert one == identity(replace(RECORD, rating=5.0, source_record_id="2"), has_trusted_id=False)
    assert one != identity(RECORD, has_trusted_id=False, author="Bob")


def test_a_record_without_an_id_has_its_content_as_identity():
    bare = replace(RECORD, source_record_id=None)
    assert identity(bare) == identity(bare, has_trusted_id=False)


def test_identity_does_not_depend_on_the_salt_and_does_not_give_the_author_away():
    assert author_mark("Ann") == author_mark(" Ann ") != author_mark("Bob")
    assert len(author_mark("Ann")) == 4  # 65,536 marks: thousands of names share each


@pytest.mark.parametrize(
    "change",
    [
        {"text": "u"},
        {"title": None},
        {"rating": 1.0},
        {"brand": "c"},
        {"segment": "x"},
        {"url": "https://a.io"},
        {"published_at": datetime(2026, 1, 3)},
        {"is_date_only": True},
        {"language_hint": "en"},
    ],
)
def test_whatever_changes_is_a_new_version(change):
    assert content_hash(RECORD, author=None) != content_hash(replace(RECORD, **change), author=None)


def test_a_version_is_the_same_wherever_it_stands():
    moved = replace(RECORD, record_number=99, source_record_id=None)
    assert content_hash(RECORD, author=None) == content_hash(moved, author=None)


def records(*pairs):
    return [replace(RECORD, source_record_id=record_id, text=text) for record_id, text in pairs]


def test_an_id_beside_two_texts_is_in_conflict_and_one_repeated_is_not():
    assert untrusted_ids(records(("1", "a"), ("1", "a"), ("2", "b"), ("2", "c"), ("2", "d"), (None, "e"))) == (1, 2)


def test_ids_are_trusted_up_to_one_percent():
    assert is_id_trusted(0, 0)
    assert is_id_trusted(1, 100)
    assert not is_id_trusted(1, 99)


@given(
    st.lists(st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"])))),
    st.lists(st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"])))),
)
def test_hashes_tell_parts_apart(one, other):
    assert (stable_hash(*one) == stable_hash(*other)) == (one == other)


@given(
    st.dictionaries(
        st.sampled_from(["id", "head", "body", "at", "stars", "app", "region", "lang", "link", "user"]),
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.text())),
    )
)
def test_any_fields_give_a_record_or_a_reason(fields):
    result = mapper().map(1, fields, b"")
    assert isinstance(result, Record | Rejected)
    if isinstance(result, Record):
        assert result.text.strip()
        result.text.encode("utf-8")
