"""One raw record in, one `Record` or `Rejected` out; and what makes two records the same document.

A source's reader hands over fields under their own names; a `FieldMap` says which of them holds what. Whatever can't
be used is rejected with a reason and its first bytes, never dropped. Dates, ratings, brands and links are read here;
repair, language and redaction come later (prepare).

Identity: `document_id` is a hash of source and record id, or, where there is no trustworthy id, of source, author,
published_at, brand, title and text. `content_hash` covers everything that a version of a document says, so that an
edited rating or a mended mapping is a new version.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tasks.core.contracts import Record, Rejected
from tasks.core.dates import BadDate, DateReader

MAX_TEXT_BYTES = 1_000_000
MAX_RAW_BYTES = 8_192
UNTRUSTED_ID_SHARE = 0.01

_MAX_SHORT_CHARS = 200
_MAX_URL_CHARS = 2_048
_MAX_RATING = 999.999
_MISSING = frozenset({"nan", "none", "null", "<na>", "\\n", "n/a"})
_SURROGATES = re.compile("[\ud800-\udfff]")
_RATING = re.compile(
    r"^(?:rated\s+)?(-?\d{1,6}(?:[.,]\d{1,6})?)\s*(?:(?:/|out\s+of|of)\s*\d{1,4}(?:[.,]\d+)?)?\s*(?:stars?|points?|颗?星|分)?$",
    re.IGNORECASE,
)
_STARS = re.compile(r"^([★⭐✭✮]+)[\ufe0f]?([☆✩✰]*)$")
_CHINESE_STARS = re.compile(r"^([一二三四五])颗?星$")


@dataclass(frozen=True, slots=True)
class FieldMap:
    """Which field of a raw record holds what (ours = theirs), and what stands in for fields.

    columns: our name to their names; only text may have several, joined by a blank line.
    constants: our name to a value that holds for every record.
    brand_values: their brand to ours.
    brand_names: configured names and aliases to the configured name; compared without case and width.
    """

    source: str
    columns: Mapping[str, tuple[str, ...]]
    constants: Mapping[str, str]
    brand_values: Mapping[str, str] = field(default_factory=dict)
    brand_names: Mapping[str, str] = field(default_factory=dict)
    salt: bytes = b""

    def theirs(self, ours: str) -> tuple[str, ...]:
        """Their names of a field; empty where it is not mapped to a column."""
        return self.columns.get(ours, ())

    @property
    def named_columns(self) -> list[str]:
        """Every column that the mapping names, each once."""
        return list(dict.fromkeys(name for names in self.columns.values() for name in names))


class RecordMapper:
    """Maps raw records of one batch by one FieldMap."""

    def __init__(self, field_map: FieldMap, *, dates: DateReader) -> None:
        self._map = field_map
        self._dates = dates
        self._text_columns = field_map.theirs("text")
        self._single = {ours: names[0] for ours, names in field_map.columns.items() if ours != "text" and names}
        self._brand_values = {_fold(theirs): ours for theirs, ours in field_map.brand_values.items()}
        self._brand_names = {_fold(alias): name for alias, name in field_map.brand_names.items()}
        self._brands: dict[str, str | None] = {}

    def map(self, record_number: int, fields: Mapping[str, Any], raw: bytes) -> Record | Rejected:
        """One raw record as ours.

        Args:
            raw: the record as it came; a rejected record keeps the first 8 KiB.
        """
        title = self._text_of(fields, "title", is_na_missing=True)
        body = "\n\n".join(part for name in self._text_columns if (part := clean(fields.get(name)).strip()))
        text = body or title
        if not text:
            return rejected(record_number, "no_text", "neither text nor title holds anything", raw)
        size = len(text) + len(title or "")
        if size > MAX_TEXT_BYTES // 4 and len((text + (title or "")).encode("utf-8")) > MAX_TEXT_BYTES:
            return rejected(record_number, "too_large", f"the text is over {MAX_TEXT_BYTES:,} bytes", raw)
        date = self._dates.read(self._value(fields, "published_at"))
        if isinstance(date, BadDate):
            return rejected(record_number, date.reason_code, date.reason, raw)
        author = self._text_of(fields, "author", is_na_missing=True)
        return Record(
            record_number=record_number,
            text=_valid(text),
            published_at=date.at,
            is_date_only=date.is_date_only,
            source_record_id=self._text_of(fields, "id", is_na_missing=True),
            title=_valid(title) if title else None,
            url=http_url(self._value(fields, "url")),
            rating=parse_rating(self._value(fields, "rating")),
            brand=self._brand(self._value(fields, "brand")),
            segment=self._text_of(fields, "segment", limit=_MAX_SHORT_CHARS),
            language_hint=self._text_of(fields, "language", is_na_missing=True, limit=35),
            author_hash=author_hash(author, salt=self._map.salt) if author else None,
        )

    def author_of(self, fields: Mapping[str, Any]) -> str | None:
        """The author in clear: for masking and identity only, never to be stored."""
        return self._text_of(fields, "author", is_na_missing=True)

    def _value(self, fields: Mapping[str, Any], ours: str) -> Any:
        constant = self._map.constants.get(ours)
        return constant if constant is not None else fields.get(self._single.get(ours, ""))

    def _text_of(
        self, fields: Mapping[str, Any], ours: str, *, is_na_missing: bool = False, limit: int | None = None
    ) -> str | None:
        text = _valid(clean(self._value(fields, ours))).strip()
        if text.casefold() in _MISSING or (is_na_missing and text == "NA"):
            return None
        return text[:limit] or None

    def _brand(self, value: Any) -> str | None:
        written = _valid(clean(value)).strip()[:_MAX_SHORT_CHARS]
        if written not in self._brands:
            mapped = self._brand_values.get(_fold(written), written)
            is_missing = not mapped or mapped.casefold() in _MISSING
            self._brands[written] = None if is_missing else self._brand_names.get(_fold(mapped), mapped)
        return self._brands[written]


def rejected(record_number: int, reason_code: str, reason: str, raw: bytes) -> Rejected:
    """A rejected record with its first 8 KiB."""
    return Rejected(record_number, reason_code, reason, raw[:MAX_RAW_BYTES])


def clean(value: Any) -> str:
    """A field as text without NUL characters: lists are joined by a blank line; objects and null are empty."""
    if isinstance(value, str):
        return value.replace("\x00", "") if "\x00" in value else value
    if value is None or isinstance(value, Mapping):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and math.isnan(value):
        return ""
    if isinstance(value, Sequence):
        return "\n\n".join(part for item in value if (part := clean(item).strip()))
    return str(value)


def http_url(value: Any) -> str | None:
    """The address, where it is a plausible http or https link; else null."""
    text = clean(value).strip()
    if not text or len(text) > _MAX_URL_CHARS or re.search(r"[\x00-\x20\x7f<>\"'`\\\ud800-\udfff]", text):
        return None
    try:
        parts = urlsplit(text)
        has_host = bool(parts.hostname)
    except ValueError:
        return None
    return text if parts.scheme.lower() in ("http", "https") and has_host else None


def parse_rating(value: Any) -> float | None:
    """A rating as given: 4, "4.0", "4,5", "4/5", "5 stars", "★★★★☆", "五星"; null where it can't be read.

    The numerator stands as it is: 8/10 is 8.
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return float(value) if math.isfinite(value) and abs(value) <= _MAX_RATING else None
    text = " ".join(unicodedata.normalize("NFKC", clean(value)[:60]).split())
    stars = _STARS.match(text)
    if stars:
        return float(len(stars[1]))
    chinese = _CHINESE_STARS.match(text)
    if chinese:
        return float("一二三四五".index(chinese[1]) + 1)
    match = _RATING.match(text)
    if match is None:
        return None
    number = float(match[1].replace(",", "."))
    return number if abs(number) <= _MAX_RATING else None


def author_hash(author: str, *, salt: bytes) -> str:
    """Salted HMAC-SHA256 of an author's name, 32 hex digits: without the salt nobody can test a name against it."""
    return hmac.new(salt, author.strip().encode("utf-8"), hashlib.sha256).hexdigest()[:32]


def author_mark(author: str | None) -> str:
    """Four hex digits that tell two authors of the same words apart.

    Part of the identity of documents without an id. It does not depend on the salt, so that two warehouses give a
    document the same id; and it is too short to test a name against it.
    """
    return hashlib.sha256(author.strip().encode("utf-8")).hexdigest()[:4] if author else ""


def untrusted_ids(records: Iterable[Record]) -> tuple[int, int]:
    """How many ids stand beside different texts, and how many ids there are."""
    first_text: dict[str, int] = {}
    conflicting: set[str] = set()
    for record in records:
        if record.source_record_id is None:
            continue
        digest = hash(record.text)
        if first_text.setdefault(record.source_record_id, digest) != digest:
            conflicting.add(record.source_record_id)
    return len(conflicting), len(first_text)


def is_id_trusted(conflicting: int, distinct: int) -> bool:
    """False where more than 1 % of a file's ids stand beside different texts."""
    return conflicting <= distinct * UNTRUSTED_ID_SHARE


def document_id(source: str, record: Record, *, author: str | None, has_trusted_id: bool) -> str:
    """Identity of a document: 32 hex digits."""
    if has_trusted_id and record.source_record_id is not None:
        return stable_hash("id", source, record.source_record_id)
    return stable_hash(
        "content", source, author_mark(author), record.published_at.isoformat(), record.brand, record.title, record.text
    )


def content_hash(record: Record, *, author: str | None) -> str:
    """Version of a document: 32 hex digits over everything that the record says."""
    return stable_hash(
        record.title, record.text, record.published_at.isoformat(), str(record.is_date_only), record.brand,
        record.segment, record.url, record.language_hint, author_mark(author),
        None if record.rating is None else f"{record.rating:.3f}",
    )  # fmt: skip


def stable_hash(*parts: str | None) -> str:
    """First 32 hex digits of a SHA-256 over parts; each is told apart from its neighbours and from null."""
    digest = hashlib.sha256()
    for part in parts:
        if part is None:
            digest.update(b"-;")
        else:
            encoded = part.encode("utf-8")
            digest.update(b"%d:" % len(encoded))
            digest.update(encoded)
    return digest.hexdigest()[:32]


def _fold(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _valid(text: str) -> str:
    """Text that UTF-8 can hold: a surrogate pair becomes its character, a lone surrogate U+FFFD."""
    if text.isascii() or not _SURROGATES.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
